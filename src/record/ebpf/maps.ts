// The maps in which a recording counts. A call's slot is 1024 times its architecture's index in the machine's table,
// plus the call's number. Larger numbers (arm's private calls, invalid numbers) are counted in a map of their own.
import { multiplexers, type Multiplexer } from '../../abi/multiplexers.ts'
import type { BpfCalls, KernelMap, MapCalls } from './kernel.ts'
import type { Membership } from './membership.ts'
import { architecturesOf, type RecorderMachine } from './layout.ts'

/** The number of slots of one architecture. The slots of x32 leave out its bit 30. */
export const slotsPerArchitecture = 1024

/** The number of slots for the members of i386's socketcall, and for those of ipc. They follow all other slots. */
export const slotsPerFamily = 32

/** The first slot of a family's members. */
export function familySlot(family: Multiplexer): number {
  const others = architecturesOf.x86_64.length * slotsPerArchitecture
  return others + (family === 'socketcall' ? 0 : slotsPerFamily)
}

/** The number of all slots of a machine, including those of the families' members. */
export function slotsOf(machine: RecorderMachine): number {
  return architecturesOf[machine].length * slotsPerArchitecture + 2 * slotsPerFamily
}

/** The members of both families with their slots; none on a machine that runs no i386 programs. */
export function memberSlots(machine: RecorderMachine): readonly (readonly [member: string, slot: number])[] {
  if (!architecturesOf[machine].includes('x86')) return []
  return (['socketcall', 'ipc'] as const).flatMap((family) =>
    Object.entries(multiplexers[family]).map(
      ([member, number]) => [member, familySlot(family) + number] as const,
    ),
  )
}

/**
 * Places in the value of `slots`: wanted arguments (a byte of bits), arguments with lost values (a byte each), first
 * program's name. A byte each, because two processors that set bits of one word could lose one of them.
 */
export const slotPlaces = { wanted: 0, cut: 1, comm: 8, size: 24 } as const
/** The bit of `wanted` beyond the six arguments: the structure that argument 0 of clone3 points to. */
export const wantedBehind = 1 << 6
/** The bit of `wanted` that is no argument: the call may set a filter. */
export const maySetFilter = 1 << 7
/** Places in struct clone_args (include/uapi/linux/sched.h) of the members that clone has in its first argument. */
export const cloneArgs = { flags: 0, exitSignal: 32, size: 40 } as const
/** Places in `control`. */
export const controlKeys = {
  armed: 0,
  command: 1,
  lostCalls: 2,
  lostProcesses: 3,
  lostRefusals: 4,
  programs: 5,
  /** The time and the slot of the newest call that had not been made before. */
  newestAt: 6,
  newestSlot: 7,
  /** 1 as soon as a filter may refuse calls: from then on entries are noted in `inside`. */
  refusable: 8,
  /** The fewest filters of a task that started a program: those that others set. 0 before the first program. */
  foreignFilters: 9,
} as const
/** Values of `states`: not recorded, recorded from its own execve on, recorded. */
export const memberStates = { none: 0, pending: 1, counted: 2 } as const
/**
 * Values of `inside`: not known, in no call, in a call that is not known, in the call of slot 0; a call of another slot
 * follows by its number.
 */
export const insideNotes = { none: 0, outside: 1, some: 2, firstCall: 3 } as const
/**
 * Places in the value of `failures`. The kernel did not enter the last two: a foreign filter refused the call, or a
 * filter or its supervisor answered the call and the call counts.
 */
export const failurePlaces = { eperm: 0, eacces: 8, enosys: 16, refused: 24, answered: 32, size: 40 } as const
/** Places in the value of `values`: how many calls were entered with the value, and how many failed with each errno. */
export const valuePlaces = { entered: 0, eperm: 8, eacces: 16, size: 24 } as const
/** Places in the key of `values`: slot, index of the argument, value. */
export const valueKey = { slot: 0, index: 4, value: 8, size: 16 } as const

/** Places in the value of `groups`: first slot, number of lost calls, number of started programs. */
export const groupValue = { first: 0, lost: 8, programs: 16, size: 24 } as const
/** The maps of separate counts: see apart.ts. */
export interface Groups {
  /** `groupValue` by the id of a cgroup. */
  readonly known: KernelMap
  /** By the id of a cgroup, the number of its calls without a filter. */
  readonly unfiltered: KernelMap
  /** Per processor, the number of cgroups that it has numbered. */
  readonly next: KernelMap
  /** Per slot, its value in `slots` before the first call: the wanted arguments. */
  readonly template: KernelMap
  readonly processors: number
}

export interface Maps {
  /** Per slot, the number of calls. */
  readonly counts: KernelMap
  /** Per slot, how many calls failed with each errno of `failurePlaces`, or were refused. */
  readonly failures: KernelMap
  readonly slots: KernelMap
  /** Distinct values of the wanted arguments. */
  readonly values: KernelMap
  /** Calls without a slot: their counts by the architecture's first slot (upper half) and number (lower half). */
  readonly others: KernelMap
  /** By process id, one of `memberStates`. An array, because every call of every process looks here. */
  readonly states: KernelMap
  /** The ids of the recorded processes, as a list. */
  readonly members: KernelMap
  readonly control: KernelMap
  /** By thread id, one of `insideNotes`. An array, because every call of every thread looks here. See inside.ts. */
  readonly inside: KernelMap
  /** By signal number, how often the signal was sent to the command. */
  readonly arrivals: KernelMap
  /** Only with separate counts. */
  readonly groups?: Groups
  /** Only for a tree that is recorded under a filter: ids of the cgroups whose processes under a filter count too. */
  readonly joined?: KernelMap
}

/** The number of possible process ids and of possible processors. */
export interface Room {
  readonly processes: number
  readonly processors: number
}
/** Room for the distinct calls of all separate counts: a thousand containers with about 250 each. */
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
    control: calls.createMap('control', { type: 'array', key: 4, value: 8, entries: 10 }),
    inside: calls.createMap('inside', { type: 'array', key: 4, value: 4, entries: processes }),
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

/** Sets the state of a process, and lists the process as a member or removes it from the list. */
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
