// What is counted apart in one recording: calls under a filter and calls without one, or each cgroup's. Whoever is counted
// apart has a first slot of its own, which is added to a call's slot wherever something is kept of the call. A cgroup gets
// its first slot at its first call: processors number theirs by themselves, so that none waits for another.
// Authority: bpf-helpers(7) for bpf_get_current_cgroup_id and bpf_get_smp_processor_id.
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import type { KernelMap } from './kernel.ts'
import type { Layout } from './layout.ts'
import { controlKeys, groupValue, slotsOf, type Groups, type Maps } from './maps.ts'
import { done, frame, increment, lookup, noExist, note, ofTask, update } from './blocks.ts'
import { seccompFilter, type Membership } from './membership.ts'

/** Places on the stack: a call's slot, the same with the first slot added, and that first slot. */
export const places = { slot: -16, keyed: -12, first: -128 } as const
const [group, processor, count, value, zeros] = [-136, -144, -152, -176, -200]

/** The first slot of a cgroup that is left out. */
export const leftOut = 0xffffffff

/** The key of what is kept of a call. */
export const keyOf = ({ apart }: Membership): number => (apart === undefined ? places.slot : places.keyed)

/** Leaves the first slot on the stack. r8: task. `begins`: a cgroup without one gets one. Goes to `done` and `lost`. */
export function firstSlot(
  layout: Layout,
  maps: Maps,
  { apart }: Membership,
  begins: boolean,
): readonly AssemblyLine[] {
  if (apart === undefined) return []
  if (apart === 'filter')
    return [
      bpf.storeValue(frame, places.first, 0),
      ...ofTask(layout, layout.task.seccompMode, 1),
      bpf.jumpIf(1, 'equal', seccompFilter, 'filtered'),
      bpf.storeValue(frame, places.first, slotsOf(layout.machine)),
      bpf.label('filtered'),
    ]
  const { groups } = maps
  if (groups === undefined) throw new Error('no maps for cgroups')
  return [
    bpf.call('currentCgroup'),
    bpf.store(frame, group, 0),
    ...lookup(groups.known, group),
    bpf.jumpIf(0, 'notEqual', 0, 'group'),
    ...(begins ? numbered(layout, groups) : [bpf.jump('done')]),
    bpf.label('group'),
    bpf.loadLower(1, 0, groupValue.first),
    bpf.storeLower(frame, places.first, 1),
    bpf.jumpIfLower(1, 'equal', leftOut | 0, 'done'),
  ]
}

/** Makes the cgroup on the stack known: its number is the processor's next one. r0 = its value. */
function numbered({ machine }: Layout, { known, next, processors }: Groups): readonly AssemblyLine[] {
  return [
    bpf.storeValue(frame, processor, 0),
    ...lookup(next, processor),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.load(1, 0, 0),
    bpf.store(frame, count, 1),
    ...increment(0),
    bpf.call('currentProcessor'),
    bpf.load(1, frame, count),
    bpf.multiply(1, processors),
    bpf.addRegister(1, 0),
    bpf.multiply(1, slotsOf(machine)),
    bpf.store(frame, value + groupValue.first, 1),
    bpf.set(1, 0),
    bpf.store(frame, value + groupValue.lost, 1),
    bpf.store(frame, value + groupValue.programs, 1),
    ...update(known, group, value, noExist),
    // Another processor may have been quicker.
    ...lookup(known, group),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
  ]
}

/** The key of the slot on the stack. Uses r1 and r2. */
export function keying({ apart }: Membership): readonly AssemblyLine[] {
  if (apart === undefined) return []
  return [
    bpf.loadLower(1, frame, places.slot),
    bpf.loadLower(2, frame, places.first),
    bpf.addRegister(1, 2),
    bpf.storeLower(frame, places.keyed, 1),
  ]
}

/** r1 = the slot in r7 with the first slot added. Uses r2. */
export function keyedSeven({ apart }: Membership): readonly AssemblyLine[] {
  if (apart === undefined) return [bpf.move(1, 7)]
  return [bpf.loadLower(1, frame, places.first), bpf.addRegister(1, 7)]
}

/** r0 = the value of the key in a map of counts, which is made where there is none yet; to `lost` without room. */
export function entry(map: KernelMap, membership: Membership, way: string): readonly AssemblyLine[] {
  const key = keyOf(membership)
  if (map.type !== 'perCpuHash') return [...lookup(map, key), bpf.jumpIf(0, 'equal', 0, 'lost')]
  return [
    ...lookup(map, key),
    bpf.jumpIf(0, 'notEqual', 0, `${way}-there`),
    bpf.set(1, 0),
    bpf.store(frame, zeros, 1),
    bpf.store(frame, zeros + 8, 1),
    bpf.store(frame, zeros + 16, 1),
    ...update(map, key, zeros, noExist),
    ...lookup(map, key),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.label(`${way}-there`),
  ]
}

/** r0 = what is known of the slot: a cgroup's own is a copy of the slot's, made at its first call. */
export function aboutSlot(maps: Maps, membership: Membership, way: string): readonly AssemblyLine[] {
  const key = keyOf(membership)
  const found = lookup(maps.slots, key)
  if (maps.groups === undefined) return [...found, bpf.jumpIf(0, 'equal', 0, 'done')]
  return [
    ...found,
    bpf.jumpIf(0, 'notEqual', 0, `${way}-about`),
    ...lookup(maps.groups.template, places.slot),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.move(3, 0),
    bpf.map(1, maps.slots.descriptor),
    bpf.move(2, frame),
    bpf.add(2, key),
    bpf.set(4, noExist),
    bpf.call('mapUpdate'),
    ...lookup(maps.slots, key),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.label(`${way}-about`),
  ]
}

/** Counts by its cgroup a call that is made without a filter. */
export function unfilteredCall({ groups }: Maps, { apart }: Membership): readonly AssemblyLine[] {
  if (groups === undefined || apart !== 'cgroup') return []
  return [
    bpf.label('unfiltered'),
    bpf.call('currentCgroup'),
    bpf.store(frame, group, 0),
    ...lookup(groups.unfiltered, group),
    bpf.jumpIf(0, 'notEqual', 0, 'unfiltered-there'),
    bpf.set(1, 1),
    bpf.store(frame, value, 1),
    ...update(groups.unfiltered, group, value, noExist),
    bpf.jump('done'),
    bpf.label('unfiltered-there'),
    ...increment(0),
    bpf.jump('done'),
  ]
}

/** Counts for its cgroup that a program was started in it; nothing where the cgroup made no call before. */
export function startedInGroup({ groups }: Maps): readonly AssemblyLine[] {
  if (groups === undefined) return []
  return [
    bpf.call('currentCgroup'),
    bpf.store(frame, group, 0),
    ...lookup(groups.known, group),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.add(0, groupValue.programs),
    ...increment(0),
  ]
}

/** The end of a program that counts: what found no room is the cgroup's loss, where the cgroup is known. */
export function lostCall(maps: Maps): readonly AssemblyLine[] {
  const { groups } = maps
  return [
    bpf.label('lost'),
    ...(groups === undefined
      ? []
      : [
          ...lookup(groups.known, group),
          bpf.jumpIf(0, 'equal', 0, 'lost-cgroup'),
          bpf.add(0, groupValue.lost),
          ...increment(0),
          bpf.jump('done'),
          bpf.label('lost-cgroup'),
        ]),
    ...note(maps, controlKeys.lostCalls, 'done'),
    ...done,
  ]
}
