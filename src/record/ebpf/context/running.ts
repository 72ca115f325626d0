// Notes a container that was running before the recording, from its init, when one of its processes first makes a call.
// The kernel's own tree of processes leads to the init that was found in /proc. So no process can give the container
// another root or user namespace than the init's.
// Authority: pid_namespaces(7): an orphaned process becomes a child of its namespace's init.
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, lookup, read } from '../blocks.ts'
import { noteContainer } from './container-start.ts'
import { at, follow, recorded, scratch, type ProgramInputs } from './pieces.ts'

/** The number of ancestors that are searched for the init. If the init is further, a nearer process may find it. */
const ancestors = 24

/** sys_enter(struct pt_regs *, long number). Undefined if this kernel does not describe the parent of a task. */
export function noteRunning(given: ProgramInputs): readonly AssemblyLine[] | undefined {
  const { layout, structures, own } = given
  const parent = structures['task_struct.real_parent']
  if (parent === undefined) return undefined
  return [
    ...recorded(given),
    ...lookup(own.containers, at.container),
    bpf.jumpIf(0, 'notEqual', 0, 'done'),
    ...Array.from({ length: ancestors }, () => [
      ...read(8, layout.task.tgid, 4, at.word),
      ...lookup(own.inits, at.word),
      bpf.jumpIf(0, 'notEqual', 0, 'init'),
      ...follow(8, parent, 8),
    ]).flat(),
    bpf.jump('done'),
    bpf.label('init'),
    ...scratch(given, 'done'),
    ...noteContainer(given),
    ...done,
  ]
}
