// The building blocks of the programs: maps, memory, the current task, counters. Each comment names the registers that
// the block sets. Authority: bpf-helpers(7).
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import type { Layout } from './layout.ts'
import type { Maps } from './maps.ts'

export const frame = 10
export const noExist = 1
/**
 * -EEXIST. Compare only the lower half of the register: before Linux 6.4 (commit d7ba4cc900bf) helpers that update maps
 * return an int and leave the upper half clear.
 */
export const alreadyThere = -17

/** Copies `size` bytes of kernel memory at `from` (not r1, r2) + offset to `base` + place: by default the stack. */
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

/** Copies `size` bytes of the recorded program's memory at r3 to the stack. r0 = 0, or a negative errno. */
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

/** r0 = the address of the value of the key at `base` + key, by default on the stack; 0 if there is none. */
export const lookup = (map: Map, key: number, base: bpf.Register = frame): readonly AssemblyLine[] => [
  ...keyed(map, key, base),
  bpf.call('mapLookup'),
]

/** Removes the key on the stack from the map. */
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

/** Where `inTurn` keeps the pointer to the tracepoint's arguments: below the stack that its programs use. */
const given = -256

/**
 * Joins several programs into one that runs each to its exit, in turn. A second program at the same tracepoint would
 * cost every call more. Each program finds the tracepoint's arguments in r1.
 */
export function inTurn(programs: readonly (readonly AssemblyLine[])[]): readonly AssemblyLine[] {
  return [
    bpf.store(frame, given, 1),
    ...programs.flatMap((lines, at) => [bpf.load(1, frame, given), ...within(lines, String(at))]),
    bpf.set(0, 0),
    bpf.exit,
  ]
}

/** A program as a part of another one: it has labels of its own, and what follows runs after its exit. */
export function within(lines: readonly AssemblyLine[], name: string): readonly AssemblyLine[] {
  const own = lines.map((line): AssemblyLine => {
    if ('label' in line) return bpf.label(`${name}-${line.label}`)
    if (line.code === bpf.exit.code) return bpf.jump(`${name}-over`)
    return line.jump === undefined ? line : { ...line, jump: `${name}-${line.jump}` }
  })
  return [...own, bpf.label(`${name}-over`)]
}

export const increment = (pointer: bpf.Register): readonly AssemblyLine[] => [
  bpf.set(1, 1),
  bpf.addTo(pointer, 0, 1),
]

/** Adds one to a place of `control`. Uses the stack at -64. */
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

/** to = 32 bits of the task in r8: a load if the kernel knows the pointer's type, else a copy over the stack (-8). */
export function ofTask({ isTyped }: Layout, offset: number, to: bpf.Register): readonly AssemblyLine[] {
  if (isTyped) return [bpf.loadLower(to, 8, offset)]
  return [...read(8, offset, 4, -8), bpf.loadLower(to, frame, -8)]
}

/** For sched_process_exit(struct task_struct *): goes to `done` if a thread is left; else the process id is at -8. */
export const lastThread = ({ task, live }: Layout): readonly AssemblyLine[] => [
  bpf.load(6, 1, 0),
  ...read(6, task.signal, 8, -16),
  bpf.load(7, frame, -16),
  ...read(7, live, 4, -8),
  bpf.loadLower(1, frame, -8),
  bpf.jumpIf(1, 'notEqual', 0, 'done'),
  ...read(6, task.tgid, 4, -8),
]
