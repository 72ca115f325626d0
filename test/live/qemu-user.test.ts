// The reader finds the calls in the strace of qemu's user mode: small programs of machine code for each architecture,
// whose calls are listed here.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { architectures, type Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { calls, codes, observeText } from '../read/logs.ts'

type Emulated = Exclude<Architecture, 'x32'>

const little = (...words: number[]): number[] =>
  words.flatMap((word) => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24])

/** Sets the number's register and calls the kernel. Authority: syscall(2), the manuals of the processors. */
const callOf: Readonly<Record<Emulated, (number: number) => number[]>> = {
  x86_64: (number) => [0xb8, ...little(number), 0x0f, 0x05],
  x86: (number) => [0xb8, ...little(number), 0xcd, 0x80],
  aarch64: (number) => little(0xd2800008 | (number << 5), 0xd4000001),
  arm: (number) => little(0xe3007000 | ((number >> 12) << 16) | (number & 0xfff), 0xef000000),
  riscv64: (number) => little((number << 20) | 0x893, 0x73),
  ppc64le: (number) => little(0x38000000 | number, 0x44000002),
  s390x: (number) => [0xa7, 0x19, number >> 8, number & 255, 0x0a, 0x00],
  loongarch64: (number) => little(0x02c0000b | (number << 10), 0x002b0000),
}
const flags: Readonly<Partial<Record<Emulated, number>>> = { arm: 0x5000000, ppc64le: 2, loongarch64: 0x43 }
const qemuOf: Readonly<Partial<Record<Emulated, string>>> = { x86: 'i386' }

/** An ELF file of one segment that makes these calls; the argument registers hold anything. */
function programOf(architecture: Emulated, names: readonly string[]): Buffer {
  const { addressBits, byteOrder, machine } = architectures[architecture]
  const isWide = addressBits === 64
  const isBig = byteOrder === 'big'
  const bytes: number[] = []
  const word = (value: number, size: number): void => {
    const each = Array.from({ length: size }, (_, at) => Math.floor(value / 2 ** (8 * at)) & 255)
    bytes.push(...(isBig ? each.toReversed() : each))
  }
  const address = (value: number): void => word(value, isWide ? 8 : 4)
  const [base, head] = [0x10000, isWide ? 120 : 84]
  const numbers = names.map((name) => Number(name) || (syscallTable(architecture).byName(name)?.number ?? 0))
  const code = numbers.flatMap(callOf[architecture])
  bytes.push(0x7f, 0x45, 0x4c, 0x46, isWide ? 2 : 1, isBig ? 2 : 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  for (const [value, size] of [[2, 2], [machine, 2], [1, 4]] as const) word(value, size) // prettier-ignore
  address(base + head)
  address(isWide ? 64 : 52)
  address(0)
  word(flags[architecture] ?? 0, 4)
  for (const value of [isWide ? 64 : 52, isWide ? 56 : 32, 1, 0, 0, 0]) word(value, 2)
  const size = head + code.length
  word(1, 4)
  if (isWide) word(5, 4)
  address(0)
  address(base)
  address(base)
  address(size)
  address(size)
  if (!isWide) word(5, 4)
  address(0x1000)
  return Buffer.from([...bytes, ...code])
}

const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-qemu-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** The log of qemu about a program with these calls; undefined if qemu for the architecture is missing. */
function straceOf(architecture: Emulated, names: readonly string[]): string | undefined {
  const [program, log] = [join(folder, architecture), join(folder, 'log')]
  writeFileSync(program, programOf(architecture, names))
  chmodSync(program, 0o755)
  const qemu = `qemu-${qemuOf[architecture] ?? architecture}-static`
  const { error } = spawnSync(qemu, ['-D', log, '-strace', program], { timeout: 30_000 })
  return error === undefined ? readFileSync(log, 'latin1') : undefined
}

/** libc's first calls; on two architectures one of them sets the thread pointer. */
const start = (architecture: Emulated): readonly string[] => [
  'brk',
  ...({ x86_64: ['arch_prctl'], x86: ['set_thread_area'] }[architecture as string] ?? []),
  'set_tid_address',
  'set_robust_list',
]

/** Architectures that a program this short does not tell apart. */
const alike: ReadonlySet<string> = new Set(['aarch64', 'riscv64', 'loongarch64'])

for (const architecture of Object.keys(callOf) as Emulated[]) {
  const names = [...start(architecture), 'rseq', 'getpid', 'getppid', 'exit_group']
  const log = straceOf(architecture, names)
  const skip = log === undefined && `no qemu-user for ${architecture} (apt-get install qemu-user-static)`
  t.test(`a program for ${architecture}`, { skip }, async (t) => {
    const wanted = names.map((name) => `${architecture} ${name}`).sort()
    const observations = await observeText(log as string)
    t.equal(observations.sources[0]?.format, 'qemu')
    t.equal(observations.sources[0]?.calls, names.length)
    t.equal(observations.sources[0]?.unparsed, 0)
    if (alike.has(architecture)) {
      t.same(codes(observations), ['architecture-assumed', 'emulated'])
      t.same(calls(await observeText(log as string, { architecture })), wanted)
    } else {
      t.same(codes(observations), ['emulated'], 'the number of rseq is its own')
      t.same(calls(observations), wanted)
    }
  })
}

t.test(
  'what qemu has no name for is a call by its number',
  { skip: straceOf('riscv64', ['exit_group']) === undefined && 'no qemu-user for riscv64' },
  async (t) => {
    const log = straceOf('riscv64', [...start('riscv64'), 'rseq', 'riscv_hwprobe', '1500']) as string
    const observations = await observeText(log)
    const wanted = [...start('riscv64'), 'rseq', 'riscv_hwprobe', '?1500']
    t.same(calls(observations), wanted.map((each) => `riscv64 ${each}`).sort())
    t.notOk(codes(observations).includes('architecture-assumed'), 'its number is a call on no other machine')
  },
)
