// Which calls the program for paths keeps: the test's machine runs it over a task with a current directory. A question of access(2) is evidence only if it was answered EROFS.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { syscallTable } from '../../src/abi/tables.ts'
import { assemble } from '../../src/record/ebpf/assembler.ts'
import { Btf } from '../../src/record/ebpf/btf.ts'
import { callAt, specsFor } from '../../src/record/ebpf/context/calls.ts'
import { openUse } from '../../src/read/observations/open-use.ts'
import { containerValue, pathKey, pathValue } from '../../src/record/ebpf/context/layout.ts'
import { createContextMaps } from '../../src/record/ebpf/context/maps.ts'
import { usedPath } from '../../src/record/ebpf/context/paths.ts'
import type { Structures } from '../../src/record/ebpf/context/structures.ts'
import { textIn, walkedIn } from '../../src/record/ebpf/context/walked.ts'
import { layoutOf } from '../../src/record/ebpf/layout.ts'
import { createMaps, key32, setMember, value64 } from '../../src/record/ebpf/maps.ts'
import { BpfMachine } from './bpf-machine.ts'

const btf = new Btf(readFileSync(new URL('fixtures/linux-6.18-x86_64.btf', import.meta.url)))
const layout = layoutOf(btf, 'x86_64', true)
/** Where the test has these members. The program takes any places. */
const structures = {
  'task_struct.fs': 8000,
  'task_struct.files': 8008,
  'task_struct.cred': 8016,
  'files_struct.fdt': 0,
  'fdtable.max_fds': 0,
  'fdtable.fd': 8,
  'file.f_mode': 0,
  'file.f_path.mnt': 8,
  'file.f_path.dentry': 16,
  'fs_struct.root.mnt': 8,
  'fs_struct.root.dentry': 16,
  'fs_struct.pwd.mnt': 24,
  'fs_struct.pwd.dentry': 32,
  'cred.fsgid': 36,
  'dentry.d_name.hash': 0,
  'dentry.d_name.name': 8,
  'dentry.d_parent': 16,
  'dentry.d_inode': 24,
  'inode.i_mode': 0,
  'inode.i_uid': 4,
  'inode.i_gid': 8,
  'mount.mnt': 32,
  'mount.mnt_parent': 0,
  'mount.mnt_mountpoint': 8,
  'vfsmount.mnt_root': 0,
} as Partial<Structures> as Structures
const membership = { who: 'tree', underFilter: false } as const
const pid = 100

/** The rows that the call leaves, as text. */
function rowsAfter(call: string, result: bigint, compat = false): readonly string[] {
  return rowsOf(call, result, { compat }).map(([key, value]) => {
    const name = callAt('x86_64', key.readUInt32LE(pathKey.slot))
    const path = `${walkedIn(value, pathValue.walk).path}/${textIn(key.subarray(pathKey.text))}`
    return `${name} ${path} ${key.readUInt32LE(pathKey.errno)} ${value.readBigUInt64LE(pathValue.count)}`
  })
}

interface Asked {
  readonly compat?: boolean
  /** The last argument of the call, one for each time. */
  readonly last?: readonly number[]
  /** The name of the open file that the call gets as descriptor 0, in place of a path. */
  readonly file?: string
}

/** A kernel with one task, whose current directory is /srv, makes the call twice or with each last argument. */
function rowsOf(
  call: string,
  result: bigint,
  { compat = false, last = [0, 0], file }: Asked,
): readonly (readonly [Buffer, Buffer])[] {
  const kernel = new BpfMachine(1, { since5_11: true })
  const maps = createMaps(kernel, 'x86_64', membership, { processes: 16, processors: 1 })
  const own = createContextMaps(kernel, 'x86_64')
  setMember(kernel, maps, pid, 'counted')
  kernel.update(own.started, key32(pid), key32(1))
  for (const [slot, spec] of specsFor(layout)) kernel.update(own.specs, key32(slot), spec)

  const object = (size: number, members: Readonly<Record<number, bigint>>, modes = {}): bigint => {
    const bytes = Buffer.alloc(size)
    for (const [place, value] of Object.entries(members)) bytes.writeBigUInt64LE(value, Number(place))
    for (const [place, value] of Object.entries<number>(modes)) bytes.writeUInt16LE(value, Number(place))
    return kernel.place(bytes)
  }
  const text = (name: string, memory: 'kernel' | 'user'): bigint =>
    kernel.place(Buffer.from(`${name}\0`), memory)
  const inode = object(2048, {}, { [structures['inode.i_mode']]: 0o40755 })
  const dentry = (name: string, parent: bigint): bigint =>
    object(1024, {
      [structures['dentry.d_parent']]: parent,
      [structures['dentry.d_name.name']]: text(name, 'kernel'),
      [structures['dentry.d_inode']]: inode,
    })
  const root = dentry('/', 0n)
  const mount = object(1024, { [structures['mount.mnt'] + structures['vfsmount.mnt_root']]: root })
  const mnt = mount + BigInt(structures['mount.mnt'])
  const fs = object(256, {
    [structures['fs_struct.root.mnt']]: mnt,
    [structures['fs_struct.root.dentry']]: root,
    [structures['fs_struct.pwd.mnt']]: mnt,
    [structures['fs_struct.pwd.dentry']]: dentry('srv', root),
  })
  const opened = object(1024, {
    [structures['file.f_path.mnt']]: mnt,
    [structures['file.f_path.dentry']]: dentry(file ?? '', root),
  })
  const table = object(64, { 0: 1n, [structures['fdtable.fd']]: object(8, { 0: opened }) })
  const task = Buffer.alloc(16384)
  task.writeBigUInt64LE(object(64, { 0: table }), structures['task_struct.files'])
  task.writeInt32LE(pid, layout.task.pid)
  task.writeInt32LE(pid, layout.task.tgid)
  task.writeUInt32LE(compat ? 2 : 0, layout.task.status)
  task.writeBigUInt64LE(fs, structures['task_struct.fs'])
  task.writeBigUInt64LE(object(512, {}), structures['task_struct.cred'])
  const container = Buffer.alloc(containerValue.size)
  container.writeBigUInt64LE(root, containerValue.root)
  kernel.update(own.containers, value64(0), container)

  const number = syscallTable(compat ? 'x86' : 'x86_64').byName(call)?.number ?? Number.NaN
  // The path and, for calls with a directory, AT_FDCWD before it.
  const given = call.endsWith('at') || call.endsWith('at2') || call === 'file_setattr' ? [-100n] : []
  const path = file === undefined ? text('asked', 'user') : 0n
  const places = compat ? layout.registers.compatArguments : layout.registers.arguments
  const registersWith = (last: number): Buffer => {
    const registers = Buffer.alloc(336)
    registers.writeBigInt64LE(BigInt(number), layout.registers.number)
    for (const [index, value] of [...given, path, BigInt(last)].entries())
      registers.writeBigUInt64LE(BigInt.asUintN(64, value), places[index] ?? 0)
    return registers
  }
  const moment = { processor: 0, pid, tgid: pid, comm: 'x', task: kernel.place(task), cgroups: [] }
  const program = assemble(usedPath({ layout, structures, maps, own, membership }, 0))
  for (const each of last) kernel.run(program, [kernel.place(registersWith(each)), result], moment)
  const kept = file === undefined ? own.changed : own.opened
  return [...kernel.keys(kept)].map((key) => [key, kernel.lookup(kept, key) ?? Buffer.alloc(0)])
}

const [readOnly, denied, notPermitted, none] = [-30n, -13n, -1n, -2n]

t.test('a question is evidence only if a read-only mount answered it', (t) => {
  for (const call of ['access', 'faccessat', 'faccessat2']) {
    t.strictSame(rowsAfter(call, readOnly), [`${call} /srv/asked 30 2`])
    t.strictSame(rowsAfter(call, readOnly, true), [`${call} /srv/asked 30 2`], `${call} of 32-bit code`)
    for (const result of [0n, denied, notPermitted, none])
      t.strictSame(rowsAfter(call, result), [], `${call}: ${result}`)
  }
  t.end()
})

t.test('a change is evidence if it was made, or refused as a security context may', (t) => {
  t.strictSame(rowsAfter('mkdir', 0n), ['mkdir /srv/asked 0 2'])
  t.strictSame(rowsAfter('unlinkat', denied), ['unlinkat /srv/asked 13 2'])
  t.strictSame(rowsAfter('mkdir', notPermitted), ['mkdir /srv/asked 1 2'])
  t.strictSame(rowsAfter('mkdir', readOnly), ['mkdir /srv/asked 30 2'])
  t.strictSame(rowsAfter('mkdir', none), [])
  t.end()
})

t.test('of the requests of ioctl only those that change the flags of an inode are evidence', (t) => {
  const [getFlags, setFlags, setFlags32, setAttributes, terminal] = [
    0x80086601, 0x40086602, 0x40046602, 0x401c5820, 0x5401,
  ]
  const rows = (compat: boolean, last: readonly number[], result: bigint) =>
    rowsOf('ioctl', result, { compat, last, file: 'flagged' }).map(([key, value]) => {
      const name = callAt('x86_64', key.readUInt32LE(pathKey.slot))
      const count = value.readBigUInt64LE(pathValue.count)
      return `${name} ${walkedIn(value, pathValue.walk).path} ${key.readUInt32LE(pathKey.errno)} ${count}`
    })
  for (const compat of [false, true]) {
    const every = [getFlags, setFlags, terminal, setAttributes, setFlags32]
    t.strictSame(rows(compat, every, 0n), ['ioctl /flagged 0 3'])
    t.strictSame(rows(compat, [setFlags, getFlags], readOnly), ['ioctl /flagged 30 1'])
    t.strictSame(rows(compat, [setAttributes], notPermitted), ['ioctl /flagged 1 1'])
    t.strictSame(rows(compat, [setFlags], -25n), [], 'a file without such flags answers ENOTTY')
    t.strictSame(rows(compat, [getFlags, terminal, 0], 0n), [])
  }
  t.strictSame(rowsAfter('file_setattr', readOnly), ['file_setattr /srv/asked 30 2'])
  t.end()
})

t.test('what a refused open would have done (open(2))', (t) => {
  const [read, write, both] = [0, 1, 2]
  const [creates, truncates, path, temporary] = [0o100, 0o1000, 0o10000000, 0o20200000]
  const uses = (last: readonly number[]): readonly unknown[] =>
    ['open', 'openat'].map((call) =>
      rowsOf(call, readOnly, { last }).map(([key]) => {
        const { reads, writes, creates: makes } = openUse(key.readUInt32LE(pathKey.flags))
        return [reads, writes, makes].map(Number).join('')
      }),
    )
  const rows: readonly (readonly [number, string])[] = [
    [read, '100'],
    [write, '010'],
    [both, '110'],
    // Both permissions are asked for, and the descriptor is for ioctl(2) alone.
    [3, '110'],
    [read | truncates, '110'],
    [write | truncates, '010'],
    [read | creates, '101'],
    [read | creates | truncates, '111'],
    [both | temporary, '111'],
    // O_PATH leaves the other flags out.
    [path, '000'],
    [path | both | truncates, '000'],
  ]
  for (const [flags, use] of rows) t.strictSame(uses([flags, flags]), [[use], [use]], flags.toString(8))
  t.strictSame(uses([both, read | truncates]), [['110'], ['110']], 'one use is one row')
  t.end()
})
