// Calls that no line of the program asks for, so that a trace may well not show them, and without which it breaks:
// the kernel makes it issue them, the machine below answers them elsewhere, or the trace ended first.
import type { Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { allow, type Proposal } from './answers.ts'
import type { KernelWhy } from './policy.ts'

interface Injection {
  readonly why: KernelWhy
  readonly calls: readonly string[]
  /** Only where one of these is used; absent: always. */
  readonly after?: readonly string[]
}

const injections: readonly Injection[] = [
  {
    // sigreturn(2): the trampoline that the kernel lets a signal handler return to makes this call. i386 and arm
    // have two of them, and handlers installed without SA_SIGINFO return through the older.
    why: 'signal-return',
    calls: ['rt_sigreturn', 'sigreturn'],
    after: ['rt_sigaction', 'sigaction', 'signal'],
  },
  {
    // restart_syscall(2): a call that ends in ERESTART_RESTARTBLOCK is begun again through it after a stop and
    // SIGCONT. Its users: kernel/time/hrtimer.c, posix-timers.c, posix-cpu-timers.c and alarmtimer.c (the sleeps),
    // fs/select.c (do_restart_poll), kernel/futex/waitwake.c (futex_wait_restart). ppoll, select and epoll_wait
    // are not among them: they are repeated under their own number, or end with EINTR.
    why: 'restart',
    calls: ['restart_syscall'],
    after: ['nanosleep', 'clock_nanosleep', 'clock_nanosleep_time64', 'poll', 'futex', 'futex_time64'],
  },
  {
    // vdso(7): answered in user space where the clock source allows, a call on the next machine.
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
    // A program that was stopped, or whose trace was cut, never showed how it ends. exit stands beside it always: libc
    // repeats it until it succeeds, so that a thread that ends under a filter without it spins for ever (glibc
    // nptl/pthread_create.c start_thread; musl src/thread/pthread_create.c, src/exit/_Exit.c).
    why: 'exit',
    calls: ['exit_group', 'exit'],
  },
]

/**
 * What has to be allowed beside `used`, the calls that were seen or inferred on `architecture`. A call that was seen
 * needs no such reason, except that the kernel's own stand whatever was seen.
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
