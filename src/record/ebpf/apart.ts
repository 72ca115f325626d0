// Separate counts in one recording: for calls under a filter and calls without one, or for each cgroup. Each of these
// groups has a first slot. Every key about a call has the sum of the call's slot and its group's first slot. A cgroup
// gets its first slot at its first call. Each processor numbers the cgroups that it meets first, so no processor waits.
// Authority: bpf-helpers(7) for bpf_get_current_cgroup_id and bpf_get_smp_processor_id.
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import type { KernelMap } from './kernel.ts'
import type { Layout } from './layout.ts'
import { controlKeys, groupValue, slotsOf, type Groups, type Maps } from './maps.ts'
import { done, frame, increment, lookup, noExist, note, ofTask, update } from './blocks.ts'
import { seccompFilter, type Membership } from './membership.ts'

/** Places on the stack: the slot of a call, the slot plus the first slot, and the first slot. */
export const places = { slot: -16, keyed: -12, first: -128 } as const
const [group, processor, count, value, zeros] = [-136, -144, -152, -176, -216]

/** The first slot that marks a cgroup as not counted. */
export const leftOut = 0xffffffff

/** The place of the key under which a call is kept. */
export const keyOf = ({ apart }: Membership): number => (apart === undefined ? places.slot : places.keyed)

/** Leaves the first slot on the stack, or goes to `done` or `lost`. r8: task. `begins`: a new cgroup gets one. */
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

/**
 * Enters the cgroup on the stack under this processor's next number. r0 = the cgroup's value. A program that can be
 * preempted takes its number in one step, because the stand-in numbers cgroups too.
 */
function numbered(
  { machine, isPreempted }: Layout,
  { known, next, processors }: Groups,
): readonly AssemblyLine[] {
  return [
    bpf.storeValue(frame, processor, 0),
    ...lookup(next, processor),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    ...(isPreempted
      ? [bpf.set(1, 1), bpf.addFetching(0, 0, 1), bpf.store(frame, count, 1)]
      : [bpf.load(1, 0, 0), bpf.store(frame, count, 1), ...increment(0)]),
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
    // Another processor may have entered the cgroup first.
    ...lookup(known, group),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
  ]
}

/** Stores the slot plus the first slot on the stack. Uses r1 and r2. */
export function keying({ apart }: Membership): readonly AssemblyLine[] {
  if (apart === undefined) return []
  return [
    bpf.loadLower(1, frame, places.slot),
    bpf.loadLower(2, frame, places.first),
    bpf.addRegister(1, 2),
    bpf.storeLower(frame, places.keyed, 1),
  ]
}

/** r1 = the slot in r7 plus the first slot. Uses r2. */
export function keyedSeven({ apart }: Membership): readonly AssemblyLine[] {
  if (apart === undefined) return [bpf.move(1, 7)]
  return [bpf.loadLower(1, frame, places.first), bpf.addRegister(1, 7)]
}

/** r0 = the value of the key in a map of counts. A missing value is made; if there is no room, goes to `lost`. */
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
    bpf.store(frame, zeros + 24, 1),
    bpf.store(frame, zeros + 32, 1),
    ...update(map, key, zeros, noExist),
    ...lookup(map, key),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.label(`${way}-there`),
  ]
}

/** r0 = the key's value in `slots`. With separate counts it is copied from the template at the first call. */
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

/** Counts a call without a filter for its cgroup. */
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

/** Counts the start of a program for its cgroup, if the cgroup has made a call before. */
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

/** The end of a counting program. A call without room counts as lost: for its cgroup, if known, else in `control`. */
export function lostCall(maps: Maps, { apart }: Membership): readonly AssemblyLine[] {
  const { groups } = maps
  return [
    bpf.label('lost'),
    ...(groups === undefined || apart !== 'cgroup'
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
