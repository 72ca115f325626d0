// The maps in the kernel while refusals are watched: the instructions of each filter, and the count of each call that
// it may have refused.
import { createFilterMaps, type FilterMaps } from '../filter-copies.ts'
import type { KernelMap, MapCalls } from '../kernel.ts'
import { architecturesOf, type RecorderMachine } from '../layout.ts'
import { slotsPerArchitecture } from '../maps.ts'

/** Places in the key of `suspects`. */
export const suspectKey = {
  filter: 0,
  program: 8,
  cgroup: 16,
  first: 24,
  number: 28,
  process: 32,
  result: 36,
  args: 40,
  size: 88,
} as const
/** Places in the value of `suspects`. Times are CLOCK_MONOTONIC in nanoseconds. */
export const suspectValue = { count: 0, first: 8, last: 16, comm: 24, size: 40 } as const
/** Marks that stand in the place of a result. */
export const marks = { ended: 0x7fffffff, trapped: 0x7ffffffe, logged: 0x7ffffffd } as const
/** The key of `results` is the returned value plus 4095. */
export const largestErrno = 4095
/** Bits of `candidates`: some filter may refuse the call, or allow and log it. */
export const candidateBits = { refused: 1, logged: 2 } as const

export interface WatchMaps extends FilterMaps {
  /** The watched processes and their descendants, if processes are watched. */
  readonly tree: KernelMap
  /** The results with which some known filter refuses. */
  readonly results: KernelMap
  /** `candidateBits` per slot. */
  readonly candidates: KernelMap
  readonly suspects: KernelMap
  /** Threads whose end is already kept. */
  readonly told: KernelMap
  /** The number of calls that found no room. */
  readonly control: KernelMap
}

export function createWatchMaps(calls: Pick<MapCalls, 'createMap'>, machine: RecorderMachine): WatchMaps {
  const slots = architecturesOf[machine].length * slotsPerArchitecture
  return {
    tree: calls.createMap('tree', { type: 'hash', key: 4, value: 4, entries: 65536 }),
    ...createFilterMaps(calls),
    results: calls.createMap('results', { type: 'array', key: 4, value: 4, entries: largestErrno + 1 }),
    candidates: calls.createMap('candidates', { type: 'array', key: 4, value: 4, entries: slots }),
    suspects: calls.createMap('suspects', {
      type: 'hash',
      key: suspectKey.size,
      value: suspectValue.size,
      entries: 65536,
    }),
    told: calls.createMap('told', { type: 'hash', key: 8, value: 4, entries: 16384 }),
    control: calls.createMap('control', { type: 'array', key: 4, value: 8, entries: 1 }),
  }
}
