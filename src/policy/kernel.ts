// Calls that a program needs although a trace may not show them: the kernel makes the program issue them, another
// machine answers them without a call, or the trace ended too early.
import type { Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { allow, type Proposal } from './answers.ts'
import type { KernelWhy } from './policy.ts'

interface Injection {
  readonly why: KernelWhy
  readonly calls: readonly string[]
  /** Needed only if one of these calls is used; absent: always. */
  readonly after?: readonly string[]
}

const injections: readonly Injection[] = [
  {
    // sigreturn(2): a signal handler returns to a trampoline, which makes this call. i386 and arm have two such calls;
    // handlers without SA_SIGINFO return through the older one.
    why: 'signal-return',
    calls: ['rt_sigreturn', 'sigreturn'],
    after: ['rt_sigaction', 'sigaction', 'signal'],
  },
  {
    // restart_syscall(2): after a stop and SIGCONT it resumes a call that ended in ERESTART_RESTARTBLOCK. Its users:
    // kernel/time/hrtimer.c, posix-timers.c, posix-cpu-timers.c and alarmtimer.c (the sleeps), fs/select.c
    // (do_restart_poll), kernel/futex/waitwake.c (futex_wait_restart). ppoll, select and epoll_wait do not use it: they
    // are repeated under their own number or end with EINTR.
    why: 'restart',
    calls: ['restart_syscall'],
    after: ['nanosleep', 'clock_nanosleep', 'clock_nanosleep_time64', 'poll', 'futex', 'futex_time64'],
  },
  {
    // vdso(7): user space answers if the clock source allows it; on another machine the program makes the call.
    why: 'vdso',
    calls: [
      'clock_getres',
      'clock_getres_time64',
      'clock_gettime',
      'clock_gettime64',
      'getcpu',
      'gettimeofday',
      'time',
    ],
  },
  {
    // A program that was stopped, or whose trace was cut, does not show its end. exit always joins exit_group: libc
    // repeats exit until it succeeds, so a thread that ends under a filter without exit spins for ever (glibc
    // nptl/pthread_create.c start_thread; musl src/thread/pthread_create.c, src/exit/_Exit.c).
    why: 'exit',
    calls: ['exit_group', 'exit'],
  },
]

/**
 * The calls to allow beside `used`, the calls that were seen or inferred on `architecture`. Seen calls need no such
 * reason; calls that the kernel makes the program issue get it anyway.
 */
export function answersFromKernel(
  architecture: Architecture,
  used: ReadonlySet<string>,
): readonly Proposal[] {
  const table = syscallTable(architecture)
  return injections.flatMap(({ why, calls, after }) => {
    const present = calls.filter((call) => table.byName(call) !== undefined)
    const causes = after?.filter((call) => used.has(call)) ?? [undefined]
    return present
      .filter((syscall) => why !== 'exit' || !used.has(syscall))
      .flatMap((syscall) =>
        causes.map((call): Proposal => {
          const because =
            call === undefined ? ({ kind: 'kernel', why } as const) : ({ kind: 'kernel', why, call } as const)
          return { syscall, action: allow, because }
        }),
      )
  })
}
