// Calls that libc and language run-times make on rare paths, beside the calls that a run shows: a thread ends late, a
// program aborts, a heap shrinks, a message reports an error. An ordinary run may not show them. If the filter refuses
// one, the program breaks when it needs the call most.
// Authority, row by row: the named files of glibc 2.36 to 2.42, musl 1.2.5, CPython 3.11, Go 1.22, Redis 7.0 and dash
// 0.5.12.
import type { CompanionWhy } from './companion-why.ts'

/** The sign in a program's calls that makes a row apply. */
export type Sign =
  /** Any call: the program has a libc. */
  | 'program'
  /** A thread was or may have been made: clone or clone3 with CLONE_THREAD or with unknown flags. */
  | 'thread'
  /** A process was or may have been made. */
  | 'child'
  /** Names were or may have been looked up: the program sent datagrams. */
  | 'datagrams'

export interface CompanionRow {
  readonly why: CompanionWhy
  readonly beside: Sign | readonly [string, ...string[]]
  readonly calls: readonly [string, ...string[]]
}

export const companionRows: readonly CompanionRow[] = [
  {
    // glibc nptl/pthread_create.c (start_thread, advise_stack_range), allocatestack.c, nptl-stack.c, lowlevellock.c
    // (which repeats futex until it succeeds), pthread_cancel.c, pthread_kill.c; musl src/thread/pthread_create.c,
    // __unmapself.s; Go runtime/sys_linux_*.s (osyield, and tgkill to preempt).
    why: 'thread',
    beside: 'thread',
    calls: [
      'exit', 'futex', 'futex_time64', 'getpid', 'gettid', 'madvise', 'mmap', 'mmap2', 'mprotect', 'munmap', 'rseq',
      'rt_sigprocmask', 'sched_yield', 'set_robust_list', 'tgkill', 'tkill',
    ],
  },
  {
    // CPython Lib/multiprocessing/popen_fork.py (terminate, kill) and Modules/posixmodule.c; glibc
    // sysdeps/posix/system.c and spawni.c; Redis src/rdb.c (killRDBChild).
    why: 'child',
    beside: 'child',
    calls: ['kill', 'rt_sigaction', 'rt_sigprocmask', 'wait4'],
  },
  {
    // The builtin `wait` of dash (src/jobs.c, waitproc) and busybox (shell/ash.c): if a child still runs, it blocks
    // signals and repeats sigsuspend until SIGCHLD comes. If sigsuspend is refused, it spins for ever with SIGCHLD
    // blocked.
    why: 'child',
    beside: 'child',
    calls: ['rt_sigsuspend', 'sigsuspend'],
  },
  {
    // glibc stdlib/abort.c and nptl/pthread_kill.c (raise): assertions, a corrupted heap, a smashed stack; musl
    // src/exit/abort.c, src/signal/raise.c. Before 2.41 glibc's abort sets the action of SIGABRT back.
    why: 'abort',
    beside: 'program',
    calls: ['getpid', 'gettid', 'rt_sigaction', 'rt_sigprocmask', 'tgkill', 'tkill'],
  },
  {
    // A handler that has tidied up sends the signal again to its own process: glibc manual, "Termination in Handler";
    // Redis src/debug.c (bugReportEnd). Redis first writes a report; measured with `debug segfault` of Redis 7.0.
    why: 'handler',
    beside: ['rt_sigaction', 'sigaction', 'signal'],
    calls: ['getpid', 'getrusage', 'getsockname', 'kill', 'uname'],
  },
  {
    // glibc malloc/malloc.c (sysmalloc, systrim, mremap_chunk), arena.c (heap_trim, shrink_heap); musl
    // src/malloc/mallocng.
    why: 'heap',
    beside: 'program',
    calls: ['brk', 'madvise', 'mmap', 'mmap2', 'mprotect', 'mremap', 'munmap'],
  },
  {
    // glibc sysdeps/posix/libc_fatal.c (__libc_message) and libio; musl src/stdio/__stdio_write.c: perror, assert,
    // err, a buffer that is flushed at the end (fseek goes back to where the program stopped reading).
    why: 'message',
    beside: ['write', 'read', 'readv', 'writev'],
    calls: ['_llseek', 'lseek', 'readv', 'write', 'writev'],
  },
  {
    // glibc libio/filedoalloc.c and musl src/stdio/__stdout_write.c ask whether standard output is a terminal.
    why: 'terminal',
    beside: ['write', 'writev'],
    calls: ['fstat', 'fstat64', 'ioctl', 'newfstatat'],
  },
  {
    // glibc resolv/res_send.c (send_vc over TCP after a truncated answer, send_dg), sysdeps/posix/getaddrinfo.c and
    // sysdeps/unix/sysv/linux/check_pf.c; musl src/network/res_msend.c.
    why: 'resolver',
    beside: 'datagrams',
    calls: [
      'bind', 'connect', 'getpeername', 'getsockname', 'ioctl', 'poll', 'ppoll', 'read', 'recvfrom', 'recvmsg',
      'sendmmsg', 'sendmsg', 'sendto', 'setsockopt', 'uname', 'writev',
    ],
  },
  {
    // glibc sysdeps/unix/sysv/linux/timer_routines.c repeats rt_sigtimedwait until it succeeds.
    why: 'timer',
    beside: ['timer_create'],
    calls: ['exit', 'rt_sigtimedwait', 'rt_sigtimedwait_time64', 'timer_delete', 'timer_settime', 'timer_settime64'],
  },
  {
    // glibc nptl/nptl_setxid.c, musl src/thread/synccall.c: a signal makes every thread repeat the call.
    why: 'identity',
    beside: ['setgid', 'setgroups', 'setregid', 'setresgid', 'setresuid', 'setreuid', 'setuid'],
    calls: ['futex', 'futex_time64', 'getpid', 'tgkill', 'tkill'],
  },
] // prettier-ignore
