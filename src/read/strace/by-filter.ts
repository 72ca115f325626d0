// Recognizes the answers of a seccomp filter: no kernel answers EPERM to a call that needs no privilege and affects
// only the caller. Also recognizes the signals that end a program which did not expect such an answer. Authority:
// ERRORS in the manual page of each call; for the signals, nodejs/node#48444 and similar reports.
const neverEperm: ReadonlySet<string> = new Set([
  'clock_getres',
  'clock_gettime',
  'close_range',
  'epoll_pwait2',
  'eventfd2',
  'getrandom',
  'gettid',
  'pipe2',
  'rseq',
  'sched_yield',
  'set_robust_list',
  'set_tid_address',
  'statx',
  'uname',
])

/** CLONE_THREAD, and the flags that request a namespace (include/uapi/linux/sched.h). */
const thread = 0x10000n
const namespaces = 0x7e02_0080n

/** Whether only a filter answers the call with EPERM. `flags`: the flags of clone or clone3. */
export function isByFilter(name: string, flags: bigint | undefined): boolean {
  if (neverEperm.has(name)) return true
  if (name !== 'clone3' && name !== 'clone') return false
  return flags !== undefined && (flags & thread) !== 0n && (flags & namespaces) === 0n
}

/** Signals that are not used to stop a program normally. */
const faults: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
])

export function isFault(signal: string | undefined): signal is string {
  return signal !== undefined && faults.has(signal)
}
