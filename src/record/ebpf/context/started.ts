// Tracks the processes that have started: they, or an ancestor, have executed a program under the filter.
// Authority: include/trace/events/sched.h.
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, frame, lastThread, lookup, read, remove, update } from '../blocks.ts'
import type { ProgramInputs } from './pieces.ts'

/** sched_process_fork(struct task_struct *parent, struct task_struct *child): a started process's child has started. */
export function startedChild({ layout: { task }, own }: ProgramInputs): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 8),
    ...read(6, task.tgid, 4, -8),
    ...lookup(own.started, -8),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...read(7, task.tgid, 4, -16),
    bpf.storeValue(frame, -24, 1),
    ...update(own.started, -16, -24, 0),
    ...done,
  ]
}

/** sched_process_exit(struct task_struct *): a process ends with its last thread. */
export function startedEnded({ layout, own }: ProgramInputs): readonly AssemblyLine[] {
  return [...lastThread(layout), ...remove(own.started, -8), ...done]
}
