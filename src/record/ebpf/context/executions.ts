// Keeps executed programs: who executed them, and what they gained. The first program under the filter starts the
// container: its settings are noted, and from then on its process and its descendants count as started.
// Authority: include/trace/events/sched.h; fs/exec.c (begin_new_exec: sched_prepare_exec, since Linux 6.10, comes
// before the credentials change; sched_process_exec comes when the program's arguments are in place).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, frame, increment, lookup, read, remove, update } from '../blocks.ts'
import { replaceNote } from '../calls/inside.ts'
import { slotArchitectures, slotsOfCalls } from './calls.ts'
import { noteContainer } from './container-start.ts'
import {
  argumentBytes,
  beforeValue,
  containerValue,
  executionKey,
  executionValue,
  walkPlaces,
} from './layout.ts'
import {
  at,
  clear,
  follow,
  keepRow,
  lookupRow,
  readInto,
  recorded,
  scratch,
  type ProgramInputs,
} from './pieces.ts'
import { numbersOf, slotOfNumber } from './slot.ts'
import { dentryPiece, startWalk, walk } from './walk.ts'

/** The memory in r9 has the key of an execution, then its value at this place. */
const value = executionKey.size

/** sched_prepare_exec(struct task_struct *, struct linux_binprm *), or sys_enter(struct pt_regs *, long number). */
export function beforeExecution(
  given: ProgramInputs,
  tracepoint: 'sched_prepare_exec' | 'sys_enter',
): readonly AssemblyLine[] {
  const { layout, structures, own } = given
  const place = at.task - beforeValue.size - 8
  const names = ['execve', 'execveat']
  const executing = slotArchitectures(layout).flatMap((each) => slotsOfCalls(each, names))
  return [
    ...(tracepoint === 'sys_enter'
      ? [
          bpf.load(6, 1, 0),
          bpf.load(9, 1, 8),
          bpf.moveLower(9, 9),
          // Most calls have none of the numbers that an execution has on any architecture.
          ...numbersOf(layout.machine, names).map((each) => bpf.jumpIfLower(9, 'equal', each, 'perhaps')),
          bpf.jump('done'),
          bpf.label('perhaps'),
          ...slotOfNumber(layout, 'done'),
          ...executing.map((each) => bpf.jumpIf(9, 'equal', each, 'execution')),
          bpf.jump('done'),
          bpf.label('execution'),
        ]
      : []),
    ...recorded(given),
    ...follow(8, structures['task_struct.cred'], 7),
    bpf.call('currentPidTgid'),
    bpf.storeLower(frame, at.other, 0),
    ...read(7, structures['cred.uid'], 32, place + beforeValue.ids),
    ...read(7, structures['cred.cap_permitted'], 8, place + beforeValue.permitted),
    bpf.move(1, frame),
    bpf.add(1, place + beforeValue.comm),
    bpf.set(2, 16),
    bpf.call('currentComm'),
    ...update(own.before, at.other, place, 0),
    ...done,
  ]
}

/** sched_process_exec(struct task_struct *, pid_t old_pid, struct linux_binprm *). */
export function executed(given: ProgramInputs): readonly AssemblyLine[] {
  const { structures, own } = given
  const piece = dentryPiece(structures)
  const key = executionKey
  return [
    bpf.store(frame, at.context, 1),
    bpf.move(6, 1),
    ...recorded(given),
    bpf.call('currentPidTgid'),
    bpf.storeLower(frame, at.word, 0),
    ...replaceNote(given.maps, at.word),
    ...scratch(given, 'done'),
    ...noteContainer(given),
    ...lookup(own.containers, at.container),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.load(1, 0, containerValue.root),
    bpf.store(frame, at.root, 1),
    ...clear(0, key.size),
    bpf.load(1, frame, at.container),
    bpf.store(9, key.container, 1),
    bpf.load(6, frame, at.context),
    bpf.load(1, 6, 8),
    bpf.storeLower(frame, at.word, 1),
    ...lookup(own.before, at.word),
    bpf.jumpIf(0, 'equal', 0, 'not-told'),
    ...Array.from({ length: 4 }, (_, index) => [
      bpf.load(1, 0, beforeValue.ids + index * 8),
      bpf.store(9, key.before + index * 8, 1),
    ]).flat(),
    bpf.load(1, 0, beforeValue.permitted),
    bpf.store(9, key.permittedBefore, 1),
    ...[0, 8].flatMap((half) => [bpf.load(1, 0, beforeValue.comm + half), bpf.store(9, key.comm + half, 1)]),
    ...remove(own.before, at.word),
    bpf.label('not-told'),
    bpf.load(8, frame, at.task),
    ...follow(8, structures['task_struct.cred'], 7),
    ...readInto(7, structures['cred.uid'], 32, key.ids),
    ...readInto(7, structures['cred.cap_permitted'], 8, key.permitted),
    ...follow(8, structures['task_struct.atomic_flags'], 1),
    // PFA_NO_NEW_PRIVS is bit 0 (include/linux/sched.h).
    bpf.and(1, 1),
    bpf.storeLower(9, key.noNewPrivileges, 1),
    bpf.call('currentPidTgid'),
    bpf.shiftRight(0, 32),
    bpf.storeLower(9, value + executionValue.first, 0),
    bpf.storeLower(9, value + executionValue.newest, 0),
    bpf.storeLower(frame, at.other, 0),
    ...lookup(own.started, at.other),
    bpf.jumpIf(0, 'equal', 0, 'starts'),
    bpf.storeValue(9, key.started, 1),
    bpf.label('starts'),
    bpf.storeValue(frame, at.word, 1),
    ...update(own.started, at.other, at.word, 0),
    // The executed file; for a script its interpreter.
    bpf.load(6, frame, at.context),
    bpf.load(7, 6, 16),
    ...follow(7, structures['linux_binprm.file'], 7),
    ...startWalk(given, 7, structures['file.f_path.dentry'], structures['file.f_path.mnt']),
    bpf.store(9, key.dentry, 7),
    ...read(7, piece.from, piece.size, at.dentry),
    bpf.load(1, frame, piece.place('d_name.hash')),
    bpf.store(9, key.name, 1),
    bpf.load(8, frame, piece.place('d_parent')),
    ...readInto(8, structures['dentry.d_name.hash'], 8, key.parentName),
    ...lookupRow(own.executions, 0),
    bpf.jumpIf(0, 'equal', 0, 'new'),
    // live.ts reads the file through a process that still runs.
    bpf.loadLower(1, 9, value + executionValue.newest),
    bpf.storeLower(0, executionValue.newest, 1),
    ...increment(0),
    bpf.jump('done'),
    bpf.label('new'),
    ...words(given),
    ...clear(value + executionValue.walk, walkPlaces.names),
    bpf.load(7, 9, key.dentry),
    ...walk(given, value + executionValue.walk),
    bpf.storeLower(9, value + executionValue.walk + walkPlaces.length, 6),
    ...keepRow(given, own.executions, 0, value, 'executions', 'done'),
    ...done,
  ]
}

/** Copies the program's arguments, at most `argumentBytes` of them. */
function words({ structures }: ProgramInputs): readonly AssemblyLine[] {
  const [length, bytes] = [value + executionValue.length, value + executionValue.arguments]
  return [
    bpf.storeValue(9, length, 0),
    bpf.load(8, frame, at.task),
    ...follow(8, structures['task_struct.mm'], 7),
    ...follow(7, structures['mm_struct.arg_end'], 8),
    ...follow(7, structures['mm_struct.arg_start'], 7),
    bpf.subtractRegister(8, 7),
    bpf.storeLower(9, length, 8),
    bpf.jumpIf(8, 'above', argumentBytes, 'cut-words'),
    bpf.jump('all-words'),
    bpf.label('cut-words'),
    bpf.set(8, argumentBytes),
    bpf.label('all-words'),
    bpf.move(1, 9),
    bpf.add(1, bytes),
    bpf.move(2, 8),
    bpf.move(3, 7),
    bpf.call('readUser'),
    bpf.jumpIf(0, 'equal', 0, 'words'),
    bpf.storeValue(9, length, 0),
    bpf.label('words'),
  ]
}
