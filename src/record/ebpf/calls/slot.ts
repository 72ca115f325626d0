// Counts a call, or a failure of it, in the slot of the call. The slot's number lies at -16 on the stack.
import { aboutSlot, entry, keying, keyOf } from '../apart.ts'
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, increment, lookup } from '../blocks.ts'
import { controlKeys, failurePlaces, slotPlaces, valueKey, type Maps } from '../maps.ts'
import type { Membership } from '../membership.ts'

/** The results that count as failures. */
export const failures = { eperm: -1, eacces: -13, enosys: -38 } as const
/** Where the result of the call lies on the stack. */
export const result = -120

/**
 * Counts the slot at -16. r8 = its value in `slots`, r9 = the
 * wanted arguments. Goes to `done` if no argument is wanted.
 */
export function counted(maps: Maps, membership: Membership, way: string): readonly AssemblyLine[] {
  const named = `${way}-named`
  return [
    ...keying(membership),
    ...entry(maps.counts, membership, way),
    bpf.load(9, 0, 0),
    ...increment(0),
    ...aboutSlot(maps, membership, way),
    bpf.move(8, 0),
    // The first such call on this processor may be the first of all.
    bpf.jumpIf(9, 'notEqual', 0, named),
    bpf.loadByte(1, 8, slotPlaces.comm),
    bpf.jumpIf(1, 'notEqual', 0, named),
    bpf.move(1, 8),
    bpf.add(1, slotPlaces.comm),
    bpf.set(2, slotPlaces.size - slotPlaces.comm),
    bpf.call('currentComm'),
    ...newest(maps, named),
    bpf.label(named),
    ...wantedOf(membership, 'done'),
  ]
}

/** Notes the current time and the slot at -16 as the newest call. */
const newest = (maps: Maps, then: string): readonly AssemblyLine[] => [
  bpf.storeValue(frame, -64, controlKeys.newestAt),
  ...lookup(maps.control, -64),
  bpf.jumpIf(0, 'equal', 0, then),
  bpf.move(9, 0),
  bpf.call('monotonicTime'),
  bpf.store(9, 0, 0),
  bpf.storeValue(frame, -64, controlKeys.newestSlot),
  ...lookup(maps.control, -64),
  bpf.jumpIf(0, 'equal', 0, then),
  bpf.loadLower(1, frame, -16),
  bpf.store(0, 0, 1),
]

/** r9 = the wanted arguments, from the slot's value in r8. Goes to `none` without any. Puts the slot into the key. */
const wantedOf = (membership: Membership, none: string): readonly AssemblyLine[] => [
  bpf.loadByte(9, 8, slotPlaces.wanted),
  bpf.jumpIf(9, 'equal', 0, none),
  bpf.loadLower(1, frame, keyOf(membership)),
  bpf.storeLower(frame, -40 + valueKey.slot, 1),
]

/** Counts the result for the slot at -16. r8, r9 as after `counted`. Goes to `none` if there are no values to note. */
export function failed(
  maps: Maps,
  membership: Membership,
  way: string,
  none: string,
): readonly AssemblyLine[] {
  const [eacces, eperm] = [`${way}-eacces`, `${way}-eperm`]
  return [
    ...keying(membership),
    ...entry(maps.failures, membership, way),
    bpf.load(9, frame, result),
    bpf.jumpIf(9, 'equal', failures.eperm, eperm),
    bpf.jumpIf(9, 'equal', failures.eacces, eacces),
    bpf.add(0, failurePlaces.enosys - failurePlaces.eacces),
    bpf.label(eacces),
    bpf.add(0, failurePlaces.eacces - failurePlaces.eperm),
    bpf.label(eperm),
    ...increment(0),
    bpf.jumpIf(9, 'equal', failures.enosys, none),
    ...lookup(maps.slots, keyOf(membership)),
    bpf.jumpIf(0, 'equal', 0, none),
    bpf.move(8, 0),
    ...wantedOf(membership, none),
  ]
}
