// Walks a path from a file to the container's root, across mounts, and keeps the names and attributes on the way.
// Authority: fs/d_path.c (prepend_path).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, read } from '../blocks.ts'
import { containerValue, levels, nameLimits, walkEnds, walkPlaces } from './layout.ts'
import { at, follow, readInto, type ProgramInputs } from './pieces.ts'
import type { Structures } from './structures.ts'

/** The members of a dentry that the programs read in one piece. Throws an Error if they do not fit on the stack. */
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
 * Walks from the dentry in r7, in the mount on the stack, to the container's root on the stack. Writes every level to
 * the memory in r9 at `place`. r6 = the length of the names. Uses r8.
 */
export function walk({ structures }: ProgramInputs, place: number): readonly AssemblyLine[] {
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
    // At a mount's root the walk continues with the directory that the mount covers.
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

/** Starts at the struct path whose members lie at `from` + these offsets: r7 = the dentry, the mount on the stack. */
export const startWalk = (
  { structures }: ProgramInputs,
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

/** Copies the container's root from the container's value in r0 to the stack. */
export const rootOf: readonly AssemblyLine[] = [
  bpf.load(1, 0, containerValue.root),
  bpf.store(frame, at.root, 1),
]
