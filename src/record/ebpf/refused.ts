// Finds in the kernel the calls that a filter may have refused. A refused call never reaches sys_enter. It reaches
// sys_exit with the errno (ERRNO) or its registers rolled back (TRAP). A thread that a filter ends is seen at its exit.
// By number and result the programs keep every call that may be a refused one. The filter's answer to the arguments
// then tells which calls were refused.
// Authority: kernel/seccomp.c (__seccomp_filter), kernel/exit.c (do_exit), syscall_rollback in each asm/syscall.h.
import { architectures } from '../../abi/architectures.ts'
import { decodeProgram } from '../../meaning/index.ts'
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import type { KernelMap, MapCalls } from './kernel.ts'
import { architecturesOf, type Layout, type RecorderMachine } from './layout.ts'
import type { Suspect, Watch } from '../refusals.ts'
import { controlKeys, key32, slotsPerArchitecture, type Maps } from './maps.ts'
import {
  alreadyThere,
  currentTask,
  done,
  frame,
  increment,
  lookup,
  noExist,
  note,
  ofTask,
  read,
  update,
} from './blocks.ts'
import {
  copiedPrograms,
  createFilterMaps,
  filterKey,
  filterOf,
  type FilterLayout,
  type FilterMaps,
} from './filter-copies.ts'
import { startedInGroup } from './apart.ts'
import { member, type Membership } from './membership.ts'
import { numbered, unlessRestored } from './calls/number.ts'

export interface RefusalMaps {
  /** Per slot: `never` refused, 0 for always refused, or a bit for each argument that the answer depends on. */
  readonly watched: KernelMap
  readonly suspects: KernelMap
  /** Undefined if this kernel does not show the filters of a task: then refusals by the program itself look alike. */
  readonly own: OwnFilterCopies | undefined
}

/** Copies of the filters of tasks that have more filters than they began with. */
export interface OwnFilterCopies {
  readonly layout: FilterLayout
  readonly maps: FilterMaps
  /** How many filters the runtime itself has, as a child of ours. */
  readonly ours: number
}

const bit30 = architectures.x32.numberBit
const never = 0x40
const ended = 0x7fffffff
const untold = 0x7fffffff
/** SECCOMP_MODE_DEAD of kernel/seccomp.c: the filter ended the thread. */
const dead = 3
const sigsys = 31
/**
 * Places in the key of `suspects`; `args` holds only the arguments that the answer depends on. `filters`: how many the
 * task has, if the program has set some itself; `filter`: the newest, as in filter-copies.ts.
 */
const key = {
  at: -160,
  first: 0,
  number: 4,
  process: 8,
  result: 12,
  args: 16,
  filters: 64,
  filter: 72,
  size: 88,
} as const
/** Places in the value of `suspects`; `args` holds all arguments of the first call. */
const value = { at: -240, count: 0, comm: 8, args: 24, size: 72 } as const
/** Places on the stack below those of `inTurn`. */
const copy = { key: key.at + key.filter, copy: -280, about: -304, small: -312 } as const
const mask = -320
const everyArgument = 0x3f
const commSize = 16

export function createRefusalMaps(
  calls: MapCalls,
  machine: RecorderMachine,
  watch: Watch,
  own?: Omit<OwnFilterCopies, 'maps'>,
): RefusalMaps {
  const slots = architecturesOf[machine].length * slotsPerArchitecture
  const maps = {
    watched: calls.createMap('watched', { type: 'array', key: 4, value: 4, entries: slots }),
    suspects: calls.createMap('suspects', { type: 'hash', key: key.size, value: value.size, entries: 65536 }),
    own: own && { ...own, maps: createFilterMaps(calls) },
  }
  for (const { architecture, number, arguments: indexes } of watch.calls) {
    const place = architecturesOf[machine].indexOf(architecture)
    if (place < 0 || (number & ~bit30) >= slotsPerArchitecture) continue
    const bits = indexes.reduce((mask, index) => mask | (1 << index), 0)
    calls.update(maps.watched, key32(place * slotsPerArchitecture + (number & ~bit30)), key32(bits || never))
  }
  return maps
}

/** sys_exit(struct pt_regs *, long result). */
export function refusedAtExit(
  layout: Layout,
  maps: Maps,
  refusals: RefusalMaps,
  membership: Membership,
  watch: Watch,
): readonly AssemblyLine[] {
  const rolledBack = layout.machine === 'x86_64' ? layout.registers.number : layout.registers.arguments[0]
  return [
    bpf.load(6, 1, 0),
    bpf.load(9, 1, 8),
    bpf.store(frame, -24, 9),
    ...watch.results.map((result) => bpf.jumpIf(9, 'equal', result, 'asked')),
    ...(watch.traps
      ? [
          ...read(6, rolledBack ?? 0, 8, -32),
          bpf.load(1, frame, -32),
          bpf.jumpUnlessSame(1, 9, 'done'),
          bpf.jump('asked'),
        ]
      : [bpf.jump('done')]),
    bpf.label('asked'),
    ...member(layout, maps, membership, false),
    ...suspect(layout, maps, refusals, false),
  ]
}

/** sched_process_exit(struct task_struct *): keeps a thread that a filter ended, or that died of SIGSYS. */
export function endedByFilter(
  layout: Layout,
  maps: Maps,
  refusals: RefusalMaps,
  membership: Membership,
  toldRegisters: boolean,
): readonly AssemblyLine[] {
  return [
    ...member(layout, maps, { ...membership, underFilter: false }, false),
    ...read(8, layout.task.seccompMode, 4, -8),
    bpf.loadLower(1, frame, -8),
    bpf.jumpIf(1, 'equal', dead, 'ended'),
    ...read(8, layout.task.exitCode, 4, -8),
    bpf.loadLower(1, frame, -8),
    bpf.and(1, 0x7f),
    bpf.jumpIf(1, 'notEqual', sigsys, 'done'),
    bpf.label('ended'),
    bpf.set(1, ended),
    bpf.store(frame, -24, 1),
    ...(toldRegisters
      ? [
          bpf.call('currentTypedTask'),
          bpf.move(1, 0),
          bpf.call('registersOfTask'),
          bpf.move(6, 0),
          ...suspect(layout, maps, refusals, true),
        ]
      : [bpf.set(6, 0), bpf.set(7, 0), bpf.set(9, untold), ...kept(layout, maps, refusals)]),
  ]
}

/** sched_process_exec(struct task_struct *, …): counts the programs that started under a filter, as in a container. */
export function startedProgram(
  layout: Layout,
  maps: Maps,
  membership: Membership,
  own?: OwnFilterCopies,
): readonly AssemblyLine[] {
  return [
    ...member(layout, maps, membership, false),
    ...(own === undefined ? [] : noteForeign(layout, maps, own)),
    ...note(maps, controlKeys.programs, 'done'),
    ...(membership.apart === 'cgroup' ? startedInGroup(maps) : []),
    ...done,
  ]
}

/** Notes how many filters the task in r8 has, if no task has started a program with fewer. */
const noteForeign = (layout: Layout, maps: Maps, { layout: filters, ours }: OwnFilterCopies) => [
  ...ofTask(layout, filters.count, 7),
  bpf.jumpIf(7, 'equal', 0, 'foreign-noted'),
  bpf.set(1, ours),
  bpf.jumpIfNotBelow(1, 7, 'foreign-noted'),
  bpf.storeValue(frame, copy.small, controlKeys.foreignFilters),
  ...lookup(maps.control, copy.small),
  bpf.jumpIf(0, 'equal', 0, 'foreign-noted'),
  bpf.load(1, 0, 0),
  bpf.jumpIf(1, 'equal', 0, 'fewer'),
  bpf.jumpIfNotBelow(7, 1, 'foreign-noted'),
  bpf.label('fewer'),
  bpf.store(0, 0, 7),
  bpf.label('foreign-noted'),
]

/** If the program has set filters itself, puts them into the key, and all bits into the mask. r8 becomes the task. */
function ownFilters(
  layout: Layout,
  maps: Maps,
  { layout: filters, maps: copies }: OwnFilterCopies,
): readonly AssemblyLine[] {
  return [
    bpf.storeValue(frame, copy.small, controlKeys.foreignFilters),
    ...lookup(maps.control, copy.small),
    bpf.jumpIf(0, 'equal', 0, 'no-own'),
    bpf.load(7, 0, 0),
    bpf.jumpIf(7, 'equal', 0, 'no-own'),
    ...currentTask(layout),
    ...ofTask(layout, filters.count, 1),
    bpf.jumpIfNotBelow(7, 1, 'no-own'),
    bpf.storeLower(frame, key.at + key.filters, 1),
    ...filterOf(filters, copies, copy),
    // Which arguments decide the answer of the program's filter is not known here.
    bpf.storeWide(frame, mask, everyArgument),
    bpf.label('no-own'),
  ]
}

/** Keeps the current call. r6: registers, r8: task; the result is on the stack at -24. */
function suspect(
  layout: Layout,
  maps: Maps,
  refusals: RefusalMaps,
  atSignal: boolean,
): readonly AssemblyLine[] {
  return [
    ...numbered(layout, -16, atSignal),
    ...(atSignal ? [] : unlessRestored),
    ...kept(layout, maps, refusals),
  ]
}

/** Keeps the call unless the filter never refuses it. r6: registers, r7: first slot, r9: number on the architecture. */
function kept(
  layout: Layout,
  maps: Maps,
  { watched: places, suspects, own }: RefusalMaps,
): readonly AssemblyLine[] {
  const { arguments: wide, compatArguments: narrow } = layout.registers
  return [
    bpf.set(8, 0),
    bpf.jumpIf(9, 'atLeast', slotsPerArchitecture, 'watched'),
    bpf.move(1, 7),
    bpf.addRegister(1, 9),
    bpf.storeLower(frame, -16, 1),
    ...lookup(places, -16),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(8, 0, 0),
    bpf.jumpIf(8, 'equal', never, 'done'),
    bpf.label('watched'),
    bpf.storeLower(frame, key.at + key.first, 7),
    bpf.storeLower(frame, key.at + key.number, 9),
    bpf.call('currentPidTgid'),
    bpf.shiftRight(0, 32),
    bpf.storeLower(frame, key.at + key.process, 0),
    bpf.load(1, frame, -24),
    bpf.storeLower(frame, key.at + key.result, 1),
    bpf.store(frame, mask, 8),
    bpf.storeWide(frame, key.at + key.filters, 0),
    bpf.storeWide(frame, key.at + key.filter, 0),
    bpf.storeWide(frame, key.at + key.filter + 8, 0),
    ...(own === undefined ? [] : ownFilters(layout, maps, own)),
    bpf.loadLower(7, frame, key.at + key.first),
    bpf.load(8, frame, mask),
    // The slots of the 32-bit architecture follow the machine's own.
    bpf.jumpIf(7, 'equal', slotsPerArchitecture, 'compat'),
    ...wide.flatMap((offset, index) => argument(offset, index, 'wide', false)),
    bpf.jump('filled'),
    bpf.label('compat'),
    ...narrow.flatMap((offset, index) => argument(offset, index, 'compat', true)),
    bpf.label('filled'),
    bpf.set(1, 1),
    bpf.store(frame, value.at + value.count, 1),
    bpf.move(1, frame),
    bpf.add(1, value.at + value.comm),
    bpf.set(2, commSize),
    bpf.call('currentComm'),
    ...update(suspects, key.at, value.at, noExist),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.jumpIfLower(0, 'notEqual', alreadyThere, 'lost'),
    ...lookup(suspects, key.at),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    ...increment(0),
    bpf.jump('done'),
    bpf.label('lost'),
    ...note(maps, controlKeys.lostRefusals, 'done'),
    ...done,
  ]
}

/** Copies one argument into the value, and into the key if the answer depends on it (bits in r8). r6: registers. */
function argument(offset: number, index: number, way: string, lower: boolean): readonly AssemblyLine[] {
  const [whole, part] = [value.at + value.args + index * 8, key.at + key.args + index * 8]
  return [
    ...read(6, offset, 8, whole),
    ...(lower ? [bpf.loadLower(1, frame, whole), bpf.store(frame, whole, 1)] : []),
    bpf.set(1, 0),
    bpf.move(2, 8),
    bpf.and(2, 1 << index),
    bpf.jumpIf(2, 'equal', 0, `${way}-${index}`),
    bpf.load(1, frame, whole),
    bpf.label(`${way}-${index}`),
    bpf.store(frame, part, 1),
  ]
}

/** `foreign`: how many filters the tasks began with. */
export function readSuspects(
  calls: MapCalls,
  { suspects, own }: RefusalMaps,
  machine: RecorderMachine,
  foreign = 0,
): readonly Suspect[] {
  const ownIn = (found: Buffer): Pick<Suspect, 'ownFilters'> => {
    const count = found.readUInt32LE(key.filters)
    if (count === 0 || own === undefined) return {}
    const newest = found.subarray(key.filter, key.filter + filterKey.size)
    const programs = copiedPrograms(calls, own.maps, newest, count - foreign)
    return { ownFilters: (programs ?? []).map(decodeProgram) }
  }
  return [...calls.keys(suspects)].flatMap((found): readonly Suspect[] => {
    const about = calls.lookup(suspects, found)
    const architecture = architecturesOf[machine][found.readUInt32LE(key.first) / slotsPerArchitecture]
    if (about === undefined || architecture === undefined) return []
    const [number, result] = [found.readUInt32LE(key.number), found.readInt32LE(key.result)]
    const comm = about.subarray(value.comm, value.comm + commSize)
    const full = number + architectures[architecture].numberBit
    const args = Array.from({ length: 6 }, (_, index) => about.readBigUInt64LE(value.args + index * 8))
    const before = machine === 'x86_64' ? full : Number(BigInt.asIntN(32, args[0] ?? 0n))
    return [
      {
        architecture,
        number: number === untold ? undefined : full,
        args,
        result: result === ended ? 'ended' : result === before && result >= 0 ? 'trapped' : result,
        pid: found.readUInt32LE(key.process),
        comm: comm.toString('utf8', 0, comm.includes(0) ? comm.indexOf(0) : commSize),
        count: Number(about.readBigUInt64LE(value.count)),
        ...ownIn(found),
      },
    ]
  })
}
