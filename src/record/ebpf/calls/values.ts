// Notes the values of a call's wanted arguments: one entry for each value, or a mark that not all of them are known.
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, increment, lookup, noExist, alreadyThere, read, readUser, update } from '../blocks.ts'
import { cloneArgs, slotPlaces, valueKey, valuePlaces, wantedBehind, type Maps } from '../maps.ts'
import { failures, result } from './slot.ts'

/** Notes the values of the wanted arguments (r9). r6: registers, r8: the slot's value. `lower`: only 32 bits. */
export function values(
  maps: Maps,
  registers: readonly number[],
  way: string,
  lower: boolean,
  noteValue: Note,
): readonly AssemblyLine[] {
  const [first = 0] = registers
  const argument = (offset: number): readonly AssemblyLine[] => [
    ...read(6, offset, 8, -40 + valueKey.value),
    ...(lower
      ? [bpf.loadLower(1, frame, -40 + valueKey.value), bpf.store(frame, -40 + valueKey.value, 1)]
      : []),
  ]
  return [
    ...registers.flatMap((offset, index) =>
      value(maps, index, 1 << index, `${way}-${index}`, noteValue, () => argument(offset)),
    ),
    ...value(maps, 0, wantedBehind, `${way}-behind`, noteValue, (unknown) => [
      ...argument(first),
      ...flagsBehind(-40 + valueKey.value, unknown),
    ]),
  ]
}

/** Replaces clone3's pointer on the stack by what clone's first argument would be: flags and exit signal together. */
function flagsBehind(stack: number, unknown: string): readonly AssemblyLine[] {
  const copy = -64 - cloneArgs.size
  return [
    bpf.load(3, frame, stack),
    ...readUser(cloneArgs.size, copy),
    bpf.jumpIf(0, 'notEqual', 0, unknown),
    bpf.load(1, frame, copy + cloneArgs.flags),
    bpf.load(2, frame, copy + cloneArgs.exitSignal),
    bpf.orRegister(1, 2),
    bpf.store(frame, stack, 1),
  ]
}

/** How the value in the key at -40 is noted. Goes to `next`, or to `unknown` if there is no room. */
export type Note = (maps: Maps, name: string, unknown: string, next: string) => readonly AssemblyLine[]

/** Counts the entry of a call with the value. */
export const begun: Note = (maps, name, unknown, next) => [
  ...lookup(maps.values, -40),
  bpf.jumpIf(0, 'notEqual', 0, `${name}-known`),
  bpf.set(1, 0),
  bpf.store(frame, -64 + valuePlaces.eperm, 1),
  bpf.store(frame, -64 + valuePlaces.eacces, 1),
  bpf.set(1, 1),
  bpf.store(frame, -64 + valuePlaces.entered, 1),
  ...update(maps.values, -40, -64, noExist),
  bpf.jumpIf(0, 'equal', 0, next),
  // Either another processor has added the value in between, or there is no room.
  bpf.jumpIfLower(0, 'notEqual', alreadyThere, unknown),
  ...lookup(maps.values, -40),
  bpf.jumpIf(0, 'equal', 0, unknown),
  bpf.label(`${name}-known`),
  ...increment(0),
  bpf.jump(next),
]

/** Counts the refusal of a call with the value. The result is on the stack. */
export const refused: Note = (maps, name, _unknown, next) => [
  ...lookup(maps.values, -40),
  bpf.jumpIf(0, 'equal', 0, next),
  bpf.load(1, frame, result),
  bpf.jumpIf(1, 'equal', failures.eperm, `${name}-refused`),
  bpf.add(0, valuePlaces.eacces - valuePlaces.eperm),
  bpf.label(`${name}-refused`),
  bpf.set(1, 1),
  bpf.addTo(0, valuePlaces.eperm, 1),
  bpf.jump(next),
]

/** Notes one value if its bit is wanted. `fetch` puts the value into the key, or goes to the label that it is given. */
export function value(
  maps: Maps,
  index: number,
  wanted: number,
  name: string,
  noteValue: Note,
  fetch: (unknown: string) => readonly AssemblyLine[],
): readonly AssemblyLine[] {
  const [unknown, next] = [`${name}-unknown`, `${name}-done`]
  return [
    bpf.move(1, 9),
    bpf.and(1, wanted),
    bpf.jumpIf(1, 'equal', 0, next),
    bpf.storeValue(frame, -40 + valueKey.index, index),
    ...fetch(unknown),
    ...noteValue(maps, name, unknown, next),
    bpf.label(unknown),
    ...(noteValue !== refused ? [bpf.storeByte(8, slotPlaces.cut + index, 1)] : []),
    bpf.label(next),
  ]
}
