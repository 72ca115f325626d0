// Notes a container that was running before the recording, from its init, when one of its processes first makes a call.
// The process's PID namespace, or the kernel's own tree of processes, leads to the init that was found in /proc. So no
// process can give the container another root or user namespace than the init's.
// Authority: pid_namespaces(7): an orphaned process becomes a child of its namespace's init. A process that an engine
// executes in the container is no descendant of the init, and joins its namespace (setns(2)).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, frame, lookup, read } from '../blocks.ts'
import { noteContainer } from './container-start.ts'
import { at, follow, recorded, scratch, type ProgramInputs } from './pieces.ts'

/** The number of ancestors that are searched for the init. If the init is further, a nearer process may find it. */
const ancestors = 24

/** sys_enter(struct pt_regs *, long number). Undefined if this kernel does not describe the parent of a task. */
export function noteRunning(given: ProgramInputs): readonly AssemblyLine[] | undefined {
  const { layout, structures, own } = given
  const parent = structures['task_struct.real_parent']
  if (parent === undefined) return undefined
  const ifInit = [
    ...read(8, layout.task.tgid, 4, at.word),
    ...lookup(own.inits, at.word),
    bpf.jumpIf(0, 'notEqual', 0, 'init'),
  ]
  return [
    ...recorded(given),
    ...lookup(own.containers, at.container),
    bpf.jumpIf(0, 'notEqual', 0, 'done'),
    ...initOfNamespace(given, ifInit),
    ...Array.from({ length: ancestors }, () => [...ifInit, ...follow(8, parent, 8)]).flat(),
    bpf.jump('done'),
    bpf.label('init'),
    ...scratch(given, 'done'),
    ...noteContainer(given),
    ...done,
  ]
}

/** Asks `ifInit` about the init of the PID namespace of the task in r8, and restores r8. */
function initOfNamespace(
  { structures }: ProgramInputs,
  ifInit: readonly AssemblyLine[],
): readonly AssemblyLine[] {
  const [namespace, init] = [
    structures['nsproxy.pid_ns_for_children'],
    structures['pid_namespace.child_reaper'],
  ]
  if (namespace === undefined || init === undefined) return []
  return [
    ...follow(8, structures['task_struct.nsproxy'], 7),
    ...follow(7, namespace, 7),
    ...follow(7, init, 8),
    ...ifInit,
    bpf.load(8, frame, at.task),
  ]
}
