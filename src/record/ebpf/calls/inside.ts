// Tells a failure of the kernel from a refusal by a filter: a call that a filter refuses is never entered, but returns
// like one that the kernel entered and refused. Also leaves out calls that began before the recording. Each thread's
// entry is noted until its exit. A thread without a note is inside a call that began before the recording: its failure
// proves nothing. Nothing is noted while no filter can refuse a call, unless the programs can be preempted: then the
// program at sys_enter marks its note, and the stand-in counts the calls without a mark.
// Authority: kernel/entry/common.c (syscall_trace_enter: the filter comes before sys_enter), seccomp(2), prctl(2).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { currentTask, frame, increment, lookup, ofTask, read } from '../blocks.ts'
import { keying, entry, places } from '../apart.ts'
import type { Layout } from '../layout.ts'
import { controlKeys, failurePlaces, insideNotes, maySetFilter, type Maps } from '../maps.ts'
import { seccompFilter, type Membership } from '../membership.ts'

/** PR_SET_SECCOMP of include/uapi/linux/prctl.h. */
const setSeccomp = 22
/** SECCOMP_SET_MODE_FILTER of include/uapi/linux/seccomp.h. */
const setFilter = 1
const [control, thread] = [-64, -72]
/** Where the program at sys_exit leaves the thread's note, or `notUnderFilter`, for the programs that run after it. */
const ended = -264
const notUnderFilter = -1
/**
 * When a call is counted: at its entry, again at its entry if the kernel skipped the program there, or at its exit if a
 * filter answered the call.
 */
export type CountingMoment = 'entry' | 'again' | 'exit'

/** The bit of a note: the program at sys_enter ran for this call, and the stand-in not yet. */
const fresh = 1 << 30

/** Goes on only if a filter may refuse calls, or if the programs can be preempted. */
const ifNoted = (layout: Layout, maps: Maps, otherwise: string): readonly AssemblyLine[] =>
  layout.isPreempted ? [] : ifRefusable(maps, otherwise)

/** Goes on only if a filter may refuse calls. */
const ifRefusable = (maps: Maps, otherwise: string): readonly AssemblyLine[] => [
  bpf.storeValue(frame, control, controlKeys.refusable),
  ...lookup(maps.control, control),
  bpf.jumpIf(0, 'equal', 0, otherwise),
  bpf.load(1, 0, 0),
  bpf.jumpIf(1, 'equal', 0, otherwise),
]

/**
 * r0 = the address of the thread's note. A thread id above the largest when the recording began has none. `layout`: r8
 * is the task. A load from it costs less than a helper.
 */
const noteOfThread = (maps: Maps, otherwise: string, layout?: Layout): readonly AssemblyLine[] => [
  ...(layout?.isTyped ? [bpf.loadLower(0, 8, layout.task.pid)] : [bpf.call('currentPidTgid')]),
  bpf.storeLower(frame, thread, 0),
  ...lookup(maps.inside, thread),
  bpf.jumpIf(0, 'equal', 0, otherwise),
]

/** Notes that the thread has entered the call whose slot is at -16. r8: task. */
export function noteEntry(layout: Layout, maps: Maps, moment: CountingMoment): readonly AssemblyLine[] {
  return [
    ...(moment === 'again' ? ifSkipped(layout, maps) : ifNoted(layout, maps, 'noted')),
    ...noteOfThread(maps, 'noted', layout),
    bpf.loadLower(1, frame, places.slot),
    bpf.add(1, insideNotes.firstCall),
    ...(layout.isPreempted && moment === 'entry' ? [bpf.or(1, fresh)] : []),
    bpf.storeLower(0, 0, 1),
    bpf.label('noted'),
  ]
}

/** Goes on in the stand-in if the kernel skipped the program at sys_enter for this call. */
const ifSkipped = (layout: Layout, maps: Maps): readonly AssemblyLine[] => [
  ...noteOfThread(maps, 'done', layout),
  bpf.loadLower(1, 0, 0),
  bpf.jumpIf(1, 'anyBit', fresh, 'fresh'),
  bpf.jump('skipped'),
  bpf.label('fresh'),
  bpf.and(1, ~fresh),
  bpf.storeLower(0, 0, 1),
  bpf.jump('done'),
  bpf.label('skipped'),
]

/**
 * At the exit of a call that did not fail. Goes to `unentered` if the thread had not entered the call, to `unsure` if
 * that is not known, else to `done`. A thread without a filter has no note if none counts.
 */
export function noteExit(
  layout: Layout,
  maps: Maps,
  { underFilter }: Membership,
  unsure: string,
): readonly AssemblyLine[] {
  const isEarly = layout.isTyped && underFilter
  return [
    ...ifNoted(layout, maps, 'done'),
    ...(isEarly
      ? [
          ...currentTask(layout),
          ...ofTask(layout, layout.task.seccompMode, 1),
          bpf.jumpIf(1, 'equal', seccompFilter, 'exits'),
          bpf.storeValue(frame, ended, notUnderFilter),
          bpf.jump('done'),
          bpf.label('exits'),
        ]
      : []),
    ...noteOfThread(maps, 'done', isEarly ? layout : undefined),
    bpf.loadLower(1, 0, 0),
    bpf.jumpIf(1, 'equal', insideNotes.none, unsure),
    bpf.storeLower(frame, ended, 1),
    bpf.storeValue(0, 0, insideNotes.outside),
    bpf.jumpIf(1, 'notEqual', insideNotes.outside, 'done'),
    // Without a filter, both programs were skipped at the entry.
    ...(layout.isPreempted ? ifRefusable(maps, 'done') : []),
    bpf.jump('unentered'),
  ]
}

/** No note is left for the programs that follow in turn. */
export const noNote: readonly AssemblyLine[] = [bpf.storeValue(frame, ended, insideNotes.none)]

/**
 * Stores the slot of the call that ended well at `place`. Goes to `unknown` if the program before left no note of it, and
 * to `unfiltered` if the thread has no filter and only calls under a filter count.
 */
export const endedSlot = (place: number, unknown: string, unfiltered: string): readonly AssemblyLine[] => [
  bpf.loadLower(1, frame, ended),
  bpf.jumpIfLower(1, 'equal', notUnderFilter, unfiltered),
  bpf.and(1, ~fresh),
  bpf.jumpIf(1, 'equal', insideNotes.none, unknown),
  bpf.jumpIf(1, 'equal', insideNotes.outside, unknown),
  bpf.jumpIf(1, 'equal', insideNotes.some, unknown),
  bpf.add(1, -insideNotes.firstCall),
  bpf.storeLower(frame, place, 1),
]

/** At the exit of a failed call: as `noteExit`, but the note stays, and `otherwise` follows an entry. */
export const noteFailure = (maps: Maps, unsure: string, otherwise: string): readonly AssemblyLine[] => [
  ...ifRefusable(maps, otherwise),
  ...noteOfThread(maps, otherwise),
  bpf.loadLower(1, 0, 0),
  bpf.jumpIf(1, 'equal', insideNotes.none, unsure),
  bpf.jumpIf(1, 'equal', insideNotes.outside, 'unentered'),
  bpf.jump(otherwise),
]

/** Notes that the current thread is in no call. */
export const noteOutside = (maps: Maps, otherwise: string): readonly AssemblyLine[] => [
  ...noteOfThread(maps, otherwise),
  bpf.storeValue(0, 0, insideNotes.outside),
]

/**
 * Replaces the note under the thread id at `place`, which is that of another thread: an earlier one with the id of a new
 * thread, or the leader, whose id a thread takes that executes a program (fs/exec.c: de_thread). Both leave a call that
 * began under another id.
 */
export const replaceNote = (maps: Maps, place: number): readonly AssemblyLine[] => [
  ...lookup(maps.inside, place),
  bpf.jumpIf(0, 'equal', 0, 'no-note'),
  bpf.storeValue(0, 0, insideNotes.some),
  bpf.label('no-note'),
]

/** Goes on for a failed call, whose slot is at -16, if the thread had entered it. Counts what a filter refused. */
export function hadEntered(layout: Layout, maps: Maps, membership: Membership): readonly AssemblyLine[] {
  return [
    ...ifNoted(layout, maps, 'had-entered'),
    ...noteOfThread(maps, 'done'),
    bpf.loadLower(1, 0, 0),
    bpf.jumpIf(1, 'equal', insideNotes.none, 'done'),
    bpf.storeValue(0, 0, insideNotes.outside),
    bpf.jumpIf(1, 'equal', insideNotes.outside, 'refused'),
    bpf.and(1, ~fresh),
    bpf.add(1, -insideNotes.firstCall),
    bpf.loadLower(2, frame, places.slot),
    bpf.jumpUnlessSame(1, 2, 'done'),
    bpf.jump('had-entered'),
    bpf.label('refused'),
    // Without a filter, both programs were skipped at the entry.
    ...(layout.isPreempted ? ifRefusable(maps, 'had-entered') : []),
    ...keying(membership),
    ...entry(maps.failures, membership, 'refused'),
    bpf.add(0, failurePlaces.refused),
    ...increment(0),
    bpf.jump('done'),
    bpf.label('had-entered'),
  ]
}

/**
 * If the call sets a filter, entries are noted from now on. r6: registers, r9: the call's wanted arguments. Both calls
 * have their operation in the first argument. prctl's option 1 counts as seccomp's operation 1: notes then begin early.
 */
export function filterSet(maps: Maps, [first = 0]: readonly number[], way: string): readonly AssemblyLine[] {
  const [sets, no] = [`${way}-sets`, `${way}-no-filter`]
  return [
    bpf.move(1, 9),
    bpf.and(1, maySetFilter),
    bpf.jumpIf(1, 'equal', 0, no),
    ...read(6, first, 8, thread),
    bpf.loadLower(1, frame, thread),
    bpf.jumpIf(1, 'equal', setSeccomp, sets),
    bpf.jumpIf(1, 'equal', setFilter, sets),
    bpf.jump(no),
    bpf.label(sets),
    bpf.storeValue(frame, control, controlKeys.refusable),
    ...lookup(maps.control, control),
    bpf.jumpIf(0, 'equal', 0, no),
    bpf.storeValue(0, 0, 1),
    // The thread is in the call that sets the filter. It has no note unless the programs can be preempted.
    ...noteOfThread(maps, no),
    bpf.loadLower(1, 0, 0),
    bpf.jumpIf(1, 'notEqual', insideNotes.none, no),
    bpf.storeValue(0, 0, insideNotes.some),
    bpf.label(no),
  ]
}
