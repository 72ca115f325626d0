// The programs that decide who is recorded and count the calls. They have no loop and use no helper that could wait.
// Maps with memory for each processor need no locks: the kernel never runs one program twice at once on a processor.
// Before Linux 7.2 nothing preempts a program either. Since then a program at sys_enter or sys_exit can be preempted,
// and the kernel skips it meanwhile for other tasks of that processor (commit 439ebd5b5708; kernel/trace/bpf_trace.c:
// __bpf_trace_run). So `standIn` runs after the program at sys_enter.
import type { AssemblyLine } from './assembler.ts'
import { entered } from './calls/entered.ts'
import type { FilterOwner } from './calls/answered.ts'
import { left } from './calls/left.ts'
import type { Layout } from './layout.ts'
import type { Maps } from './maps.ts'
import { executed, forked, exited, signalled } from './member-changes.ts'
import type { Membership } from './membership.ts'

export interface Programs {
  readonly sys_enter: readonly AssemblyLine[]
  /** Also at sys_enter, if a program there can be preempted. */
  readonly standIn?: readonly AssemblyLine[]
  readonly sys_exit: readonly AssemblyLine[]
  readonly sched_process_fork: readonly AssemblyLine[]
  readonly sched_process_exec: readonly AssemblyLine[]
  readonly sched_process_exit: readonly AssemblyLine[]
  readonly signal_generate: readonly AssemblyLine[]
}

/** Never throws: the kernel judges a program only when it is loaded. */
export function programsFor(
  layout: Layout,
  maps: Maps,
  membership: Membership,
  ownProcess: number,
  filters: FilterOwner = 'foreign',
): Programs {
  return {
    sys_enter: entered(layout, maps, membership),
    ...(layout.isPreempted && { standIn: entered(layout, maps, membership, 'again') }),
    sys_exit: left(layout, maps, membership, filters),
    sched_process_fork: forked(layout, maps, ownProcess),
    sched_process_exec: executed(maps),
    sched_process_exit: exited(layout, maps),
    signal_generate: signalled(layout, maps),
  }
}
