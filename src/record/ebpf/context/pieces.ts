// What the programs of a context have in common: whose container it is, who has started, a path walked to its root.
// Places on the stack stand here once: a program of the recorder's own uses those above -128.
// Authority: fs/d_path.c (prepend_path) for the walk over mounts; cgroup_namespaces(7).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import type { Layout } from '../layout.ts'
import type { Maps } from '../maps.ts'
import { alreadyThere, frame, increment, lookup, noExist, read, update } from '../blocks.ts'
import { member, type Membership } from '../membership.ts'
import {
  containerValue,
  levels,
  lostPlaces,
  nameLimits,
  walkEnds,
  walkPlaces,
  type ContextMaps,
} from './maps.ts'
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

/** The members of a dentry that are read in one piece. */
export function dentryPiece(structures: Structures): {
  readonly from: number
  readonly size: number
  readonly place: (member: 'd_parent' | 'd_name.hash' | 'd_name.name' | 'd_inode') => number
} {
  const members = ['d_parent', 'd_name.hash', 'd_name.name', 'd_inode'] as const
  const offsets = members.map((member) => structures[`dentry.${member}`])
  const from = Math.min(...offsets)
  const size = Math.max(...offsets) + 8 - from
  if (size > at.mountRoot - at.dentry) throw new Error('the members of struct dentry lie far apart')
  return { from, size, place: (member) => at.dentry + structures[`dentry.${member}`] - from }
}

/**
 * Walks from the dentry in r7, in the mount on the stack, to the container's root on the stack; writes what it passes to
 * the value in r9. Uses r6 and r8.
 */
export function walk({ structures }: Given, place: number): readonly AssemblyLine[] {
  const piece = dentryPiece(structures)
  const attributes = (level: number): number => place + walkPlaces.attributes + level * 12
  const finish = (end: keyof typeof walkEnds, then: string): readonly AssemblyLine[] => [
    bpf.label(`walk-${end}`),
    bpf.storeWide(9, place + walkPlaces.end, walkEnds[end]),
    bpf.jump(then),
  ]
  const step = (level: number): readonly AssemblyLine[] => [
    bpf.label(`walk-${level}`),
    bpf.load(1, frame, at.root),
    bpf.jumpIfSame(7, 1, 'walk-root'),
    ...read(7, piece.from, piece.size, at.dentry),
    bpf.load(8, frame, piece.place('d_inode')),
    ...readInto(8, structures['inode.i_mode'], 2, attributes(level)),
    ...readInto(8, structures['inode.i_uid'], 8, attributes(level) + 4),
    bpf.load(1, frame, at.mountRoot),
    bpf.jumpUnlessSame(7, 1, `walk-up-${level}`),
    // A mount's root: on with the directory that it is mounted on.
    bpf.loadLower(1, 9, attributes(level)),
    bpf.or(1, crossingBit),
    bpf.storeLower(9, attributes(level), 1),
    bpf.load(8, frame, at.mount),
    ...read(8, structures['mount.mnt_mountpoint'], 8, at.other),
    ...follow(8, structures['mount.mnt_parent'], 1),
    bpf.jumpIfSame(1, 8, 'walk-unreachable'),
    bpf.load(7, frame, at.other),
    bpf.move(8, 1),
    bpf.store(frame, at.mount, 8),
    ...read(8, structures['mount.mnt'] + structures['vfsmount.mnt_root'], 8, at.mountRoot),
    bpf.jump(`walk-${level + 1}`),
    bpf.label(`walk-up-${level}`),
    bpf.load(3, frame, piece.place('d_name.name')),
    bpf.move(1, 9),
    bpf.add(1, place + walkPlaces.names),
    bpf.addRegister(1, 6),
    bpf.set(2, nameLimits.each),
    bpf.call('readKernelString'),
    bpf.jumpIf(0, 'above', nameLimits.each, 'walk-cut'),
    bpf.addRegister(6, 0),
    bpf.jumpIf(6, 'above', nameLimits.all, 'walk-cut'),
    bpf.load(1, frame, piece.place('d_parent')),
    bpf.jumpIfSame(1, 7, 'walk-unreachable'),
    bpf.move(7, 1),
  ]
  return [
    bpf.set(6, 0),
    ...Array.from({ length: levels }, (_, level) => step(level)).flat(),
    bpf.label(`walk-${levels}`),
    bpf.load(1, frame, at.root),
    bpf.jumpIfSame(7, 1, 'walk-root'),
    ...finish('cut', 'walked'),
    ...finish('unreachable', 'walked'),
    ...finish('root', 'walked'),
    bpf.label('walked'),
  ]
}

const crossingBit = 0x8000_0000 | 0

/** The dentry and the mount of a path (struct path) whose members lie at the pointer in `from`: r7, and on the stack. */
export const startWalk = (
  { structures }: Given,
  from: bpf.Register,
  dentry: number,
  mount: number,
): readonly AssemblyLine[] => [
  ...read(from, mount, 8, at.mount),
  ...follow(from, dentry, 7),
  bpf.load(3, frame, at.mount),
  bpf.add(3, -structures['mount.mnt']),
  bpf.store(frame, at.mount, 3),
  ...read(3, structures['mount.mnt'] + structures['vfsmount.mnt_root'], 8, at.mountRoot),
]

/** The container's root to the stack, from its value in r0. */
export const rootOf: readonly AssemblyLine[] = [
  bpf.load(1, 0, containerValue.root),
  bpf.store(frame, at.root, 1),
]
