// Blocks that the programs at the end of a call share: the call, its arguments and its result, and who made it.
// Authority: include/trace/events/syscalls.h.
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, read } from '../blocks.ts'
import type { SlotArchitecture } from './calls.ts'
import { at, hasStarted, recorded, type ProgramInputs } from './pieces.ts'
import { currentSlot } from './slot.ts'

/** sys_exit(struct pt_regs *, long result): r6 = registers, r7 = result, r9 = slot. */
export const ended = ({ layout }: ProgramInputs): readonly AssemblyLine[] => [
  bpf.store(frame, at.context, 1),
  bpf.load(6, 1, 0),
  bpf.load(1, 1, 8),
  bpf.store(frame, at.result, 1),
  ...currentSlot(layout, 'done'),
  bpf.load(7, frame, at.result),
]

/** An argument of a 32-bit call has the lower half of its register. */
export const argument = (
  { first, registers }: SlotArchitecture,
  index: number,
  to: bpf.Register,
): readonly AssemblyLine[] => [
  ...read(6, registers[index] ?? 0, 8, at.word),
  first === 0 ? bpf.load(to, frame, at.word) : bpf.loadLower(to, frame, at.word),
]

export const name = (place: number): readonly AssemblyLine[] => [
  bpf.move(1, frame),
  bpf.add(1, place),
  bpf.set(2, 16),
  bpf.call('currentComm'),
]

/** Goes to `done` unless the task has started. r8 = the task. */
export const own = (given: ProgramInputs): readonly AssemblyLine[] => [
  ...recorded(given),
  ...hasStarted(given, 'done'),
]

/** r7 = the errno of the result in r7, 0 for success. Goes to `done` for errnos other than EPERM and EACCES. */
export const errno: readonly AssemblyLine[] = [
  bpf.jumpIf(7, 'above', -4096, 'failed'),
  bpf.set(7, 0),
  bpf.jump('told'),
  bpf.label('failed'),
  bpf.set(1, 0),
  bpf.subtractRegister(1, 7),
  bpf.move(7, 1),
  bpf.jumpIf(7, 'equal', 1, 'told'),
  bpf.jumpIf(7, 'notEqual', 13, 'done'),
  bpf.label('told'),
]
