// A container that runs already when the recording begins: what its init has is noted as soon as one of its processes makes
// a call. Whose init it is the kernel's own tree of processes says: nobody can give the container another root or user
// namespace than those of the init that was found in /proc.
// Authority: pid_namespaces(7): who loses its parent becomes the child of init.
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, lookup, read } from '../blocks.ts'
import { noteContainer } from './container-start.ts'
import { at, follow, recorded, scratch, type Given } from './pieces.ts'

/** So many ancestors are looked at for the init. Another process of the container may be nearer to it. */
const ancestors = 24

/** sys_enter(struct pt_regs *, long number). Undefined where this kernel does not say who a parent is. */
export function noteRunning(given: Given): readonly AssemblyLine[] | undefined {
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
