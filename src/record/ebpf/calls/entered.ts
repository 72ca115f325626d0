// The program at sys_enter: counts each call of a member in its slot, and the values of its wanted arguments.
// Authority: include/trace/events/syscalls.h.
import { firstSlot, keyedSeven, lostCall, places, unfilteredCall } from '../apart.ts'
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, increment, lookup, noExist, update } from '../blocks.ts'
import type { Layout } from '../layout.ts'
import { slotsPerArchitecture, type Maps } from '../maps.ts'
import { member, type Membership } from '../membership.ts'
import { familyMember } from './family.ts'
import { answered } from './answered.ts'
import { filterSet, noteEntry, type CountingMoment } from './inside.ts'
import { architecture } from './number.ts'
import { counted } from './slot.ts'
import { values, begun } from './values.ts'

/**
 * sys_enter(struct pt_regs *, long number). With `again`, the stand-in runs after the program and counts the calls for
 * which the kernel skipped it. Of calls without a slot it counts those that the maps do not hold.
 */
export function entered(
  layout: Layout,
  maps: Maps,
  membership: Membership,
  moment: 'entry' | 'again' = 'entry',
): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(9, 1, 8),
    bpf.moveLower(9, 9),
    ...countedCall(layout, maps, membership, moment),
  ]
}

/** Counts the call whose number is in r9 and whose registers r6 points to. r7: slot, r8: task. */
export function countedCall(
  layout: Layout,
  maps: Maps,
  membership: Membership,
  moment: CountingMoment,
): readonly AssemblyLine[] {
  const withoutFilter = membership.apart === 'cgroup' && moment === 'entry'
  return [
    ...member(layout, maps, membership, true, withoutFilter ? 'unfiltered' : 'done'),
    ...firstSlot(layout, maps, membership, true),
    ...architecture(layout),
    bpf.jumpIf(9, 'atLeast', slotsPerArchitecture, 'other'),
    bpf.move(1, 7),
    bpf.addRegister(1, 9),
    bpf.storeLower(frame, places.slot, 1),
    ...noteEntry(layout, maps, moment),
    ...(moment === 'exit' ? answered(maps, membership) : []),
    ...counted(maps, membership, 'call'),
    // The slots of the 32-bit architecture follow the machine's own.
    bpf.jumpIf(7, 'equal', slotsPerArchitecture, 'compat'),
    ...filterSet(maps, layout.registers.arguments, 'wide'),
    ...values(maps, layout.registers.arguments, 'wide', false, begun),
    bpf.jump('done'),
    bpf.label('compat'),
    ...filterSet(maps, layout.registers.compatArguments, 'compat'),
    ...values(maps, layout.registers.compatArguments, 'compat', true, begun),
    ...(layout.machine === 'x86_64' ? familyMember(layout, maps, membership) : []),
    bpf.jump('done'),
    ...other(maps, membership, moment === 'again'),
    ...(moment === 'entry' ? unfilteredCall(maps, membership) : []),
    ...lostCall(maps, membership),
  ]
}

/** Counts a call without a slot by architecture and number. r7: first slot, r9: number. */
function other(maps: Maps, membership: Membership, standIn: boolean): readonly AssemblyLine[] {
  const again: readonly AssemblyLine[] = lookup(maps.others, -56)
  return [
    bpf.label('other'),
    bpf.storeLower(frame, -56, 9),
    ...keyedSeven(membership),
    bpf.storeLower(frame, -52, 1),
    ...again,
    bpf.jumpIf(0, 'notEqual', 0, standIn ? 'done' : 'there'),
    bpf.set(1, 1),
    bpf.store(frame, -48, 1),
    ...update(maps.others, -56, -48, noExist),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...again,
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.label('there'),
    ...increment(0),
    bpf.jump('done'),
  ]
}
