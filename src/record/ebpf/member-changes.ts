// The programs that follow members from fork to exit, and count the signals to the command.
// Authority: include/trace/events/{sched,signal}.h for the arguments of each tracepoint.
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import { done, frame, increment, lastThread, lookup, note, read, remove, update } from './blocks.ts'
import { replaceNote } from './calls/inside.ts'
import type { Layout } from './layout.ts'
import { controlKeys, memberStates, type Maps } from './maps.ts'

/** sched_process_fork(struct task_struct *parent, struct task_struct *child): a member's child is a member. */
export function forked({ task }: Layout, maps: Maps, ownProcess: number): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 8),
    ...read(7, task.pid, 4, -8),
    ...replaceNote(maps, -8),
    ...read(7, task.tgid, 4, -16),
    ...read(6, task.tgid, 4, -24),
    bpf.loadLower(1, frame, -8),
    bpf.loadLower(2, frame, -16),
    // A thread: its process is already a member.
    bpf.jumpUnlessSame(1, 2, 'done'),
    bpf.loadLower(3, frame, -24),
    bpf.jumpIf(3, 'equal', ownProcess, 'ours'),
    ...lookup(maps.states, -24),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(1, 0, 0),
    bpf.jumpIf(1, 'equal', memberStates.none, 'done'),
    bpf.storeLower(frame, -32, 1),
    bpf.jump('insert'),
    bpf.label('ours'),
    // A child of seccomp-gen is the command only if it is forked while the session is armed.
    bpf.storeValue(frame, -40, controlKeys.armed),
    ...lookup(maps.control, -40),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.load(1, 0, 0),
    bpf.jumpIf(1, 'notEqual', 1, 'done'),
    bpf.storeValue(frame, -40, controlKeys.command),
    ...lookup(maps.control, -40),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(1, frame, -16),
    bpf.store(0, 0, 1),
    bpf.storeValue(frame, -32, memberStates.pending),
    bpf.label('insert'),
    ...lookup(maps.states, -16),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.loadLower(1, frame, -32),
    bpf.storeLower(0, 0, 1),
    ...update(maps.members, -16, -32, 0),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.label('lost'),
    ...note(maps, controlKeys.lostProcesses, 'done'),
    ...done,
  ]
}

/** sched_process_exec(…): a thread that executes a program takes the id of its process's first thread. */
export function executed(maps: Maps): readonly AssemblyLine[] {
  return [bpf.call('currentPidTgid'), bpf.storeLower(frame, -8, 0), ...replaceNote(maps, -8), ...done]
}

/** sched_process_exit(struct task_struct *): a process ends with its last thread. */
export function exited(layout: Layout, maps: Maps): readonly AssemblyLine[] {
  return [
    ...lastThread(layout),
    ...lookup(maps.states, -8),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(1, 0, 0),
    bpf.jumpIf(1, 'equal', memberStates.none, 'done'),
    bpf.storeValue(0, 0, memberStates.none),
    ...remove(maps.members, -8),
    ...done,
  ]
}

/** signal_generate(int signal, struct kernel_siginfo *, struct task_struct *, …): counts signals to the command. */
export function signalled({ task }: Layout, maps: Maps): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 16),
    ...read(7, task.tgid, 4, -8),
    bpf.loadLower(7, frame, -8),
    bpf.storeValue(frame, -16, controlKeys.command),
    ...lookup(maps.control, -16),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.load(1, 0, 0),
    bpf.jumpUnlessSame(1, 7, 'done'),
    bpf.storeLower(frame, -16, 6),
    ...lookup(maps.arrivals, -16),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...increment(0),
    ...done,
  ]
}
