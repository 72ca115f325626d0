// Counts the calls that a filter or its supervisor answered: they have an exit without an entry, because the kernel did
// not run them. The program went on with the answer, so a profile must allow such a call: an outer filter that refuses
// it would answer first. The strictest answer of all filters counts, and of equal ones the newest filter's.
// Whose filter it is decides what counts. If only the program itself can have set one, every answered call counts, as
// under strace: with the errno as its failure if there is one. Under a foreign filter an errno, TRAP or the end of the
// thread may be a refusal by that filter, and refused calls stay refused. There only the answer of a supervisor or
// tracer counts that is no errno.
// Authority: seccomp(2) (precedence of actions), kernel/seccomp.c (seccomp_run_filters, __seccomp_filter).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { entry, keying } from '../apart.ts'
import { currentTask, frame, increment, ofTask } from '../blocks.ts'
import type { Layout } from '../layout.ts'
import { failurePlaces, type Maps } from '../maps.ts'
import { seccompFilter, type Membership } from '../membership.ts'

/** Who may have set the filters of the recorded program: only itself, or others too. */
export type FilterOwner = 'own' | 'foreign'

/**
 * Where the stack holds whether a filter answered the call. A thread's first call after another thread has set a filter
 * for it may have begun before: it counts again, because its entry is not known.
 */
export const isSure = -248
/** The bit of SIGSYS (31) in a set of signals. */
const sigsys = 1 << 30

/** Goes on if the current task runs under a filter. Leaves the task in r8. */
export const ifFiltered = (layout: Layout, otherwise: string): readonly AssemblyLine[] => [
  ...currentTask(layout),
  ...ofTask(layout, layout.task.seccompMode, 1),
  bpf.jumpIf(1, 'notEqual', seccompFilter, otherwise),
]

/**
 * Goes on if the result in r9 is a supervisor's or tracer's. TRAP and the end of a thread have sent SIGSYS. A task
 * without a filter that joins the recorded cgroup has a call without a counted entry too.
 */
export function ifAnswered(layout: Layout): readonly AssemblyLine[] {
  return [
    bpf.jumpIf(9, 'signedLess', 0, 'done'),
    ...ifFiltered(layout, 'done'),
    ...ofTask(layout, layout.task.pendingSignals, 1),
    bpf.jumpIf(1, 'anyBit', sigsys, 'done'),
  ]
}

/** Counts the call of the slot at -16 as an answered one, besides counting the call itself. */
export function answered(maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    bpf.loadLower(1, frame, isSure),
    bpf.jumpIf(1, 'equal', 0, 'unsure'),
    ...keying(membership),
    ...entry(maps.failures, membership, 'answered'),
    bpf.add(0, failurePlaces.answered),
    ...increment(0),
    bpf.label('unsure'),
  ]
}
