// The programs that watch refusals without a recording. They keep calls that return an errno (sys_exit) or cause SIGSYS
// (signal_deliver), threads that end without a signal (sched_process_exit), and calls that are allowed and logged
// (sys_enter, attached only if a filter logs). The most frequent case is tested first: a successful call costs one
// comparison. A filter's instructions are copied when it is first met: they tell which calls the filter refused.
// Authority: kernel/seccomp.c (__seccomp_filter, struct seccomp_filter), include/trace/events/{syscalls,signal,
// sched}.h, kernel/signal.c (force_sig_seccomp), include/linux/filter.h (struct bpf_prog, orig_prog).
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
import { filterOf, type FilterLayout } from '../filter-copies.ts'
import type { Layout } from '../layout.ts'
import { slotsPerArchitecture } from '../maps.ts'
import { seccompFilter } from '../membership.ts'
import { numbered, unlessRestored } from '../calls/number.ts'
import { candidateBits, largestErrno, marks, suspectKey, suspectValue, type WatchMaps } from './maps.ts'

/** Whose refusals are watched: those of processes and descendants, of a cgroup and all below it, or of every task. */
export type Watched = 'processes' | 'everything' | { readonly cgroup: bigint; readonly level: number }

export interface WatchContext {
  readonly layout: Layout
  readonly filters: FilterLayout
  /** The offset of si_code in struct kernel_siginfo. */
  readonly signalCode: number
  readonly maps: WatchMaps
  readonly watched: Watched
}

/** Places on the stack. The blocks of blocks.ts use -8. */
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
    // A filter may answer with errno 0. A result of 0 is kept only if a known filter does so.
    bpf.jumpIf(9, 'notEqual', 0, 'failed'),
    bpf.storeLower(frame, small, 7),
    ...ifSet(maps.results),
    bpf.label('failed'),
    bpf.storeLower(frame, key + suspectKey.result, 9),
    ...isWatched(context, true),
    ...filter(context),
    // While the filter is unread, every failure under it is kept.
    bpf.jumpIf(9, 'equal', 0, 'asked'),
    bpf.storeLower(frame, small, 7),
    ...ifSet(maps.results),
    bpf.label('asked'),
    ...asked(layout, false),
    ...unlessRestored,
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
    ...filter(context),
    bpf.jumpIf(9, 'equal', 0, 'done'),
    ...asked(layout, false),
    ...ifCandidate(maps, candidateBits.logged),
    bpf.storeValue(frame, key + suspectKey.result, marks.logged),
    ...kept(context),
  ]
}

/** signal_deliver(int signal, struct kernel_siginfo *, struct k_sigaction *). */
export function delivered(context: WatchContext): readonly AssemblyLine[] {
  const { layout, signalCode, maps } = context
  return [
    bpf.load(7, 1, 0),
    bpf.jumpIf(7, 'notEqual', sigsys, 'done'),
    bpf.load(6, 1, 8),
    ...read(6, signalCode, 4, -8),
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
    ...filter(context),
    ...stopped(context),
  ]
}

/** sched_process_exit(struct task_struct *): keeps a thread that a filter ended, unless a signal has shown it. */
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
    ...filter(context),
    ...stopped(context),
  ]
}

/** sched_process_fork(struct task_struct *parent, struct task_struct *child): a watched process's child is watched. */
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

/** Goes to `done` if the task is not watched, or with `underFilter` if it has no filter. Leaves the task in r8. */
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

/** Puts the filter of the task in r8 into the key. r9 = whether the filter has been read. */
const filter = ({ filters, maps }: WatchContext): readonly AssemblyLine[] =>
  filterOf(filters, maps, { key: key + suspectKey.filter, copy: value, about, small })

/** Continues if the map has a nonzero value for the key on the stack; else goes to `done`. */
const ifSet = (map: { readonly descriptor: number }): readonly AssemblyLine[] => [
  ...lookup(map, small),
  bpf.jumpIf(0, 'equal', 0, 'done'),
  bpf.loadLower(1, 0, 0),
  bpf.jumpIf(1, 'equal', 0, 'done'),
]

/** r7 = first slot, r9 = number. Moves r9, whether the filter was read, to the stack. r6: registers. */
function asked(layout: Layout, atSignal: boolean): readonly AssemblyLine[] {
  return [bpf.store(frame, thread, 9), ...numbered(layout, small, atSignal)]
}

/** Continues if a filter may answer the call as `bit` says, or if the filter is unread; else goes to `done`. */
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

/** Keeps the call of a task that got a signal or has ended, from the task's registers. */
function stopped(context: WatchContext): readonly AssemblyLine[] {
  return [
    bpf.call('currentTypedTask'),
    bpf.move(1, 0),
    bpf.call('registersOfTask'),
    bpf.move(6, 0),
    bpf.set(9, 0),
    ...asked(context.layout, true),
    ...kept(context),
  ]
}

/** Counts the call. r6: registers, r7: first slot, r9: number. The key already has the filter and the result. */
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
