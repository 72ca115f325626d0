// Blocks that the programs for paths share: a call's arguments, the file of a descriptor, text of the program.
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, read, readUser } from '../blocks.ts'
import { absent, changedKeySize, pathKey, pathValue, specPlaces, textSize } from './layout.ts'
import { at, follow, readInto, type ProgramInputs } from './pieces.ts'
import { dentryPiece } from './walk.ts'

/** More places on the stack. */
export const slot = at.task - 8
export const spec = slot - specPlaces.size
/** The memory in r9 has the key, then the value at this place. */
export const value = changedKeySize

/** Makes the labels of each use of a block differ. */
let uses = 0

/** Copies the argument whose place is in the spec to the stack at `other`; goes to `none` if there is none. */
export function argument(place: number, none: string): readonly AssemblyLine[] {
  const use = ++uses
  const [behind, copied] = [`argument-behind-${use}`, `argument-${use}`]
  const register = (from: number): readonly AssemblyLine[] => [
    bpf.loadLower(3, frame, spec + from),
    bpf.load(4, frame, at.registers),
    bpf.addRegister(3, 4),
    bpf.move(1, frame),
    bpf.add(1, at.other),
    bpf.set(2, 8),
    bpf.call('readKernel'),
    bpf.load(1, frame, at.other),
    bpf.load(2, frame, spec + specPlaces.mask),
    bpf.andRegister(1, 2),
  ]
  return [
    bpf.loadLower(3, frame, spec + place),
    bpf.jumpIf(3, 'equal', absent, none),
    bpf.loadLower(3, frame, spec + specPlaces.behind),
    bpf.jumpIf(3, 'notEqual', absent, behind),
    ...register(place),
    bpf.store(frame, at.other, 1),
    bpf.jump(copied),
    bpf.label(behind),
    ...register(specPlaces.behind),
    bpf.loadLower(3, frame, spec + place),
    bpf.addRegister(3, 1),
    bpf.storeWide(frame, at.other, 0),
    ...readUser(4, at.other),
    bpf.label(copied),
  ]
}

/** Copies an argument's lower half to a place of the key, if there is such an argument. */
export const keyed = (place: number, to: number, name: string): readonly AssemblyLine[] => [
  ...argument(place, name),
  bpf.loadLower(1, frame, at.other),
  bpf.storeLower(9, to, 1),
  bpf.label(name),
]

/** r7 = the file of the descriptor on the stack at `other`. Goes to `none` if the descriptor is not open. */
export const fileOf = ({ structures }: ProgramInputs, none: string): readonly AssemblyLine[] => [
  bpf.load(8, frame, at.task),
  ...follow(8, structures['task_struct.files'], 3),
  ...follow(3, structures['files_struct.fdt'], 7),
  ...read(7, structures['fdtable.max_fds'], 4, at.word),
  bpf.loadLower(1, frame, at.word),
  bpf.loadLower(2, frame, at.other),
  bpf.jumpIfNotBelow(2, 1, none),
  ...follow(7, structures['fdtable.fd'], 3),
  bpf.loadLower(1, frame, at.other),
  bpf.shiftLeft(1, 3),
  bpf.addRegister(3, 1),
  ...follow(3, 0, 7),
  bpf.jumpIf(7, 'equal', 0, none),
]

/** Puts the identity of the dentry in r7 into the key: address, and hashes of its name and its parent's. Uses r8. */
export function identity({ structures }: ProgramInputs): readonly AssemblyLine[] {
  const piece = dentryPiece(structures)
  return [
    bpf.store(9, pathKey.dentry, 7),
    ...read(7, piece.from, piece.size, at.dentry),
    bpf.load(1, frame, piece.place('d_name.hash')),
    bpf.store(9, pathKey.name, 1),
    bpf.load(8, frame, piece.place('d_parent')),
    ...readInto(8, structures['dentry.d_name.hash'], 8, pathKey.parentName),
  ]
}

/** Stores the current time in a new row. */
export const timed: readonly AssemblyLine[] = [
  bpf.call('monotonicTime'),
  bpf.store(9, value + pathValue.time, 0),
]

/** Copies the program's text at the pointer on the stack to the memory in r9. */
export const userText = (place: number): readonly AssemblyLine[] => [
  bpf.move(1, 9),
  bpf.add(1, place),
  bpf.set(2, textSize),
  bpf.load(3, frame, at.other),
  bpf.call('readUserString'),
]
