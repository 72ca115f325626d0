// The maps a recording counts in. A call's slot is its architecture's place in the table of the machine, times 1024,
// plus its number; numbers beyond (arm's private ones, nonsense) are counted by themselves.
import { multiplexers, type Multiplexer } from '../../abi/multiplexers.ts'
import type { BpfCalls, KernelMap, MapCalls } from './kernel.ts'
import type { Membership } from './membership.ts'
import { architecturesOf, type RecorderMachine } from './layout.ts'

/** Numbers per architecture that have a slot. x32 counts without its bit 30. */
export const slotsPerArchitecture = 1024

/** Numbers of the members of i386's socketcall and ipc; each family has so many slots behind all others. */
export const slotsPerFamily = 32

/** The first slot of the members of a family. */
export function familySlot(family: Multiplexer): number {
  const others = architecturesOf.x86_64.length * slotsPerArchitecture
  return others + (family === 'socketcall' ? 0 : slotsPerFamily)
}

/** All slots of a machine, those of members of families included. */
export function slotsOf(machine: RecorderMachine): number {
  return architecturesOf[machine].length * slotsPerArchitecture + 2 * slotsPerFamily
}

/** The members by name with their slots; none on a machine that runs no i386 programs. */
export function memberSlots(machine: RecorderMachine): readonly (readonly [member: string, slot: number])[] {
  if (!architecturesOf[machine].includes('x86')) return []
  return (['socketcall', 'ipc'] as const).flatMap((family) =>
    Object.entries(multiplexers[family]).map(
      ([member, number]) => [member, familySlot(family) + number] as const,
    ),
  )
}

/** Places in the value of `slots`: which arguments are wanted (a bit each), which values found no room, first comm. */
export const slotPlaces = { wanted: 0, cut: 4, comm: 8, size: 24 } as const
/** Beside the six bits of `wanted`: what argument 0 of clone3 points to. */
export const wantedBehind = 1 << 6
/** struct clone_args of include/uapi/linux/sched.h: the places of what clone has in its first argument. */
export const cloneArgs = { flags: 0, exitSignal: 32, size: 40 } as const
/** Places in `control`. */
export const controlKeys = {
  armed: 0,
  command: 1,
  lostCalls: 2,
  lostProcesses: 3,
  lostRefusals: 4,
  programs: 5,
  /** When the last call came that had not been made before, and its slot. */
  newestAt: 6,
  newestSlot: 7,
} as const
/** Values of `states`: not recorded, a process that has not made its own execve yet, and one that counts. */
export const memberStates = { none: 0, pending: 1, counted: 2 } as const
/** Places in the value of `failures`, and behind `entered` in that of `values`. */
export const failurePlaces = { eperm: 0, eacces: 8, enosys: 16, size: 24 } as const
/** Places in the value of `values`: how many calls began with it, and how many of them were refused. */
export const valuePlaces = { entered: 0, eperm: 8, eacces: 16, size: 24 } as const
/** Keys of `values`: slot, argument's index, value. */
export const valueKey = { slot: 0, index: 4, value: 8, size: 16 } as const

/** Values of `groups`: the first slot, how many calls found no room, and how many programs were started. */
export const groupValue = { first: 0, lost: 8, programs: 16, size: 24 } as const
/** What is kept of those that are counted apart. */
export interface Groups {
  /** By the id of a cgroup. */
  readonly known: KernelMap
  /** By the id of a cgroup, how many calls were made without a filter. */
  readonly unfiltered: KernelMap
  /** How many cgroups a processor has numbered. */
  readonly next: KernelMap
  /** Per slot, what is known of it before any call: which arguments are wanted. */
  readonly template: KernelMap
  readonly processors: number
}

export interface Maps {
  /** Per slot, how often. */
  readonly counts: KernelMap
  /** Per slot, how often it came back with each of `failurePlaces`. */
  readonly failures: KernelMap
  readonly slots: KernelMap
  /** Distinct values of the wanted arguments. */
  readonly values: KernelMap
  /** By architecture (upper half) and number (lower half): calls without a slot. */
  readonly others: KernelMap
  /** By process id, whether it is recorded: an array, because this is asked at every call of every process. */
  readonly states: KernelMap
  /** The process ids that are recorded, to be listed. */
  readonly members: KernelMap
  readonly control: KernelMap
  /** By signal number, how often it was sent to the command. */
  readonly arrivals: KernelMap
  /** Where something is counted apart. */
  readonly groups?: Groups
  /** Of a tree of which only what runs under a filter counts: the ids of cgroups in which everything does. */
  readonly joined?: KernelMap
}

/** How many ids, processors, and calls of cgroups that are counted apart there may be. */
export interface Room {
  readonly processes: number
  readonly processors: number
}
/** Distinct calls of all that is counted apart: a thousand containers of some 250. */
const callsApart = 1 << 18

export function createMaps(
  calls: Pick<MapCalls, 'createMap'>,
  machine: RecorderMachine,
  { who, underFilter, apart }: Membership,
  { processes, processors }: Room,
): Maps {
  const slots = slotsOf(machine)
  const entries = apart === undefined ? slots : callsApart
  const type = apart === undefined ? 'perCpuArray' : 'perCpuHash'
  return {
    counts: calls.createMap('counts', { type, key: 4, value: 8, entries }),
    failures: calls.createMap('failures', { type, key: 4, value: failurePlaces.size, entries }),
    slots: calls.createMap('slots', {
      type: apart === undefined ? 'array' : 'hash',
      key: 4,
      value: slotPlaces.size,
      entries,
    }),
    values: calls.createMap('values', {
      type: 'hash',
      key: valueKey.size,
      value: valuePlaces.size,
      entries: apart === undefined ? 65536 : callsApart,
    }),
    others: calls.createMap('others', { type: 'hash', key: 8, value: 8, entries: 4096 }),
    ...(apart !== undefined && { groups: createGroups(calls, slots, slotPlaces.size, processors) }),
    ...(who === 'tree' &&
      underFilter && { joined: calls.createMap('joined', { type: 'hash', key: 8, value: 4, entries: 16 }) }),
    states: calls.createMap('states', { type: 'array', key: 4, value: 4, entries: processes }),
    members: calls.createMap('members', { type: 'hash', key: 4, value: 4, entries: 1 << 20 }),
    control: calls.createMap('control', { type: 'array', key: 4, value: 8, entries: 8 }),
    arrivals: calls.createMap('arrivals', { type: 'array', key: 4, value: 8, entries: 65 }),
  }
}

function createGroups(
  calls: Pick<MapCalls, 'createMap'>,
  slots: number,
  about: number,
  processors: number,
): Groups {
  return {
    known: calls.createMap('groups', { type: 'hash', key: 8, value: groupValue.size, entries: 16384 }),
    unfiltered: calls.createMap('unfiltered', { type: 'hash', key: 8, value: 8, entries: 16384 }),
    next: calls.createMap('next', { type: 'perCpuArray', key: 4, value: 8, entries: 1 }),
    template: calls.createMap('template', { type: 'array', key: 4, value: about, entries: slots }),
    processors,
  }
}

export function key32(value: number): Buffer {
  const key = Buffer.alloc(4)
  key.writeUInt32LE(value)
  return key
}

export function key64(value: bigint): Buffer {
  const key = Buffer.alloc(8)
  key.writeBigUInt64LE(value)
  return key
}

export function value64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Makes a process a member, or none. */
export function setMember(
  calls: Pick<BpfCalls, 'update' | 'remove'>,
  maps: Maps,
  process: number,
  state: keyof typeof memberStates,
): void {
  calls.update(maps.states, key32(process), key32(memberStates[state]))
  if (state === 'none') calls.remove(maps.members, key32(process))
  else calls.update(maps.members, key32(process), key32(memberStates[state]))
}
