// Copies the instructions of the filters that tasks run under, in the kernel, when a task with a filter is first met: the
// filters of a process that has ended cannot be read. They tell which calls a filter refuses.
// Authority: kernel/seccomp.c (struct seccomp_filter), include/linux/filter.h (struct bpf_prog, orig_prog).
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import { frame, lookup, read, update } from './blocks.ts'
import type { Btf } from './btf.ts'
import type { KernelMap, MapCalls } from './kernel.ts'

/** BPF_MAXINSNS of include/uapi/linux/bpf_common.h, eight bytes each. A per-CPU value cannot be larger either. */
const programSize = 4096 * 8
/** The number of filters that the kernel side knows at once. */
const filterEntries = 256
/** How many filters of a process are copied, newest first. If it has more, ptrace(2) reads them. */
const filterDepth = 8

/** Places in the key of `filters`: the addresses of the filter and of its program, a pair that is not soon reused. */
export const filterKey = { filter: 0, program: 8, size: 16 } as const
/** Places in the value of `filters`. */
export const filterValue = { learnt: 0, length: 4, previous: 8, previousProgram: 16, size: 24 } as const

export interface FilterMaps {
  readonly filters: KernelMap
  readonly programs: KernelMap
  readonly scratch: KernelMap
}

export function createFilterMaps(calls: Pick<MapCalls, 'createMap'>): FilterMaps {
  return {
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
  }
}

/** Offsets that lead to a filter and its instructions in the kernel's memory. */
export interface FilterLayout {
  readonly leader: number
  readonly ofTask: number
  /** How many filters a task has. */
  readonly count: number
  readonly program: number
  readonly previous: number
  readonly original: number
  readonly length: number
  readonly instructions: number
}

/** Throws an Error that names a missing member if this kernel does not describe it. */
export function filterLayoutOf(btf: Btf): FilterLayout {
  const offset = btf.required.bind(btf)
  return {
    leader: offset('task_struct', 'group_leader'),
    ofTask: offset('task_struct', 'seccomp.filter'),
    count: offset('task_struct', 'seccomp.filter_count'),
    program: offset('seccomp_filter', 'prog'),
    previous: offset('seccomp_filter', 'prev'),
    original: offset('bpf_prog', 'orig_prog'),
    length: offset('sock_fprog_kern', 'len'),
    instructions: offset('sock_fprog_kern', 'filter'),
  }
}

/** Places on the stack: of the key, and of what a copy needs (16, 24 and 8 bytes). */
export interface FilterPlaces {
  readonly key: number
  readonly copy: number
  readonly about: number
  readonly small: number
}

/**
 * Puts the filter of the task in r8 on the stack as a key, and copies a filter that was not met before. r9 = whether the
 * filter has been read. Uses the stack at -8.
 */
export function filterOf(
  filters: FilterLayout,
  maps: FilterMaps,
  places: FilterPlaces,
): readonly AssemblyLine[] {
  const { key: whole } = places
  return [
    ...read(8, filters.ofTask, 8, whole),
    bpf.load(9, frame, whole),
    bpf.jumpIf(9, 'notEqual', 0, 'has-filter'),
    // Newer kernels release the filter before this tracepoint. The leader's is taken, as threads mostly share one.
    ...read(8, filters.leader, 8, whole),
    bpf.load(9, frame, whole),
    ...read(9, filters.ofTask, 8, whole),
    bpf.load(9, frame, whole),
    bpf.jumpIf(9, 'equal', 0, 'no-filter'),
    bpf.label('has-filter'),
    ...read(9, filters.program, 8, whole + filterKey.program),
    ...lookup(maps.filters, whole),
    bpf.jumpIf(0, 'equal', 0, 'copy'),
    bpf.loadLower(9, 0, filterValue.learnt),
    bpf.jump('known-filter'),
    bpf.label('no-filter'),
    bpf.storeWide(frame, whole + filterKey.program, 0),
    bpf.jump('unknown-filter'),
    bpf.label('copy'),
    ...copied(filters, maps, places),
    bpf.label('unknown-filter'),
    bpf.set(9, 0),
    bpf.label('known-filter'),
  ]
}

/** Copies the filter whose key is on the stack, and the filters before it. r9: the filter. */
function copied(
  filters: FilterLayout,
  maps: FilterMaps,
  { key: first, copy: own, about, small }: FilterPlaces,
): readonly AssemblyLine[] {
  return [
    bpf.load(1, frame, first + filterKey.program),
    bpf.store(frame, own + filterKey.filter, 9),
    bpf.store(frame, own + filterKey.program, 1),
    ...Array.from({ length: filterDepth }, (_, depth): readonly AssemblyLine[] => [
      bpf.store(frame, own + filterKey.filter, 9),
      ...read(9, filters.program, 8, own + filterKey.program),
      // The previous filter is read before r9 is overwritten.
      ...read(9, filters.previous, 8, about + filterValue.previous),
      bpf.storeWide(frame, about + filterValue.previousProgram, 0),
      bpf.load(9, frame, about + filterValue.previous),
      bpf.jumpIf(9, 'equal', 0, `oldest-${depth}`),
      ...read(9, filters.program, 8, about + filterValue.previousProgram),
      bpf.label(`oldest-${depth}`),
      bpf.storeWide(frame, about + filterValue.learnt, 0),
      bpf.load(9, frame, own + filterKey.program),
      ...read(9, filters.original, 8, small),
      bpf.load(9, frame, small),
      bpf.jumpIf(9, 'equal', 0, `kept-${depth}`),
      bpf.storeWide(frame, small, 0),
      ...read(9, filters.length, 2, small),
      bpf.loadLower(1, frame, small),
      bpf.storeLower(frame, about + filterValue.length, 1),
      ...read(9, filters.instructions, 8, small),
      bpf.load(9, frame, small),
      bpf.storeValue(frame, small, 0),
      ...lookup(maps.scratch, small),
      bpf.jumpIf(0, 'equal', 0, `kept-${depth}`),
      bpf.move(1, 0),
      bpf.loadLower(2, frame, about + filterValue.length),
      bpf.shiftLeft(2, 3),
      bpf.jumpIf(2, 'above', programSize, `kept-${depth}`),
      bpf.move(3, 9),
      bpf.move(9, 0),
      bpf.call('readKernel'),
      bpf.map(1, maps.programs.descriptor),
      bpf.move(2, frame),
      bpf.add(2, own),
      bpf.move(3, 9),
      bpf.set(4, 0),
      bpf.call('mapUpdate'),
      bpf.label(`kept-${depth}`),
      ...update(maps.filters, own, about, 0),
      bpf.load(9, frame, about + filterValue.previous),
      bpf.jumpIf(9, 'equal', 0, 'copied'),
    ]).flat(),
    bpf.label('copied'),
  ]
}

/**
 * The instructions of a filter and of those before it, the newest first; at most `most`. Undefined if one of them was
 * not copied whole.
 */
export function copiedPrograms(
  calls: Pick<MapCalls, 'lookup'>,
  maps: FilterMaps,
  first: Buffer,
  most = Number.POSITIVE_INFINITY,
): readonly Buffer[] | undefined {
  const programs: Buffer[] = []
  for (let key = first; key.readBigUInt64LE() !== 0n && programs.length < most;) {
    const value = calls.lookup(maps.filters, key)
    const length = value?.readUInt32LE(filterValue.length) ?? 0
    const bytes = calls.lookup(maps.programs, key)
    if (value === undefined || bytes === undefined || length === 0) return undefined
    programs.push(bytes.subarray(0, length * 8))
    key = Buffer.from(value.subarray(filterValue.previous, filterValue.size))
  }
  return programs
}
