// The calls whose end is evidence about a security context. Programs at sys_exit look them up by number, with the
// registers of their arguments, which a call leaves unchanged except for the result. Authority: syscalls(2).
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
/** Calls that may give or drop capabilities, make a user namespace or use io_uring, without a capability check. */
export const privilegeCalls = ['capset', 'prctl', 'unshare', 'clone', 'clone3', 'io_uring_setup'] as const

export function numberOf(machine: Architecture, call: string): number | undefined {
  const number = syscallTable(machine).byName(call)?.number
  return number === undefined || number >= slots.second ? undefined : number
}

/** The values of `specs` by slot. */
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

/** What the call does with its first or second path; undefined if it has no such path. */
export function kindOf(machine: Architecture, number: number, isSecond: boolean): PathKind | undefined {
  const name = syscallTable(machine).byNumber(number)?.name
  return (isSecond ? secondPaths : firstPaths).find(({ call }) => call === name)?.kind
}
