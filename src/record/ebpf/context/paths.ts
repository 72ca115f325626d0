// Keeps the paths that calls used, at the end of each call. For a successful open, and for a call with a descriptor, it
// keeps the kernel's file: symbolic links are resolved, and mode and owner are known. For every other call it keeps the
// program's text, with the directory that it starts from. Calls refused with EROFS, EACCES or EPERM are kept too.
// Authority: fs/namei.c and fs/d_path.c; path_resolution(7), openat2(2), unix(7).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, frame, increment, lookup } from '../blocks.ts'
import { changedKeySize, pathKey, pathValue, slots, specKinds, specPlaces, walkPlaces } from './layout.ts'
import { byName } from './named-path.ts'
import { createdMode, openedWith } from './open-flags.ts'
import { flagRequests } from '../../../read/observations/flag-requests.ts'
import { openFlags } from '../../../read/observations/open-use.ts'
import { argument, fileOf, identity, keyed, slot, spec, timed, userText, value } from './path-pieces.ts'
import {
  at,
  clear,
  container,
  follow,
  forgetGranted,
  hasStarted,
  keepRow,
  lookupRow,
  readInto,
  recorded,
  scratch,
  type ProgramInputs,
} from './pieces.ts'
import { currentSlot } from './slot.ts'
import { dentryPiece, rootOf, startWalk, walk } from './walk.ts'

/** One more place on the stack. */
const granted = spec - 8

/** EROFS (errno(3)). */
const readOnly = 30
const mapped = { execute: 4, anonymous: 0x20 } as const

/** The program for the first path of a call, or with `slots.second` for the second path. */
export function usedPath(given: ProgramInputs, base: 0 | typeof slots.second): readonly AssemblyLine[] {
  const { layout, structures, own } = given
  const piece = dentryPiece(structures)
  return [
    bpf.store(frame, at.context, 1),
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 8),
    bpf.store(frame, at.registers, 6),
    bpf.store(frame, at.result, 7),
    ...currentSlot(layout, 'done'),
    bpf.store(frame, slot, 9),
    bpf.add(9, base),
    bpf.storeLower(frame, at.word, 9),
    ...lookup(own.specs, at.word),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    bpf.loadLower(1, 0, specPlaces.kind),
    bpf.jumpIf(1, 'equal', specKinds.none, 'done'),
    ...Array.from({ length: specPlaces.size / 8 }, (_, index) => [
      bpf.load(2, 0, index * 8),
      bpf.store(frame, spec + index * 8, 2),
    ]).flat(),
    // A question is evidence only if a read-only mount decided the answer.
    bpf.jumpIf(1, 'notEqual', specKinds.asks, 'no-question'),
    bpf.load(2, frame, at.result),
    bpf.jumpIf(2, 'notEqual', -readOnly, 'done'),
    bpf.jump('whose'),
    bpf.label('no-question'),
    // Most requests of ioctl(2) change no file.
    bpf.jumpIf(1, 'notEqual', specKinds.request, 'no-request'),
    ...argument(specPlaces.flags, 'done'),
    bpf.loadLower(1, frame, at.other),
    ...flagRequests.map(({ number }) => bpf.jumpIf(1, 'equal', number, 'flag-request')),
    bpf.jump('done'),
    bpf.label('flag-request'),
    bpf.storeValue(frame, spec + specPlaces.kind, specKinds.descriptor),
    bpf.jump('whose'),
    bpf.label('no-request'),
    // Most memory is mapped for data.
    bpf.jumpIf(1, 'notEqual', specKinds.map, 'whose'),
    ...argument(specPlaces.mode, 'done'),
    bpf.loadLower(1, frame, at.other),
    bpf.and(1, mapped.execute),
    bpf.jumpIf(1, 'equal', 0, 'done'),
    ...argument(specPlaces.flags, 'done'),
    bpf.loadLower(1, frame, at.other),
    bpf.and(1, mapped.anonymous),
    bpf.jumpIf(1, 'notEqual', 0, 'done'),
    bpf.label('whose'),
    ...recorded(given),
    ...hasStarted(given, 'done'),
    // The capabilities that were granted to the call.
    bpf.storeWide(frame, granted, 0),
    bpf.call('currentPidTgid'),
    bpf.store(frame, at.word, 0),
    ...lookup(own.granted, at.word),
    bpf.jumpIf(0, 'equal', 0, 'nothing-granted'),
    bpf.load(1, 0, 8),
    bpf.load(2, frame, slot),
    bpf.jumpUnlessSame(1, 2, 'nothing-granted'),
    bpf.load(1, 0, 0),
    bpf.store(frame, granted, 1),
    bpf.label('nothing-granted'),
    // Only successful calls, and refusals that a security context may decide.
    bpf.set(8, 0),
    bpf.load(7, frame, at.result),
    bpf.jumpIf(7, 'above', -4096, 'failed'),
    bpf.loadLower(1, frame, spec + specPlaces.kind),
    bpf.jumpIf(1, 'equal', specKinds.execute, 'finish'),
    bpf.jump('kept'),
    bpf.label('failed'),
    bpf.subtractRegister(8, 7),
    ...[1, 13, readOnly].map((errno) => bpf.jumpIf(8, 'equal', errno, 'kept')),
    bpf.jump('finish'),
    bpf.label('kept'),
    ...container(given, 'finish'),
    ...rootOf,
    ...scratch(given, 'finish'),
    ...clear(0, changedKeySize),
    bpf.storeLower(9, pathKey.errno, 8),
    bpf.storeValue(9, pathKey.second, base === 0 ? 0 : 1),
    bpf.load(1, frame, at.container),
    bpf.store(9, pathKey.container, 1),
    bpf.load(1, frame, granted),
    bpf.store(9, pathKey.granted, 1),
    bpf.load(1, frame, slot),
    bpf.storeLower(9, pathKey.slot, 1),
    bpf.load(8, frame, at.task),
    ...follow(8, structures['task_struct.cred'], 7),
    ...readInto(7, structures['cred.fsgid'] - 4, 8, pathKey.fsuid),
    bpf.move(1, 9),
    bpf.add(1, pathKey.comm),
    bpf.set(2, 16),
    bpf.call('currentComm'),
    bpf.loadLower(1, frame, spec + specPlaces.kind),
    bpf.jumpIf(1, 'equal', specKinds.map, 'by-descriptor'),
    ...keyed(specPlaces.mode, pathKey.mode, 'no-mode'),
    ...keyed(specPlaces.uid, pathKey.toUid, 'no-uid'),
    ...keyed(specPlaces.gid, pathKey.toGid, 'no-gid'),
    bpf.loadLower(1, frame, spec + specPlaces.kind),
    bpf.jumpIf(1, 'equal', specKinds.descriptor, 'by-descriptor'),
    bpf.jumpIf(1, 'above', specKinds.openHow, 'by-name'),
    ...openedWith(),
    bpf.loadLower(1, 9, pathKey.errno),
    bpf.jumpIf(1, 'notEqual', 0, 'by-name'),
    bpf.load(1, frame, at.result),
    bpf.store(frame, at.other, 1),
    bpf.jump('file'),
    ...byName(given),
    bpf.label('by-descriptor'),
    ...argument(specPlaces.base, 'finish'),
    bpf.label('file'),
    ...fileOf(given, 'finish'),
    ...readInto(7, structures['file.f_mode'], 4, pathKey.access),
    bpf.loadLower(1, 9, pathKey.access),
    bpf.and(1, createdMode),
    bpf.loadLower(2, frame, spec + specPlaces.kind),
    bpf.jumpIf(2, 'equal', specKinds.open, 'open'),
    bpf.jumpIf(2, 'equal', specKinds.openHow, 'open'),
    bpf.set(1, 0),
    bpf.jump('accessed'),
    bpf.label('open'),
    // O_PATH: the file can be neither read nor written through the descriptor.
    bpf.loadLower(2, 9, pathKey.flags),
    bpf.jumpIf(2, 'anyBit', openFlags.path, 'finish'),
    bpf.label('accessed'),
    bpf.storeLower(9, pathKey.access, 1),
    ...startWalk(given, 7, structures['file.f_path.dentry'], structures['file.f_path.mnt']),
    ...identity(given),
    bpf.load(8, frame, piece.place('d_inode')),
    ...readInto(8, structures['inode.i_mode'], 2, pathKey.fileMode),
    ...readInto(8, structures['inode.i_uid'], 8, pathKey.fileUid),
    ...lookupRow(own.opened, 0),
    bpf.jumpIf(0, 'equal', 0, 'new-file'),
    ...increment(0),
    bpf.jump('finish'),
    bpf.label('new-file'),
    bpf.storeWide(9, value + pathValue.text, 0),
    ...argument(specPlaces.path, 'no-text'),
    ...userText(value + pathValue.text),
    bpf.label('no-text'),
    ...clear(value + pathValue.walk, walkPlaces.names),
    ...walk(given, value + pathValue.walk),
    bpf.storeLower(9, value + pathValue.walk + walkPlaces.length, 6),
    ...timed,
    ...keepRow(given, own.opened, 0, value, 'reads', 'finish'),
    bpf.label('finish'),
    ...(base === 0
      ? [
          bpf.load(1, frame, at.context),
          bpf.map(2, own.programs.descriptor),
          bpf.load(3, frame, slot),
          bpf.add(3, slots.second),
          bpf.call('tailCall'),
        ]
      : []),
    ...forgetGranted(given),
    ...done,
  ]
}
