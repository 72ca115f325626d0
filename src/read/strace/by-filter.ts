// Answers that no kernel gives, so that a seccomp filter has: EPERM for calls that need no privilege and touch nothing of
// another's; and the signals by which a program ends that did not expect it. Authority: the ERRORS of the manual page of
// each; nodejs/node#48444 and the like for what follows.
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

/** CLONE_THREAD, and the flags that ask for a namespace (include/uapi/linux/sched.h). */
const thread = 0x10000n
const namespaces = 0x7e02_0080n

/** Whether EPERM is a filter's answer to the call; `flags`: those of clone and clone3. */
export function isByFilter(name: string, flags: bigint | undefined): boolean {
  if (neverEperm.has(name)) return true
  if (name !== 'clone3' && name !== 'clone') return false
  return flags !== undefined && (flags & thread) !== 0n && (flags & namespaces) === 0n
}

/** Nobody sends these to stop a program as it is meant to be stopped. */
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
