// The fallback chains of libc: it tries one call and makes others if that call is refused. Most chains advance only on
// ENOSYS: a filter that answers EPERM to the first call breaks the program, a filter that answers ENOSYS does not.
// Authority: glibc 04e750e7 and musl 86373b49, the file of each function; clone3 on i386: libc6-i386 2.36,
// disassembled.
//
// Not here: chains outside libc (io_uring in libuv, openat2 in runc), and functions that try one call only.
import { architectureNames, architectures as rows, type Architecture } from './architectures.ts'
import { multiplexers } from './multiplexers.ts'
import { syscallTable } from './tables.ts'

/** The answers to the first call after which libc continues. `any`: every errno. */
export type Advance = 'ENOSYS' | 'EINVAL' | 'any'

export interface Fallback {
  /** The call that is tried first. */
  readonly from: string
  /** The next calls in libc's order. All of them exist on the architectures of the row. */
  readonly to: readonly [string, ...string[]]
  /** Each of `to` does the work alone, depending on the function or its arguments. Absent: libc needs all of them. */
  readonly each?: true
  readonly libc: 'glibc' | 'musl'
  /** The first version of that libc with the chain; absent if it is older than the examined versions. */
  readonly since?: string
  readonly architectures: readonly Architecture[]
  readonly advanceOn: readonly [Advance, ...Advance[]]
  /** The functions with the chain, and remarks. */
  readonly why: string
}

type Architectures = Fallback['architectures']
type Libcs = readonly Fallback['libc'][]

/** The architectures that have all of these calls. */
function having(...calls: readonly string[]): Architectures {
  return architectureNames.filter((each) =>
    calls.every((call) => syscallTable(each).byName(call) !== undefined),
  )
}

function without(architectures: Architectures, call: string): Architectures {
  const found = having(call)
  return architectures.filter((each) => !found.includes(each))
}

const everywhere: Architectures = architectureNames
/** loongarch64's is the only 64-bit libc that makes statx for stat: fstat and newfstatat came there with Linux 6.11. */
const statx: Architectures = architectureNames.filter((each) => rows[each].statxForStat)
const wide: Architectures = having('newfstatat').filter((each) => !statx.includes(each))
const narrow: Architectures = having('fstatat64')
/** The architectures on which posix_spawn tries clone3 first. */
const spawning: Architectures = architectureNames.filter((each) => each !== 'arm')
const both: Libcs = ['glibc', 'musl']
const enosys: Fallback['advanceOn'] = ['ENOSYS']

const threads: readonly (readonly [since: string, architectures: Architectures])[] = [
  ['2.34', ['x86_64', 'x86', 'x32']],
  ['2.36', ['loongarch64']],
  ['2.38', ['aarch64', 'riscv64', 'ppc64le', 's390x']],
  ['2.39', ['arm']],
]

const clones: readonly Fallback[] = [
  ...threads.map(([since, architectures]): Fallback => ({
    from: 'clone3',
    to: ['clone'],
    libc: 'glibc',
    since,
    architectures,
    advanceOn: enosys,
    why: 'pthread_create; any other errno is what the program gets. musl never makes clone3',
  })),
  {
    from: 'clone3',
    to: ['clone'],
    libc: 'glibc',
    since: '2.38',
    architectures: spawning,
    advanceOn: ['ENOSYS', 'EINVAL'],
    why: 'posix_spawn, system, popen',
  },
]

const files: readonly Fallback[] = [
  {
    from: 'faccessat2',
    to: ['faccessat'],
    libc: 'glibc',
    since: '2.33',
    architectures: everywhere,
    advanceOn: enosys,
    why: 'faccessat with flags, euidaccess; AT_EACCESS is then emulated with the stat and id calls',
  },
  {
    from: 'faccessat2',
    to: ['faccessat'],
    libc: 'musl',
    architectures: everywhere,
    advanceOn: enosys,
    why: 'faccessat with flags; AT_EACCESS is then emulated in a child: clone, pipe2, setreuid, setregid, wait4',
  },
  {
    from: 'fchmodat2',
    to: ['openat', 'newfstatat', 'chmod'],
    libc: 'glibc',
    since: '2.39',
    architectures: wide.filter((each) => having('chmod').includes(each)),
    advanceOn: enosys,
    why: 'fchmodat with flags; then chmod of /proc/self/fd/N',
  },
  {
    from: 'fchmodat2',
    to: ['openat', 'newfstatat', 'fchmodat'],
    libc: 'glibc',
    since: '2.39',
    architectures: without(wide, 'chmod'),
    advanceOn: enosys,
    why: 'fchmodat with flags; then fchmodat of /proc/self/fd/N',
  },
  {
    from: 'fchmodat2',
    to: ['openat', 'fstatat64', 'chmod'],
    libc: 'glibc',
    since: '2.39',
    architectures: narrow,
    advanceOn: enosys,
    why: 'fchmodat with flags; then chmod of /proc/self/fd/N',
  },
  ...both.map((libc): Fallback => ({
    from: 'fchmodat2',
    to: libc === 'glibc' ? ['openat', 'statx', 'fchmodat'] : ['statx', 'openat', 'fchmodat'],
    libc,
    since: libc === 'glibc' ? '2.39' : '1.2.5',
    architectures: statx,
    advanceOn: enosys,
    why: 'fchmodat with flags; then fchmodat of /proc/self/fd/N',
  })),
  {
    from: 'fchmodat2',
    to: ['newfstatat', 'openat', 'fchmodat'],
    libc: 'musl',
    since: '1.2.5',
    architectures: wide,
    advanceOn: enosys,
    why: 'fchmodat with flags; then fchmodat of /proc/self/fd/N',
  },
  {
    from: 'fchmodat2',
    to: ['fstatat64', 'openat', 'fchmodat'],
    libc: 'musl',
    since: '1.2.5',
    architectures: narrow,
    advanceOn: enosys,
    why: 'fchmodat with flags; then fchmodat of /proc/self/fd/N',
  },
  ...both.flatMap((libc): Fallback[] => [
    {
      from: 'statx',
      to: ['newfstatat'],
      libc,
      architectures: wide,
      advanceOn: enosys,
      why: 'statx; no libc makes it for stat on a 64-bit architecture',
    },
    {
      from: 'statx',
      to: libc === 'glibc' ? ['fstatat64'] : ['fstatat64', 'stat64', 'lstat64', 'fstat64'],
      each: true,
      libc,
      architectures: narrow,
      advanceOn: enosys,
      why: 'stat, lstat, fstat, fstatat with 64-bit times; statx',
    },
  ]),
  {
    from: 'close_range',
    to: ['openat', 'getdents64', 'close'],
    libc: 'glibc',
    since: '2.34',
    architectures: everywhere,
    advanceOn: ['any'],
    why: 'closefrom, and posix_spawn with it; then /proc/self/fd is read, and without /proc the program ends',
  },
  {
    from: 'preadv2',
    to: ['preadv', 'readv'],
    each: true,
    libc: 'glibc',
    architectures: everywhere,
    advanceOn: enosys,
    why: 'preadv2 without flags; readv where the offset is -1',
  },
  {
    from: 'pwritev2',
    to: ['pwritev', 'writev'],
    each: true,
    libc: 'glibc',
    architectures: everywhere,
    advanceOn: enosys,
    why: 'pwritev2 without flags; writev where the offset is -1',
  },
  {
    from: 'getrandom',
    to: ['openat', 'read'],
    libc: 'glibc',
    since: '2.36',
    architectures: everywhere,
    advanceOn: enosys,
    why: 'arc4random, and seeds at the start; then /dev/random (with ppoll) and /dev/urandom, without which the program ends',
  },
]

const limits: readonly Fallback[] = [
  {
    from: 'prlimit64',
    to: ['getrlimit', 'setrlimit'],
    each: true,
    libc: 'musl',
    architectures: without(having('getrlimit', 'setrlimit'), 'ugetrlimit'),
    advanceOn: enosys,
    why: 'getrlimit, setrlimit',
  },
  {
    from: 'prlimit64',
    to: ['ugetrlimit', 'setrlimit'],
    each: true,
    libc: 'musl',
    architectures: having('ugetrlimit', 'setrlimit'),
    advanceOn: enosys,
    why: 'getrlimit, setrlimit',
  },
]

const sockets: readonly Fallback[] = [
  {
    from: 'accept4',
    to: ['accept', 'fcntl'],
    libc: 'musl',
    architectures: without(having('accept'), 'fcntl64'),
    advanceOn: ['ENOSYS', 'EINVAL'],
    why: 'accept4; the flags are then set with fcntl',
  },
  {
    from: 'accept4',
    to: ['accept', 'fcntl64'],
    libc: 'musl',
    architectures: having('accept', 'fcntl64'),
    advanceOn: ['ENOSYS', 'EINVAL'],
    why: 'accept4; the flags are then set with fcntl',
  },
  ...Object.keys(multiplexers.socketcall).map((from): Fallback => ({
    from,
    to: ['socketcall'],
    libc: 'musl',
    architectures: having(from, 'socketcall'),
    advanceOn: enosys,
    why: 'every socket function; glibc makes socketcall alone on i386 and s390x, as distributions build it',
  })),
]

/** The calls with 64-bit times of Linux 5.1, numbers 403 to 423 on the 32-bit architectures, and the older ones. */
const times: readonly Fallback[] = syscallTable('x86')
  .entries.filter(({ number, name }) => number >= 403 && number <= 423 && name.endsWith('64'))
  .flatMap(({ name: from }) => {
    const to = from.replace(/(?:_time)?64$/, '')
    const why = 'a 32-bit program that asks for or waits on time; musl where the 32-bit call does not suffice'
    return both.flatMap((libc) =>
      narrow.map((on): Fallback => ({
        from,
        // i386 has no direct semtimedop.
        to: [syscallTable(on).byName(to) === undefined ? 'ipc' : to],
        libc,
        architectures: [on],
        advanceOn: enosys,
        why,
      })),
    )
  })

/** All chains, in any order. A call can begin several chains, one for each libc and function. */
export const fallbacks: readonly Fallback[] = [...clones, ...files, ...limits, ...sockets, ...times]

/** The chains that begin with a call on an architecture. */
export function fallbacksFrom(call: string, architecture: Architecture): readonly Fallback[] {
  return fallbacks.filter((each) => each.from === call && each.architectures.includes(architecture))
}
