// Calls of i386 that are members of socketcall or ipc: each is counted in a slot of its own besides its family.
// Authority: net/socket.c (SYSCALL_DEFINE2(socketcall)), ipc/syscall.c (ksys_ipc).
import type { Multiplexer } from '../../../abi/multiplexers.ts'
import { syscallTable } from '../../../abi/tables.ts'
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, read, readUser } from '../blocks.ts'
import { architecturesOf, type Layout } from '../layout.ts'
import { familySlot, slotPlaces, slotsPerArchitecture, slotsPerFamily, valueKey, type Maps } from '../maps.ts'
import type { Membership } from '../membership.ts'
import { counted, failed } from './slot.ts'
import { value, type Note, begun, refused } from './values.ts'

const familySlots = (family: Multiplexer) => {
  const number = syscallTable('x86').byName(family)?.number ?? 0
  return {
    own: architecturesOf.x86_64.indexOf('x86') * slotsPerArchitecture + number,
    members: familySlot(family),
  }
}
const [socketcall, ipc] = [familySlots('socketcall'), familySlots('ipc')]
/** Where the pointer to the arguments of socketcall's member lies on the stack. */
const pointer = -112

/**
 * If the slot at -16 is that of i386's socketcall or ipc, replaces it by the member's slot; else goes to `done`. r6:
 * registers. r7 = the family's first slot. Authority: net/socket.c (SYSCALL_DEFINE2(socketcall)), ipc/syscall.c
 * (ksys_ipc: the upper half of the number is a version).
 */
function toMember({ registers }: Layout): readonly AssemblyLine[] {
  const [which = 0] = registers.compatArguments
  return [
    bpf.loadLower(7, frame, -16),
    ...read(6, which, 8, -8),
    bpf.loadLower(1, frame, -8),
    bpf.jumpIf(7, 'equal', socketcall.own, 'socketcall'),
    bpf.jumpIf(7, 'notEqual', ipc.own, 'done'),
    bpf.and(1, 0xffff),
    bpf.set(7, ipc.members),
    bpf.jump('known-family'),
    bpf.label('socketcall'),
    bpf.set(7, socketcall.members),
    bpf.label('known-family'),
    bpf.jumpIf(1, 'atLeast', slotsPerFamily, 'done'),
    bpf.addRegister(1, 7),
    bpf.storeLower(frame, -16, 1),
  ]
}

/** Copies one 32-bit word from the pointer on the stack into the key, as the value. */
const word = (index: number, unknown: string): readonly AssemblyLine[] => [
  bpf.load(3, frame, pointer),
  bpf.add(3, index * 4),
  ...readUser(4, -40 + valueKey.value),
  bpf.jumpIf(0, 'notEqual', 0, unknown),
]

/** Stores the pointer to the arguments of socketcall's member. Clears the key's value, whose upper half stays 0. */
function behindFamily({ registers }: Layout): readonly AssemblyLine[] {
  const [, behind = 0] = registers.compatArguments
  return [
    ...read(6, behind, 8, pointer),
    bpf.loadLower(1, frame, pointer),
    bpf.store(frame, pointer, 1),
    bpf.set(1, 0),
    bpf.store(frame, -40 + valueKey.value, 1),
  ]
}

const words = ({ registers }: Layout, maps: Maps, noteValue: Note): readonly AssemblyLine[] =>
  registers.compatArguments.flatMap((_, index) =>
    value(maps, index, 1 << index, `word-${index}`, noteValue, (unknown) => word(index, unknown)),
  )

/**
 * Counts a member besides its family. The member's arguments are at the address in socketcall's second one, 32 bits
 * each.
 */
export function familyMember(layout: Layout, maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    ...toMember(layout),
    ...behindFamily(layout),
    bpf.jumpIf(7, 'equal', ipc.members, 'of-family'),
    // If the arguments cannot be read, the kernel calls no member.
    ...word(0, 'done'),
    bpf.label('of-family'),
    ...counted(maps, membership, 'of-family'),
    // No known profile has a condition on ipc's members, each of which has its own order of arguments.
    bpf.jumpIf(7, 'equal', ipc.members, 'untold'),
    ...words(layout, maps, begun),
    bpf.jump('done'),
    bpf.label('untold'),
    ...layout.registers.compatArguments.map((_, index) => bpf.storeByte(8, slotPlaces.cut + index, 1)),
  ]
}

export function failedMember(layout: Layout, maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    ...toMember(layout),
    ...failed(maps, membership, 'of-family', 'done'),
    bpf.jumpIf(7, 'equal', ipc.members, 'done'),
    ...behindFamily(layout),
    ...words(layout, maps, refused),
  ]
}
