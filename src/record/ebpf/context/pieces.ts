// Blocks that the programs of a context share: which container a task is in, whether it has started, keeping and losing
// rows. The shared places on the stack are defined here. The recorder's general blocks use the places above -128.
// Authority: cgroup_namespaces(7).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import type { Layout } from '../layout.ts'
import type { Maps } from '../maps.ts'
import { alreadyThere, frame, increment, lookup, noExist, read, remove, update } from '../blocks.ts'
import { member, type Membership } from '../membership.ts'
import { lostPlaces } from './layout.ts'
import type { ContextMaps } from './maps.ts'
import type { Structures } from './structures.ts'

/** The inputs of a program. */
export interface ProgramInputs {
  readonly layout: Layout
  readonly structures: Structures
  readonly maps: Maps
  readonly own: ContextMaps
  readonly membership: Membership
}

/** Places on the stack. */
export const at = {
  context: -136,
  result: -144,
  registers: -152,
  container: -160,
  root: -168,
  mount: -176,
  mountRoot: -184,
  dentry: -232,
  word: -240,
  other: -248,
  task: -256,
} as const

/** Copies `size` bytes at the pointer in `from` (not r1, r2) + offset to the memory in r9. */
export const readInto = (
  from: bpf.Register,
  offset: number,
  size: number,
  place: number,
): readonly AssemblyLine[] => read(from, offset, size, place, 9)

/** to = the pointer at `from` (not r1, r2) + offset, copied over the stack. */
export const follow = (from: bpf.Register, offset: number, to: bpf.Register): readonly AssemblyLine[] => [
  ...read(from, offset, 8, at.word),
  bpf.load(to, frame, at.word),
]

/** The container's id: that of its cgroup; 0 for a tree of processes. */
function containerId({ membership: { who, containers = 1 } }: ProgramInputs): readonly AssemblyLine[] {
  const id =
    who === 'tree'
      ? [bpf.set(0, 0)]
      : containers === 'own'
        ? [bpf.call('currentCgroup')]
        : [bpf.set(1, who.level + containers), bpf.call('currentAncestorCgroup')]
  return [...id, bpf.store(frame, at.container, 0)]
}

/** Goes to `done` if the task is not recorded. r8 = the task; the container's id is on the stack. */
export const recorded = (given: ProgramInputs): readonly AssemblyLine[] => [
  ...member(given.layout, given.maps, given.membership, false),
  bpf.store(frame, at.task, 8),
  ...containerId(given),
]

/** Goes to `no` if the process has not yet executed a program under the filter. */
export const hasStarted = ({ own }: ProgramInputs, no: string): readonly AssemblyLine[] => [
  bpf.call('currentPidTgid'),
  bpf.shiftRight(0, 32),
  bpf.storeLower(frame, at.word, 0),
  ...lookup(own.started, at.word),
  bpf.jumpIf(0, 'equal', 0, no),
]

/** r0 = the container's value. Goes to `no` if the container is unknown. */
export const container = ({ own }: ProgramInputs, no: string): readonly AssemblyLine[] => [
  ...lookup(own.containers, at.container),
  bpf.jumpIf(0, 'equal', 0, no),
]

/** Forgets the capabilities that were granted to the call that ends. */
export const forgetGranted = ({ own }: ProgramInputs): readonly AssemblyLine[] => [
  bpf.call('currentPidTgid'),
  bpf.store(frame, at.word, 0),
  ...remove(own.granted, at.word),
]

/** r9 = this processor's memory. The jump to `no` never happens, but the verifier requires it. */
export const scratch = ({ own }: ProgramInputs, no: string): readonly AssemblyLine[] => [
  bpf.storeValue(frame, at.word, 0),
  ...lookup(own.scratch, at.word),
  bpf.jumpIf(0, 'equal', 0, no),
  bpf.move(9, 0),
]

/** Clears `size` bytes of the memory in r9. */
export const clear = (from: number, size: number): readonly AssemblyLine[] =>
  Array.from({ length: size / 8 }, (_, index) => bpf.storeWide(9, from + index * 8, 0))

export const clearStack = (from: number, size: number): readonly AssemblyLine[] =>
  Array.from({ length: size / 8 }, (_, index) => bpf.storeWide(frame, from + index * 8, 0))

/** Counts one more row without room. */
export const lose = (
  { own }: ProgramInputs,
  what: keyof typeof lostPlaces,
  then: string,
): readonly AssemblyLine[] => [
  bpf.storeValue(frame, at.word, lostPlaces[what]),
  ...lookup(own.lost, at.word),
  bpf.jumpIf(0, 'equal', 0, then),
  ...increment(0),
]

/** Counts the row with the key on the stack, in a map whose value is a count. Goes to `then`. */
export const countRow = (
  given: ProgramInputs,
  map: { readonly descriptor: number },
  key: number,
  what: keyof typeof lostPlaces,
  then: string,
): readonly AssemblyLine[] => [
  ...lookup(map, key),
  bpf.jumpIf(0, 'notEqual', 0, 'row-there'),
  bpf.storeWide(frame, at.other, 1),
  ...update(map, key, at.other, noExist),
  bpf.jumpIf(0, 'equal', 0, then),
  bpf.jumpIfLower(0, 'notEqual', alreadyThere, 'row-lost'),
  ...lookup(map, key),
  bpf.jumpIf(0, 'equal', 0, then),
  bpf.label('row-there'),
  ...increment(0),
  bpf.jump(then),
  bpf.label('row-lost'),
  ...lose(given, what, then),
  bpf.jump(then),
]

/** Counts the row with the key and the value in the memory in r9. The value begins with the count. */
export const keepRow = (
  given: ProgramInputs,
  map: { readonly descriptor: number },
  key: number,
  value: number,
  what: keyof typeof lostPlaces,
  then: string,
): readonly AssemblyLine[] => [
  bpf.storeWide(9, value, 1),
  ...update(map, key, value, noExist, 9),
  bpf.jumpIf(0, 'equal', 0, then),
  bpf.jumpIfLower(0, 'notEqual', alreadyThere, `${what}-lost`),
  ...lookupRow(map, key),
  bpf.jumpIf(0, 'equal', 0, then),
  ...increment(0),
  bpf.jump(then),
  bpf.label(`${what}-lost`),
  ...lose(given, what, then),
  bpf.jump(then),
]

export const lookupRow = (map: { readonly descriptor: number }, key: number): readonly AssemblyLine[] =>
  lookup(map, key, 9)
