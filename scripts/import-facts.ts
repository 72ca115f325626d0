// Writes facts/ from JSON collections kept elsewhere; no build and no test needs it:
//   npx tsx scripts/import-facts.ts DIRECTORY
// DIRECTORY holds syscalls.json, syscalls-more.json, equivalents.json and risk.json. facts/README.md describes the
// files of facts/ and their sources.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Numbers = Readonly<Record<string, number>>

interface Calls {
  readonly numbers: Readonly<Record<string, Numbers>>
  readonly since: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly generic_since: Readonly<Record<string, string>>
  readonly no_implementation: Readonly<Record<string, readonly string[]>>
}

interface MoreCalls {
  readonly numbers: Readonly<Record<string, Numbers>>
}

interface Equivalents {
  readonly x86_64_only: readonly {
    readonly name: string
    readonly kind: string
    readonly aarch64: readonly string[]
    readonly lossless: boolean
    readonly why: string
  }[]
}

interface Risks {
  readonly classes: readonly {
    readonly names: readonly string[]
    readonly cls: string
    readonly severity: string
  }[]
}

const repository = fileURLToPath(new URL('..', import.meta.url))

/** The first Linux release with the port. */
const ports: Readonly<Record<string, string>> = { riscv64: '4.15', loongarch64: '5.19' }

/** Calls that a port with the generic table got in another release than the other ports, or that only this port has. */
const late: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  riscv64: { riscv_flush_icache: '4.15', riscv_hwprobe: '6.4' },
  loongarch64: { fstat: '6.11', newfstatat: '6.11' },
}

/** From this number on, all architectures share the numbers and get a call in the same release (Linux 5.1). */
const unified = 424

/** Calls of Linux 5.1 and later that not all architectures got at once. */
const notAtOnce = new Set(['memfd_secret', 'clone3', 'map_shadow_stack'])

/** Calls with sys_ni_syscall or no line in the kernel's 64-bit table (arch/powerpc, arch/s390 syscall.tbl). */
const silent: Readonly<Record<string, string>> = {
  riscv64: 'nfsservctl lookup_dcookie',
  loongarch64: 'nfsservctl lookup_dcookie',
  ppc64le: `_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg getrlimit gtty idle ioperm iopl
    lock lookup_dcookie modify_ldt mpx multiplexer nfsservctl oldfstat oldlstat oldolduname oldstat olduname prof profil
    putpmsg query_module readdir select sigaction sigpending sigprocmask sigreturn sigsuspend stty sys_debug_setcontext
    tuxcall ulimit umount uselib vm86`,
  s390x: `_sysctl afs_syscall bdflush create_module get_kernel_syms getpmsg idle lookup_dcookie nfsservctl putpmsg
    query_module readdir uselib`,
}

function main(directory: string): void {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(directory, name), 'utf8'))
  const calls = read('syscalls.json') as Calls
  const more = read('syscalls-more.json') as MoreCalls
  for (const [architecture, numbers] of Object.entries(calls.numbers)) {
    const none = new Set(calls.no_implementation[architecture])
    write(`calls/${architecture}.txt`, callLines(numbers, calls.since[architecture] ?? {}, none))
  }
  for (const [architecture, numbers] of Object.entries(more.numbers)) {
    const none = new Set((silent[architecture] as string).split(/\s+/))
    write(`calls/${architecture}.txt`, callLines(numbers, sinceOn(architecture, numbers, calls), none))
  }
  write('equivalents.txt', equivalentLines(read('equivalents.json') as Equivalents))
  write('risks.txt', riskLines(read('risk.json') as Risks))
}

function callLines(
  numbers: Numbers,
  since: Readonly<Record<string, string>>,
  none: ReadonlySet<string>,
): readonly string[] {
  return Object.entries(numbers)
    .sort(([, a], [, b]) => a - b)
    .map(([name, number]) => `${number} ${name} ${since[name] ?? '-'}${none.has(name) ? ' !' : ''}`)
}

/**
 * A port with the generic table (include/uapi/asm-generic/unistd.h) has a call since aarch64 has it, or since the port
 * began. On the others only the calls with unified numbers are known.
 */
function sinceOn(architecture: string, numbers: Numbers, calls: Calls): Readonly<Record<string, string>> {
  const port = ports[architecture]
  const known: Record<string, string> = {}
  for (const [name, number] of Object.entries(numbers)) {
    const since =
      port !== undefined
        ? (late[architecture]?.[name] ??
          later(port, calls.since['aarch64']?.[name] ?? calls.generic_since[name]))
        : number >= unified && !notAtOnce.has(name)
          ? calls.generic_since[name]
          : undefined
    if (since !== undefined) known[name] = since
  }
  return known
}

function later(one: string, other: string | undefined): string | undefined {
  if (other === undefined) return undefined
  const [major = 0, minor = 0] = one.split('.').map(Number)
  const [itsMajor = 0, itsMinor = 0] = other.split('.').map(Number)
  return major > itsMajor || (major === itsMajor && minor >= itsMinor) ? one : other
}

function equivalentLines({ x86_64_only: rows }: Equivalents): readonly string[] {
  return rows
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, kind, aarch64, lossless, why }) =>
      [name, kind, lossless ? 'yes' : 'no', aarch64.join(' ') || '-', why].join('|'),
    )
}

/** A class about sockets stands under its family's exposure, because families expose different things. */
const socketClasses: Readonly<Record<string, string>> = {
  'socket:AF_ALG(38)': 'kernel crypto sockets',
  'socket:AF_VSOCK(40)': 'virtual machine sockets',
  'socket:AF_NETLINK(16)+NETLINK_AUDIT(9)': 'audit sockets',
  'socket:AF_PACKET(17)': 'raw sockets',
  'socket:SOCK_RAW': 'raw sockets',
}

/**
 * For a class that concerns some arguments only, the call with which to ask a filter. CLONE_NEWUSER, ADDR_NO_RANDOMIZE,
 * TIOCSTI (kernel uapi sched.h, personality.h, asm-generic/ioctls.h); for sockets the family, then type or protocol.
 */
const witnesses: Readonly<Record<string, string>> = {
  clone: 'clone(0x10000000)',
  unshare: 'unshare(0x10000000)',
  personality: 'personality(0x40000)',
  ioctl: 'ioctl(0x0,0x5412)',
  'socket:AF_ALG(38)': 'socket(0x26)',
  'socket:AF_VSOCK(40)': 'socket(0x28)',
  'socket:AF_NETLINK(16)+NETLINK_AUDIT(9)': 'socket(0x10,0x3,0x9)',
  'socket:AF_PACKET(17)': 'socket(0x11,0x3)',
  'socket:SOCK_RAW': 'socket(0x2,0x3)',
}

function riskLines({ classes }: Risks): readonly string[] {
  const lines = new Map<string, string[]>()
  for (const { names, cls, severity } of classes) {
    for (const name of names) {
      const key = `${severity} ${socketClasses[name] ?? cls}`
      lines.set(key, [...(lines.get(key) ?? []), witnesses[name] ?? name])
    }
  }
  return [...lines].map(([key, calls]) => `${key} : ${calls.join(' ')}`)
}

function write(name: string, lines: readonly string[]): void {
  const path = join(repository, 'facts', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, [...lines, ''].join('\n'))
}

const [directory] = process.argv.slice(2)
if (directory === undefined) throw new Error('say where the collections lie: import-facts.ts DIRECTORY')
main(directory)
