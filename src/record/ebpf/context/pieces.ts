// What the programs of a context have in common: whose container it is, who has started, rows that are kept or lost.
// Places on the stack stand here once: a program of the recorder's own uses those above -128.
// Authority: cgroup_namespaces(7).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import type { Layout } from '../layout.ts'
import type { Maps } from '../maps.ts'
import { alreadyThere, frame, increment, lookup, noExist, read, update } from '../blocks.ts'
import { member, type Membership } from '../membership.ts'
import { lostPlaces, type ContextMaps } from './maps.ts'
import type { Structures } from './structures.ts'

/** What a program is made from. */
export interface Given {
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

/** Copies `size` bytes at the pointer in `from` (not r1, r2) to the value in r9. */
export const readInto = (
  from: bpf.Register,
  offset: number,
  size: number,
  place: number,
): readonly AssemblyLine[] => read(from, offset, size, place, 9)

/** to = the pointer at `from` + offset; over the stack. `from` is not r1 or r2. */
export const follow = (from: bpf.Register, offset: number, to: bpf.Register): readonly AssemblyLine[] => [
  ...read(from, offset, 8, at.word),
  bpf.load(to, frame, at.word),
]

/** Which container: the cgroup right below the one that is recorded; 0 for a tree of processes. */
const containerId = ({ membership: { who } }: Given): readonly AssemblyLine[] =>
  who === 'tree'
    ? [bpf.set(0, 0), bpf.store(frame, at.container, 0)]
    : [bpf.set(1, who.level + 1), bpf.call('currentAncestorCgroup'), bpf.store(frame, at.container, 0)]

/** Goes to `done` for whoever is not recorded; r8 = the task, the container's id on the stack. */
export const recorded = (given: Given): readonly AssemblyLine[] => [
  ...member(given.layout, given.maps, given.membership, false),
  bpf.store(frame, at.task, 8),
  ...containerId(given),
]

/** Goes to `no` where the process has executed nothing under the filter yet. */
export const hasStarted = ({ own }: Given, no: string): readonly AssemblyLine[] => [
  bpf.call('currentPidTgid'),
  bpf.shiftRight(0, 32),
  bpf.storeLower(frame, at.word, 0),
  ...lookup(own.started, at.word),
  bpf.jumpIf(0, 'equal', 0, no),
]

/** r0 = what is known of the container; `no` where nothing is. */
export const container = ({ own }: Given, no: string): readonly AssemblyLine[] => [
  ...lookup(own.containers, at.container),
  bpf.jumpIf(0, 'equal', 0, no),
]

/** r9 = memory of this processor; `no` never happens. */
export const scratch = ({ own }: Given, no: string): readonly AssemblyLine[] => [
  bpf.storeValue(frame, at.word, 0),
  ...lookup(own.scratch, at.word),
  bpf.jumpIf(0, 'equal', 0, no),
  bpf.move(9, 0),
]

/** Clears the value in r9. */
export const clear = (from: number, size: number): readonly AssemblyLine[] =>
  Array.from({ length: size / 8 }, (_, index) => bpf.storeWide(9, from + index * 8, 0))

export const clearStack = (from: number, size: number): readonly AssemblyLine[] =>
  Array.from({ length: size / 8 }, (_, index) => bpf.storeWide(frame, from + index * 8, 0))

/** One more of what did not fit. */
export const lose = (
  { own }: Given,
  what: keyof typeof lostPlaces,
  then: string,
): readonly AssemblyLine[] => [
  bpf.storeValue(frame, at.word, lostPlaces[what]),
  ...lookup(own.lost, at.word),
  bpf.jumpIf(0, 'equal', 0, then),
  ...increment(0),
]

/** Counts the key on the stack: a row of a map whose value is a count. Ends at `then`. */
export const countRow = (
  given: Given,
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

/** The same of a key and a value that stand in the memory in r9. The value's count is first in it. */
export const keepRow = (
  given: Given,
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
