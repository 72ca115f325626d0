// The programs that see what filters refuse while nobody is recorded: at sys_exit what came back with an errno, at
// signal_deliver what got SIGSYS, at sched_process_exit who was ended without a signal, and at sys_enter, attached only
// for filters that log, what is let through with a record. What is common is asked first: a call that succeeds costs a
// comparison. Which of the calls the filter refused says its program, which is copied when it is met first.
// Authority: kernel/seccomp.c (__seccomp_filter, struct seccomp_filter), include/trace/events/{syscalls,signal,sched}.h,
// kernel/signal.c (force_sig_seccomp), include/linux/filter.h (struct bpf_prog, orig_prog).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import {
  alreadyThere,
  currentTask,
  done,
  frame,
  increment,
  lastThread,
  lookup,
  noExist,
  ofTask,
  read,
  remove,
  update,
} from '../blocks.ts'
import type { Btf } from '../btf.ts'
import type { Layout } from '../layout.ts'
import { slotsPerArchitecture } from '../maps.ts'
import { seccompFilter } from '../membership.ts'
import { architecture } from '../program.ts'
import {
  candidateBits,
  filterDepth,
  filterKey,
  filterValue,
  largestErrno,
  marks,
  programSize,
  suspectKey,
  suspectValue,
  type WatchMaps,
} from './maps.ts'

/** Whose refusals are seen: processes and what they start, a cgroup and all below it, or all that runs under a filter. */
export type Watched = 'processes' | 'everything' | { readonly cgroup: bigint; readonly level: number }

/** Where a filter and its instructions lie in the kernel's memory. */
export interface FilterLayout {
  readonly leader: number
  readonly ofTask: number
  readonly program: number
  readonly previous: number
  readonly original: number
  readonly length: number
  readonly instructions: number
  /** Of struct kernel_siginfo. */
  readonly code: number
}

/** Throws an Error that names a member which this kernel does not describe. */
export function filterLayoutOf(btf: Btf): FilterLayout {
  const offset = (structure: string, path: string): number => {
    const found = btf.offset(structure, path)
    if (found === undefined) throw new Error(`this kernel has no ${structure}.${path}`)
    return found
  }
  return {
    leader: offset('task_struct', 'group_leader'),
    ofTask: offset('task_struct', 'seccomp.filter'),
    program: offset('seccomp_filter', 'prog'),
    previous: offset('seccomp_filter', 'prev'),
    original: offset('bpf_prog', 'orig_prog'),
    length: offset('sock_fprog_kern', 'len'),
    instructions: offset('sock_fprog_kern', 'filter'),
    code: offset('kernel_siginfo', 'si_code'),
  }
}

export interface WatchContext {
  readonly layout: Layout
  readonly filters: FilterLayout
  readonly maps: WatchMaps
  readonly watched: Watched
}

/** Places on the stack. -8 is what the pieces of blocks.ts use. */
const key = -104
const value = -152
const thread = -160
const about = -192
const small = -16
const sigsys = 31
/** SYS_SECCOMP of include/uapi/asm-generic/siginfo.h. */
const bySeccomp = 1
/** SECCOMP_MODE_DEAD of kernel/seccomp.c. */
const dead = 3

/** sys_exit(struct pt_regs *, long result). */
export function returned(context: WatchContext): readonly AssemblyLine[] {
  const { layout, maps } = context
  return [
    bpf.load(9, 1, 8),
    bpf.move(7, 9),
    bpf.add(7, largestErrno),
    bpf.jumpIf(7, 'above', largestErrno, 'done'),
    bpf.load(6, 1, 0),
    // A filter may answer with 0: where one does, that is known before.
    bpf.jumpIf(9, 'notEqual', 0, 'failed'),
    bpf.storeLower(frame, small, 7),
    ...ifSet(maps.results),
    bpf.label('failed'),
    bpf.storeLower(frame, key + suspectKey.result, 9),
    ...isWatched(context, true),
    ...filterOf(context),
    // Of a filter that nobody has read yet every failure is kept.
    bpf.jumpIf(9, 'equal', 0, 'asked'),
    bpf.storeLower(frame, small, 7),
    ...ifSet(maps.results),
    bpf.label('asked'),
    ...numbered(layout),
    ...ifCandidate(maps, candidateBits.refused),
    ...kept(context),
  ]
}

/** sys_enter(struct pt_regs *, long number). */
export function entered(context: WatchContext): readonly AssemblyLine[] {
  const { layout, maps } = context
  return [
    bpf.load(6, 1, 0),
    ...isWatched(context, true),
    ...filterOf(context),
    bpf.jumpIf(9, 'equal', 0, 'done'),
    ...numbered(layout),
    ...ifCandidate(maps, candidateBits.logged),
    bpf.storeValue(frame, key + suspectKey.result, marks.logged),
    ...kept(context),
  ]
}

/** signal_deliver(int signal, struct kernel_siginfo *, struct k_sigaction *). */
export function delivered(context: WatchContext): readonly AssemblyLine[] {
  const { layout, filters, maps } = context
  return [
    bpf.load(7, 1, 0),
    bpf.jumpIf(7, 'notEqual', sigsys, 'done'),
    bpf.load(6, 1, 8),
    ...read(6, filters.code, 4, -8),
    bpf.loadLower(1, frame, -8),
    bpf.jumpIf(1, 'notEqual', bySeccomp, 'done'),
    ...isWatched(context, false),
    bpf.storeValue(frame, key + suspectKey.result, marks.trapped),
    ...ofTask(layout, layout.task.seccompMode, 1),
    bpf.jumpIf(1, 'notEqual', dead, 'trapped'),
    bpf.storeValue(frame, key + suspectKey.result, marks.ended),
    bpf.call('currentPidTgid'),
    bpf.store(frame, thread, 0),
    bpf.storeValue(frame, small, 1),
    ...update(maps.told, thread, small, 0),
    bpf.label('trapped'),
    ...filterOf(context),
    ...stopped(context),
  ]
}

/** sched_process_exit(struct task_struct *): of a thread that a filter ended, where no signal told it. */
export function ended(context: WatchContext): readonly AssemblyLine[] {
  const { layout, maps } = context
  return [
    ...isWatched(context, false),
    ...ofTask(layout, layout.task.seccompMode, 1),
    bpf.jumpIf(1, 'equal', dead, 'ended'),
    ...ofTask(layout, layout.task.exitCode, 1),
    bpf.and(1, 0x7f),
    bpf.jumpIf(1, 'notEqual', sigsys, 'done'),
    bpf.label('ended'),
    bpf.call('currentPidTgid'),
    bpf.store(frame, thread, 0),
    ...lookup(maps.told, thread),
    bpf.jumpIf(0, 'equal', 0, 'untold'),
    ...remove(maps.told, thread),
    bpf.jump('done'),
    bpf.label('untold'),
    bpf.storeValue(frame, key + suspectKey.result, marks.ended),
    ...filterOf(context),
    ...stopped(context),
  ]
}

/** sched_process_fork(struct task_struct *parent, struct task_struct *child): what a watched process starts is watched. */
export function forked({ layout: { task }, maps }: WatchContext): readonly AssemblyLine[] {
  return [
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 8),
    ...read(6, task.tgid, 4, -8),
    ...lookup(maps.tree, -8),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...read(7, task.tgid, 4, -8),
    bpf.storeValue(frame, small, 1),
    ...update(maps.tree, -8, small, 0),
    ...done,
  ]
}

/** sched_process_exit(struct task_struct *). */
export function gone({ layout, maps }: WatchContext): readonly AssemblyLine[] {
  return [...lastThread(layout), ...remove(maps.tree, -8), ...done]
}

/** Goes to `done` for whoever is not watched; leaves the task in r8. `underFilter`: and for whoever has no filter. */
function isWatched({ layout, maps, watched }: WatchContext, underFilter: boolean): readonly AssemblyLine[] {
  return [
    ...currentTask(layout),
    ...(underFilter
      ? [...ofTask(layout, layout.task.seccompMode, 1), bpf.jumpIf(1, 'notEqual', seccompFilter, 'done')]
      : []),
    ...(watched === 'everything'
      ? []
      : watched === 'processes'
        ? [
            ...ofTask(layout, layout.task.tgid, 1),
            bpf.storeLower(frame, -8, 1),
            ...lookup(maps.tree, -8),
            bpf.jumpIf(0, 'equal', 0, 'done'),
          ]
        : [
            bpf.set(1, watched.level),
            bpf.call('currentAncestorCgroup'),
            bpf.setWide(1, watched.cgroup),
            bpf.jumpUnlessSame(0, 1, 'done'),
          ]),
  ]
}

/** The filter of the task in r8 into the key, copied where it is met first; r9 = whether it has been read. */
function filterOf({ filters, maps }: WatchContext): readonly AssemblyLine[] {
  const whole = key + suspectKey.filter
  return [
    ...read(8, filters.ofTask, 8, whole),
    bpf.load(9, frame, whole),
    bpf.jumpIf(9, 'notEqual', 0, 'has-filter'),
    // Newer kernels release it before the thread's end is told: threads of a process mostly share theirs.
    ...read(8, filters.leader, 8, whole),
    bpf.load(9, frame, whole),
    ...read(9, filters.ofTask, 8, whole),
    bpf.load(9, frame, whole),
    bpf.jumpIf(9, 'equal', 0, 'no-filter'),
    bpf.label('has-filter'),
    ...read(9, filters.program, 8, key + suspectKey.program),
    ...lookup(maps.filters, whole),
    bpf.jumpIf(0, 'equal', 0, 'copy'),
    bpf.loadLower(9, 0, filterValue.learnt),
    bpf.jump('known-filter'),
    bpf.label('no-filter'),
    bpf.storeWide(frame, key + suspectKey.program, 0),
    bpf.jump('unknown-filter'),
    bpf.label('copy'),
    ...copied(filters, maps, whole),
    bpf.label('unknown-filter'),
    bpf.set(9, 0),
    bpf.label('known-filter'),
  ]
}

/** The filter whose key is on the stack, and those before it. r9: the filter. */
function copied(filters: FilterLayout, maps: WatchMaps, first: number): readonly AssemblyLine[] {
  const own = value
  return [
    bpf.load(1, frame, first + filterKey.program),
    bpf.store(frame, own + filterKey.filter, 9),
    bpf.store(frame, own + filterKey.program, 1),
    ...Array.from({ length: filterDepth }, (_, depth): readonly AssemblyLine[] => [
      bpf.store(frame, own + filterKey.filter, 9),
      ...read(9, filters.program, 8, own + filterKey.program),
      // What the next one is, before r9 goes.
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

/** Goes on where the place on the stack is set in a map of results. */
const ifSet = (map: { readonly descriptor: number }): readonly AssemblyLine[] => [
  ...lookup(map, small),
  bpf.jumpIf(0, 'equal', 0, 'done'),
  bpf.loadLower(1, 0, 0),
  bpf.jumpIf(1, 'equal', 0, 'done'),
]

/** r6: registers; r7 = first slot, r9 = number; whether the filter was read moves to the stack. */
function numbered(layout: Layout): readonly AssemblyLine[] {
  return [
    bpf.store(frame, thread, 9),
    ...read(6, layout.registers.number, layout.machine === 'x86_64' ? 8 : 4, small),
    bpf.loadLower(9, frame, small),
    ...architecture(layout),
  ]
}

/** Goes on where a filter may answer the call so, or where nobody has read the filter yet. */
function ifCandidate(maps: WatchMaps, bit: number): readonly AssemblyLine[] {
  return [
    bpf.load(1, frame, thread),
    bpf.jumpIf(1, 'equal', 0, 'candidate'),
    bpf.jumpIf(9, 'atLeast', slotsPerArchitecture, 'candidate'),
    bpf.move(1, 7),
    bpf.addRegister(1, 9),
    bpf.storeLower(frame, small, 1),
    ...lookup(maps.candidates, small),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(1, 0, 0),
    bpf.and(1, bit),
    bpf.jumpIf(1, 'equal', 0, 'done'),
    bpf.label('candidate'),
  ]
}

/** What got a signal or was ended: the registers are the task's. */
function stopped(context: WatchContext): readonly AssemblyLine[] {
  return [
    bpf.call('currentTypedTask'),
    bpf.move(1, 0),
    bpf.call('registersOfTask'),
    bpf.move(6, 0),
    bpf.set(9, 0),
    ...numbered(context.layout),
    ...kept(context),
  ]
}

/** Counts the call. r6: registers, r7: first slot, r9: number; filter and result are in the key. */
function kept({ layout: { registers }, maps }: WatchContext): readonly AssemblyLine[] {
  const args = (offsets: readonly number[], lower: boolean): readonly AssemblyLine[] =>
    offsets.flatMap((offset, index) => {
      const place = key + suspectKey.args + index * 8
      return [
        ...read(6, offset, 8, place),
        ...(lower ? [bpf.loadLower(1, frame, place), bpf.store(frame, place, 1)] : []),
      ]
    })
  return [
    bpf.storeLower(frame, key + suspectKey.first, 7),
    bpf.storeLower(frame, key + suspectKey.number, 9),
    bpf.call('currentPidTgid'),
    bpf.shiftRight(0, 32),
    bpf.storeLower(frame, key + suspectKey.process, 0),
    bpf.call('currentCgroup'),
    bpf.store(frame, key + suspectKey.cgroup, 0),
    // The slots of the 32-bit architecture follow the machine's own.
    bpf.jumpIf(7, 'equal', slotsPerArchitecture, 'compat'),
    ...args(registers.arguments, false),
    bpf.jump('filled'),
    bpf.label('compat'),
    ...args(registers.compatArguments, true),
    bpf.label('filled'),
    bpf.call('monotonicTime'),
    bpf.move(9, 0),
    ...lookup(maps.suspects, key),
    bpf.jumpIf(0, 'notEqual', 0, 'again'),
    bpf.storeWide(frame, value + suspectValue.count, 1),
    bpf.store(frame, value + suspectValue.first, 9),
    bpf.store(frame, value + suspectValue.last, 9),
    bpf.move(1, frame),
    bpf.add(1, value + suspectValue.comm),
    bpf.set(2, 16),
    bpf.call('currentComm'),
    ...update(maps.suspects, key, value, noExist),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.jumpIfLower(0, 'notEqual', alreadyThere, 'lost'),
    ...lookup(maps.suspects, key),
    bpf.jumpIf(0, 'equal', 0, 'lost'),
    bpf.label('again'),
    bpf.store(0, suspectValue.last, 9),
    ...increment(0),
    bpf.jump('done'),
    bpf.label('lost'),
    bpf.storeValue(frame, small, 0),
    ...lookup(maps.control, small),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...increment(0),
    ...done,
  ]
}
