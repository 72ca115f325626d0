// The calls whose end is evidence about a security context, by slot. The spec of a slot tells the programs where the
// call has its arguments. A call leaves their registers unchanged, except the register of the result. Authority:
// syscalls(2), socketcall(2); old_mmap of arch/x86/kernel/sys_ia32.c (struct mmap_arg_struct).
import { architectures, type Architecture } from '../../../abi/architectures.ts'
import { multiplexers } from '../../../abi/multiplexers.ts'
import { callName, syscallTable } from '../../../abi/tables.ts'
import {
  firstPaths,
  secondPaths,
  type PathCall,
  type PathKind,
} from '../../../read/observations/path-calls.ts'
import { plainCall } from '../../../read/observations/plain-call.ts'
import { architecturesOf, type Layout, type RecorderMachine } from '../layout.ts'
import { slotsPerArchitecture } from '../maps.ts'
import { absent, slots, specKinds, specPlaces } from './layout.ts'

/** Calls that may give or drop capabilities, make a user namespace or use io_uring, without a capability check. */
export const privilegeCalls = ['capset', 'prctl', 'unshare', 'clone', 'clone3', 'io_uring_setup'] as const

/** The 32-bit architecture of a machine. */
const compatOf = { x86_64: 'x86', aarch64: 'arm' } as const

/** The two architectures with slots of their own: the first slot, the table, and the registers of arguments. */
export interface SlotArchitecture {
  readonly first: 0 | typeof slots.compat
  readonly architecture: Architecture
  readonly registers: readonly number[]
}
export const slotArchitectures = ({
  machine,
  registers,
}: Pick<Layout, 'machine' | 'registers'>): readonly SlotArchitecture[] => [
  { first: 0, architecture: machine, registers: registers.arguments },
  { first: slots.compat, architecture: compatOf[machine], registers: registers.compatArguments },
]

/** The name in evidence of the call with this slot. */
export function callAt(machine: RecorderMachine, slot: number): string {
  const name =
    slot < slots.compat ? callName(machine, slot) : callName(compatOf[machine], slot - slots.compat)
  return plainCall(name)
}

/** The slots of the calls that have one of these names in evidence. */
export function slotsOfCalls(
  { first, architecture }: SlotArchitecture,
  names: readonly string[],
): readonly number[] {
  return syscallTable(architecture).entries.flatMap(({ name, number }) =>
    number < slots.compat && names.includes(plainCall(name)) ? [first + number] : [],
  )
}

/** The slots in which a call with this slot is counted; none for a slot of no call. */
export function countedSlots({ machine }: Pick<Layout, 'machine'>, slot: number): readonly number[] {
  if (slot >= slots.second) return []
  const all = architecturesOf[machine]
  const counted = (architecture: Architecture, number: number): number =>
    all.indexOf(architecture) * slotsPerArchitecture + number
  if (slot >= slots.compat) return [counted(compatOf[machine], slot - slots.compat)]
  if (!all.includes('x32')) return [counted(machine, slot)]
  const name = syscallTable('x86_64').byNumber(slot)?.name
  const others = syscallTable('x32').entries.filter((each) => each.name === name)
  const without = architectures.x32.numberBit
  return [
    counted(machine, slot),
    counted('x32', slot),
    ...others.map(({ number }) => counted('x32', number - without)),
  ]
}

/** i386's calls whose arguments lie in memory, and the argument that points to them. */
const inMemory: Readonly<Record<string, number>> = { mmap: 0, socketcall: 1 }
/** The only member of socketcall that is evidence. */
export const bindMember = multiplexers.socketcall['bind'] as number

/** Whether the call takes ids of 16 bits, because its architecture has it with wider ids too. */
export function hasShortIds(machine: RecorderMachine, slot: number): boolean {
  if (slot < slots.compat) return false
  const table = syscallTable(compatOf[machine])
  const name = table.byNumber(slot - slots.compat)?.name
  return name !== undefined && table.byName(`${name}32`) !== undefined
}

/** The values of `specs` by slot. */
export function specsFor(
  layout: Pick<Layout, 'machine' | 'registers'>,
): readonly (readonly [slot: number, value: Buffer])[] {
  return slotArchitectures(layout).flatMap((each) =>
    syscallTable(each.architecture).entries.flatMap(({ name, number }) => {
      if (number >= slots.compat) return []
      const called = pathName(name)
      return [
        ...pathsOf(firstPaths, called).map((path) => [0, path] as const),
        ...pathsOf(secondPaths, called).map((path) => [slots.second, path] as const),
      ].map(([base, path]) => [base + each.first + number, specOf(each, path, name)] as const)
    }),
  )
}

const pathsOf = (all: readonly PathCall[], name: string): readonly PathCall[] =>
  all.filter(({ call }) => call === name)

const pathName = (name: string): string => (name === 'socketcall' ? 'bind' : plainCall(name))

function specOf({ architecture, registers }: SlotArchitecture, path: PathCall, name: string): Buffer {
  const behind = architecture === 'x86' ? inMemory[name] : undefined
  const register = (index: number): number => registers[index] ?? absent
  const value = Buffer.alloc(specPlaces.size)
  value.writeUInt32LE(specKinds[path.how], specPlaces.kind)
  for (const place of ['base', 'path', 'mode', 'uid', 'gid', 'flags'] as const) {
    const index = place === 'flags' ? (path.flags ?? path.request) : path[place]
    value.writeUInt32LE(
      index === undefined ? absent : behind === undefined ? register(index) : index * 4,
      specPlaces[place],
    )
  }
  value.writeUInt32LE(path.constant ?? 0, specPlaces.constant)
  value.writeUInt32LE(behind === undefined ? absent : register(behind), specPlaces.behind)
  const isWide = architecture !== 'x86' && architecture !== 'arm'
  value.writeBigUInt64LE(isWide ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn, specPlaces.mask)
  return value
}

/** What the call does with its first or second path; undefined if it has no such path. */
export function kindOf(machine: RecorderMachine, slot: number, isSecond: boolean): PathKind | undefined {
  return pathsOf(isSecond ? secondPaths : firstPaths, pathName(callAt(machine, slot)))[0]?.kind
}

/** The name of the call that has a path, or changes ids or privileges. */
export const deedAt = (machine: RecorderMachine, slot: number): string => pathName(callAt(machine, slot))
