// The calls whose end tells something of a security context, as the programs at sys_exit look them up: by number, with the
// registers of their arguments, which a call leaves as they were but for the result. Authority: syscalls(2).
import type { Architecture } from '../../../abi/architectures.ts'
import { syscallTable } from '../../../abi/tables.ts'
import { firstPaths, secondPaths, type PathKind } from '../../../read/observations/path-calls.ts'
import type { Layout } from '../layout.ts'
import { absent, slots, specKinds, specPlaces } from './maps.ts'

export const identityCalls = [
  'setuid',
  'setgid',
  'setreuid',
  'setregid',
  'setresuid',
  'setresgid',
  'setgroups',
] as const
/** Calls that give or take capabilities without a check, or make a user namespace. */
export const privilegeCalls = ['capset', 'prctl', 'unshare', 'clone', 'clone3', 'io_uring_setup'] as const

export function numberOf(machine: Architecture, call: string): number | undefined {
  const number = syscallTable(machine).byName(call)?.number
  return number === undefined || number >= slots.second ? undefined : number
}

/** By slot, what `specs` holds. */
export function specsFor({
  machine,
  registers,
}: Layout): readonly (readonly [slot: number, value: Buffer])[] {
  const register = (index: number | undefined): number =>
    index === undefined ? absent : (registers.arguments[index] ?? absent)
  return [
    ...firstPaths.map((each) => [0, each] as const),
    ...secondPaths.map((each) => [slots.second, each] as const),
  ].flatMap(([base, each]) => {
    const number = numberOf(machine, each.call)
    if (number === undefined) return []
    const value = Buffer.alloc(specPlaces.size)
    value.writeUInt32LE(specKinds[each.how], specPlaces.kind)
    for (const place of ['base', 'path', 'mode', 'uid', 'gid', 'flags'] as const)
      value.writeUInt32LE(register(each[place]), specPlaces[place])
    value.writeUInt32LE(each.constant ?? 0, specPlaces.constant)
    return [[base + number, value] as const]
  })
}

/** What the end of a call says was done with its first or second path. */
export function kindOf(machine: Architecture, number: number, isSecond: boolean): PathKind | undefined {
  const name = syscallTable(machine).byNumber(number)?.name
  return (isSecond ? secondPaths : firstPaths).find(({ call }) => call === name)?.kind
}
