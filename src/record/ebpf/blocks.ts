// The pieces that the programs are made of: maps, memory, the current task, counters. What each leaves in which register
// is said where it stands. Authority: bpf-helpers(7).
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import type { Layout } from './layout.ts'
import type { Maps } from './maps.ts'

export const frame = 10
export const noExist = 1
/**
 * -EEXIST. Before Linux 6.4 helpers that update maps give an int in a register whose upper half is clear (commit
 * d7ba4cc900bf changed that), so that only the lower half may be compared.
 */
export const alreadyThere = -17

/** Copies `size` bytes at `from` (not r1, r2) + offset in the kernel to the stack, or to where `base` points. */
export const read = (
  from: bpf.Register,
  offset: number,
  size: number,
  place: number,
  base: bpf.Register = frame,
): readonly AssemblyLine[] => [
  bpf.move(1, base),
  bpf.add(1, place),
  bpf.set(2, size),
  bpf.move(3, from),
  bpf.add(3, offset),
  bpf.call('readKernel'),
]

/** Copies `size` bytes at r3 in the memory of the program to the stack; r0 = 0, or an error. */
export const readUser = (size: number, place: number): readonly AssemblyLine[] => [
  bpf.move(1, frame),
  bpf.add(1, place),
  bpf.set(2, size),
  bpf.call('readUser'),
]

type Map = { readonly descriptor: number }
const keyed = (map: Map, key: number, base: bpf.Register): readonly AssemblyLine[] => [
  bpf.map(1, map.descriptor),
  bpf.move(2, base),
  bpf.add(2, key),
]

/** r0 = the value of the key on the stack, or where `base` points; or 0. */
export const lookup = (map: Map, key: number, base: bpf.Register = frame): readonly AssemblyLine[] => [
  ...keyed(map, key, base),
  bpf.call('mapLookup'),
]

/** Takes the key on the stack out. */
export const remove = (map: Map, key: number): readonly AssemblyLine[] => [
  ...keyed(map, key, frame),
  bpf.call('mapDelete'),
]

export const update = (
  map: Map,
  key: number,
  value: number,
  flags: number,
  base: bpf.Register = frame,
): readonly AssemblyLine[] => [
  ...keyed(map, key, base),
  bpf.move(3, base),
  bpf.add(3, value),
  bpf.set(4, flags),
  bpf.call('mapUpdate'),
]

export const done: readonly AssemblyLine[] = [bpf.label('done'), bpf.set(0, 0), bpf.exit]

export const increment = (pointer: bpf.Register): readonly AssemblyLine[] => [
  bpf.set(1, 1),
  bpf.addTo(pointer, 0, 1),
]

/** Adds one to a place of `control`; uses the stack at -64. */
export const note = (maps: Maps, key: number, then: string): readonly AssemblyLine[] => [
  bpf.storeValue(frame, -64, key),
  ...lookup(maps.control, -64),
  bpf.jumpIf(0, 'equal', 0, then),
  ...increment(0),
]

/** r8 = the current task. */
export function currentTask({ isTyped }: Layout): readonly AssemblyLine[] {
  return [bpf.call(isTyped ? 'currentTypedTask' : 'currentTask'), bpf.move(8, 0)]
}

/** 32 bits of the task in r8: a load where the kernel knows the pointer's type, else copied over the stack (-8). */
export function ofTask({ isTyped }: Layout, offset: number, to: bpf.Register): readonly AssemblyLine[] {
  if (isTyped) return [bpf.loadLower(to, 8, offset)]
  return [...read(8, offset, 4, -8), bpf.loadLower(to, frame, -8)]
}

/** Of sched_process_exit(struct task_struct *): `done` while a thread is left, else the process's id at -8. */
export const lastThread = ({ task, live }: Layout): readonly AssemblyLine[] => [
  bpf.load(6, 1, 0),
  ...read(6, task.signal, 8, -16),
  bpf.load(7, frame, -16),
  ...read(7, live, 4, -8),
  bpf.loadLower(1, frame, -8),
  bpf.jumpIf(1, 'notEqual', 0, 'done'),
  ...read(6, task.tgid, 4, -8),
]
