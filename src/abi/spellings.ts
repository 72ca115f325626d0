// Names of calls that loggers print instead of libseccomp's. Authority: strace's syscallent tables of 67 releases
// from 4.5.18 to 7.2 (of riscv64, ppc64le, s390x and loongarch64 from 4.10 on), libaudit's tables (3.0.9; of ppc64le,
// s390x and riscv64 ea855020), the kernel's SYSCALL_DEFINE names (tracepoints; arch/powerpc and arch/s390 syscall.tbl),
// each compared by number with libseccomp's table.
//
// Two mistakes of old strace are deliberately not followed, because every newer trace would be read wider because of
// them: 4.5.18 swapped tee and sync_file_range on x86_64; 4.5.19 to 4.9 swapped get_mempolicy and set_mempolicy
// on arm.
import { architectureNames, architectures, hostNames, type Architecture } from './architectures.ts'
import { multiplexerOf, multiplexers } from './multiplexers.ts'
import { syscallTable } from './tables.ts'

/** Who prints the name: strace, libaudit (ausearch, ausyscall), the kernel's tracepoints, or qemu's user mode. */
export type Logger = 'strace' | 'audit' | 'perf' | 'qemu'

/** What a printed name means on one architecture. */
export interface Spelling {
  /**
   * libseccomp's names on the architecture. Several if the logger's unknown version decides (then all are meant), or if
   * a filter can see the call as a multiplexer. Empty if libseccomp has no name for the call.
   */
  readonly names: readonly string[]
  /** The number, if it was printed or is known without a name. At most 0xffffffff; absent for larger ones. */
  readonly number?: number
  /** Why the names differ from the printed one. */
  readonly because?: string
}

interface SpellingRow {
  readonly loggers: readonly Logger[]
  readonly on: readonly Architecture[]
  readonly printed: Readonly<Record<string, readonly string[]>>
  readonly because: string
}

const strace: readonly Logger[] = ['strace']
const amd64: readonly Architecture[] = ['x86_64', 'x32']

const rows: readonly SpellingRow[] = [
  {
    loggers: ['strace', 'audit'],
    on: architectureNames,
    printed: { pread: ['pread64'], pwrite: ['pwrite64'] },
    because: 'strace up to 4.10 and libaudit print the C function',
  },
  { loggers: strace, on: architectureNames, printed: { _exit: ['exit'] }, because: 'strace up to 4.10' },
  { loggers: strace, on: amd64, printed: { umount: ['umount2'] }, because: 'strace up to 4.9' },
  {
    loggers: strace,
    on: ['x86'],
    printed: { umount: ['umount', 'umount2'], getrlimit: ['getrlimit', 'ugetrlimit'] },
    because: 'strace up to 4.9 printed the newer of the two calls under the plain name',
  },
  {
    loggers: strace,
    on: ['x86'],
    printed: { select: ['select', '_newselect'] },
    because: 'strace up to 4.10 printed the newer of the two calls under the plain name',
  },
  {
    loggers: strace,
    on: ['x86'],
    printed: { oldumount: ['umount'], old_getrlimit: ['getrlimit'] },
    because: 'strace up to 4.9',
  },
  {
    loggers: strace,
    on: ['x86'],
    printed: { oldselect: ['select'], old_mmap: ['mmap'] },
    because: 'strace up to 4.10',
  },
  {
    loggers: strace,
    on: ['x86'],
    printed: { siggetmask: ['sgetmask'], sigsetmask: ['ssetmask'] },
    because: 'strace up to 4.6',
  },
  {
    loggers: ['strace', 'audit'],
    on: ['x86'],
    printed: { sys_kexec_load: ['kexec_load'] },
    because: 'strace up to 4.5.19 and libaudit',
  },
  {
    loggers: strace,
    on: ['x86'],
    printed: { socket_subcall: ['socketcall'], ipc_subcall: ['ipc'] },
    because: 'strace up to 4.13, where it could not tell the member of the family',
  },
  {
    // Newer strace prints these three names for a dead slot of the old ABI, which programs of the EABI cannot call.
    loggers: strace,
    on: ['arm'],
    printed: { umount: ['umount2'], getrlimit: ['ugetrlimit'], select: ['_newselect'] },
    because: 'strace up to 4.9 (select: 4.10); the EABI has no call of the plain name',
  },
  {
    loggers: strace,
    on: ['arm'],
    printed: { newfstatat: ['fstatat64'], timerfd: ['timerfd_create'] },
    because: 'strace up to 4.9',
  },
  {
    loggers: ['strace', 'audit', 'perf', 'qemu'],
    on: ['arm'],
    printed: { fadvise64_64: ['arm_fadvise64_64'], sync_file_range2: ['arm_sync_file_range'] },
    because: "libseccomp takes the name of arm's own header",
  },
  {
    loggers: ['audit'],
    on: ['x86', 'arm'],
    printed: { sched_rr_get_interval64: ['sched_rr_get_interval_time64'] },
    because: "libaudit's table",
  },
  {
    loggers: ['audit'],
    on: ['aarch64'],
    printed: { getdents: ['getdents64'], newfstat: ['fstat'] },
    because: "libaudit's table",
  },
  {
    loggers: ['audit'],
    on: ['arm'],
    printed: {
      llseek: ['_llseek'],
      newselect: ['_newselect'],
      sysctl: ['_sysctl'],
      sync_file_range: ['arm_sync_file_range'],
    },
    because: "libaudit's table",
  },
  {
    loggers: ['audit'],
    on: ['ppc64le'],
    printed: {
      fstatat64: ['newfstatat'],
      timerfd: ['timerfd_create'],
      perf_counter_open: ['perf_event_open'],
    },
    because: "libaudit's table, one for all of powerpc",
  },
  {
    loggers: ['qemu'],
    on: ['x86', 'ppc64le', 's390x'],
    printed: { semctl: ['semctl', 'ipc'] },
    because: 'qemu prints the member of ipc like the call',
  },
  {
    loggers: ['perf'],
    on: [...amd64, 'ppc64le', 's390x'],
    printed: { newstat: ['stat'], newlstat: ['lstat'] },
    because: "a tracepoint has the name of the kernel's function",
  },
  {
    loggers: ['perf'],
    on: ['s390x'],
    printed: {
      oldumount: ['umount'],
      old_mmap: ['mmap'],
      s390_ipc: ['ipc'],
      s390_personality: ['personality'],
    },
    because: "a tracepoint has the name of the kernel's function",
  },
  {
    loggers: ['perf'],
    on: ['ppc64le'],
    printed: { ppc64_personality: ['personality'] },
    because: "a tracepoint has the name of the kernel's function",
  },
  {
    loggers: ['perf'],
    on: [...hostNames, 'x32'],
    printed: {
      newfstat: ['fstat'],
      newuname: ['uname'],
      sendfile64: ['sendfile'],
    },
    because: "a tracepoint has the name of the kernel's function",
  },
  {
    loggers: ['perf'],
    on: [...amd64, 'aarch64', 'riscv64', 'loongarch64'],
    printed: { umount: ['umount2'] },
    because: "a tracepoint has the name of the kernel's function",
  },
  {
    loggers: ['perf'],
    on: ['ppc64le', 's390x'],
    printed: { umount: ['umount2', 'umount'] },
    because: "the kernel's function umount is the call umount2; perf trace has the names of the calls",
  },
  {
    loggers: ['perf'],
    on: ['aarch64', 'riscv64', 's390x', 'loongarch64'],
    printed: { fadvise64_64: ['fadvise64'] },
    because: "a tracepoint has the name of the kernel's function",
  },
]

/** Numbers for which strace has a name and libseccomp has none. */
const nameless: Readonly<Partial<Record<Architecture, Readonly<Record<string, number>>>>> = {
  // 32-bit arm never had memfd_secret; cmpxchg (__ARM_NR_cmpxchg) left the kernel with 4.4.
  arm: { memfd_secret: 447, cmpxchg: 0xffff0 },
  // Numbers of the generic table that the port never used.
  riscv64: { renameat: 38 },
  loongarch64: { renameat: 38, getrlimit: 163, setrlimit: 164 },
  // Reserved numbers. On s390x the kernel replaces unknown numbers by 0.
  ppc64le: { vserver: 257 },
  s390x: { setup: 0, vserver: 263 },
}

/** A 64-bit number that an x32 program called with bit 30 set: strace 4.23 and later, and 4.9 to 4.22. */
const native64 = /^(?:([a-z_][a-z0-9_]*)#64|64:([a-z_][a-z0-9_]*))$/

/** strace before 4.21 printed decimal numbers, before 4.7 on i386 and arm with SYS_. */
const numbered = /^(?:syscall_(0x[0-9a-f]+|[0-9]+)|SYS_([0-9]+))$/

const dictionaries: Partial<Record<`${Logger} ${Architecture}`, ReadonlyMap<string, Spelling>>> = {}

/**
 * The calls of an architecture for a printed name or number; undefined if no call has that name. A name that only
 * arm's old ABI has (`mmap`, `time`, `socketcall` …) has no call there.
 */
export function resolvePrinted(
  architecture: Architecture,
  printed: string,
  logger: Logger = 'strace',
): Spelling | undefined {
  return dictionary(architecture, logger).get(printed) ?? resolveNumbered(architecture, printed)
}

/** The architectures on which strace can print this name for a call, in the order of architectures.ts. */
export function existsOnlyOn(printed: string): readonly Architecture[] {
  return whereabouts().get(printed) ?? []
}

/** Other names of a call in any logger, sorted, without the members of socketcall and ipc. */
export function otherSpellings(architecture: Architecture, name: string): readonly string[] {
  const printed = rows
    .filter((row) => row.on.includes(architecture))
    .flatMap((row) => Object.entries(row.printed))
    .filter(([spelling, names]) => spelling !== name && names.includes(name))
    .map(([spelling]) => spelling)
  return [...new Set(printed)].sort()
}

let printed: readonly string[] | undefined

/** Every name ([a-z_][a-z0-9_]*) that any strace prints for any architecture, sorted. */
export function printedNames(): readonly string[] {
  return (printed ??= [
    ...new Set(architectureNames.flatMap((each) => [...dictionary(each, 'strace').keys()])),
  ].sort())
}

let placesByName: ReadonlyMap<string, readonly Architecture[]> | undefined

function whereabouts(): ReadonlyMap<string, readonly Architecture[]> {
  return (placesByName ??= new Map(
    printedNames().map((name) => [
      name,
      architectureNames.filter((each) => dictionary(each, 'strace').has(name)),
    ]),
  ))
}

/** The names of one logger and architecture, made on first use. */
function dictionary(architecture: Architecture, logger: Logger): ReadonlyMap<string, Spelling> {
  return (dictionaries[`${logger} ${architecture}`] ??= makeDictionary(architecture, logger))
}

function makeDictionary(architecture: Architecture, logger: Logger): ReadonlyMap<string, Spelling> {
  const table = syscallTable(architecture)
  const spellings = new Map<string, Spelling>(table.entries.map(({ name }) => [name, { names: [name] }]))
  for (const row of rows) {
    if (!row.loggers.includes(logger) || !row.on.includes(architecture)) continue
    for (const [printed, names] of Object.entries(row.printed)) {
      spellings.set(printed, { names, because: row.because })
    }
  }
  for (const [printed, number] of Object.entries(nameless[architecture] ?? {})) {
    spellings.set(printed, { names: [], number, because: 'libseccomp has no name for it' })
  }
  if (architectures[architecture].multiplexes && logger === 'strace') {
    for (const member of Object.values(multiplexers).flatMap((family) => Object.keys(family))) {
      const family = multiplexerOf(member)!
      const direct = table.byName(member) === undefined ? [] : [member]
      spellings.set(member, { names: [...direct, family], because: `strace prints the member of ${family}` })
    }
  }
  return spellings
}

function resolveNumbered(architecture: Architecture, printed: string): Spelling | undefined {
  const number = numbered.exec(printed)
  if (number !== null) return ofNumber(architecture, BigInt(number[1] ?? number[2]!))
  const native = architectures[architecture].numberBit === 0 ? null : native64.exec(printed)
  return native === null ? undefined : ofNative64(architecture, native[1] ?? native[2]!)
}

function ofNumber(architecture: Architecture, printed: bigint): Spelling {
  // seccomp_data.nr has 32 bits; a larger number, such as the -1 that a tracer leaves behind, is not a call.
  if (printed > 0xffff_ffffn) return { names: [], because: 'no call number has more than 32 bits' }
  const number = Number(printed)
  const entry = syscallTable(architecture).byNumber(number)
  return {
    names: entry === undefined ? [] : [entry.name],
    number,
    because:
      entry === undefined ? 'no call of the tables has this number' : 'the logger had no name for the number',
  }
}

/**
 * The spelling of an x86_64 number with bit 30, which is not x32's number of that name. Since Linux 5.4 such a call
 * fails with ENOSYS. The name is the one that the program meant, if x32 has it.
 */
function ofNative64(architecture: Architecture, name: string): Spelling | undefined {
  const { host, numberBit } = architectures[architecture]
  const entry = syscallTable(host).byName(name)
  if (entry === undefined) return undefined
  const there = syscallTable(architecture).byName(name)
  return {
    names: there === undefined ? [] : [name],
    number: numberBit + entry.number,
    because: "x86_64's number with the bit of x32; since Linux 5.4 it answers ENOSYS",
  }
}
