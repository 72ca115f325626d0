// What is kept in the kernel while refusals are watched: of each filter its instructions, and of each call that it may
// have refused how often it came.
import type { KernelMap, MapCalls } from '../kernel.ts'
import { architecturesOf, type RecorderMachine } from '../layout.ts'
import { slotsPerArchitecture } from '../maps.ts'

/** BPF_MAXINSNS of include/uapi/linux/bpf_common.h, eight bytes each: what a per-CPU value may hold at most, too. */
export const programSize = 4096 * 8
/** Filters that are known at once. */
const filterEntries = 256
/** Beyond it the older filters of a process are read by ptrace(2). */
export const filterDepth = 8

/** Keys of `filters`: the addresses of the filter and of its program, which together are not soon another's. */
export const filterKey = { filter: 0, program: 8, size: 16 } as const
/** Values of `filters`. */
export const filterValue = { learnt: 0, length: 4, previous: 8, previousProgram: 16, size: 24 } as const
/** Keys of `suspects`. */
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
/** Values of `suspects`; times are of CLOCK_MONOTONIC in nanoseconds. */
export const suspectValue = { count: 0, first: 8, last: 16, comm: 24, size: 40 } as const
/** Results that are none. */
export const marks = { ended: 0x7fffffff, trapped: 0x7ffffffe, logged: 0x7ffffffd } as const
/** Places of `results`: 4095 more than what the call returned. */
export const largestErrno = 4095
/** Bits of `candidates`: a filter may refuse the call, or let it through with a record. */
export const candidateBits = { refused: 1, logged: 2 } as const

export interface WatchMaps {
  /** The processes that are watched, where it is not a cgroup; what they start comes in. */
  readonly tree: KernelMap
  readonly filters: KernelMap
  readonly programs: KernelMap
  readonly scratch: KernelMap
  /** Results that some known filter answers with. */
  readonly results: KernelMap
  /** Per slot. */
  readonly candidates: KernelMap
  readonly suspects: KernelMap
  /** Threads whose end was told already. */
  readonly told: KernelMap
  /** How many found no room. */
  readonly control: KernelMap
}

export function createWatchMaps(calls: Pick<MapCalls, 'createMap'>, machine: RecorderMachine): WatchMaps {
  const slots = architecturesOf[machine].length * slotsPerArchitecture
  return {
    tree: calls.createMap('tree', { type: 'hash', key: 4, value: 4, entries: 65536 }),
    filters: calls.createMap('filters', {
      type: 'hash',
      key: filterKey.size,
      value: filterValue.size,
      entries: filterEntries,
    }),
    programs: calls.createMap('programs', {
      type: 'hash',
      key: filterKey.size,
      value: programSize,
      entries: filterEntries,
      fixed: true,
    }),
    scratch: calls.createMap('scratch', { type: 'perCpuArray', key: 4, value: programSize, entries: 1 }),
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
