// Paths that calls used, at the end of each call. An open that was done is told by the file that the kernel made of it:
// symbolic links are resolved, and its mode and owner known. Of every other call the program's own text is kept, with the
// directory that it starts from. A call that was refused for the file system's sake (EROFS, EACCES, EPERM) is kept too.
// Authority: fs/namei.c and fs/d_path.c; path_resolution(7), openat2(2), unix(7).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { done, frame, increment, lookup, read, readUser, remove } from '../blocks.ts'
import {
  absent,
  changedKeySize,
  pathKey,
  pathValue,
  slots,
  specKinds,
  specPlaces,
  textSize,
  walkPlaces,
} from './maps.ts'
import {
  at,
  clear,
  container,
  dentryPiece,
  follow,
  hasStarted,
  keepRow,
  lookupRow,
  lose,
  readInto,
  recorded,
  rootOf,
  scratch,
  startWalk,
  walk,
  type Given,
} from './pieces.ts'

/** More places on the stack. */
const number = at.task - 8
const spec = number - specPlaces.size
const granted = spec - 8
/** In the memory in r9: the key, and the value behind it. */
const value = changedKeySize

const compatBit = 0x02
const atCurrentDirectory = -100
const unix = 1
const mapped = { execute: 4, anonymous: 0x20 } as const
const accessMode = 3
/** FMODE_CREATED of include/linux/fs.h: this open made the file. */
export const createdMode = 0x100000
/** O_CREAT, and the bit of O_TMPFILE that is its own (include/uapi/asm-generic/fcntl.h). */
export const openFlags = { create: 0o100, temporary: 0o20000000 } as const
const makes = openFlags.create | openFlags.temporary

/** A register's value, whose place stands in the spec, to the stack at `other`; `none` where there is no such argument. */
const argument = (place: number, none: string): readonly AssemblyLine[] => [
  bpf.loadLower(3, frame, spec + place),
  bpf.jumpIf(3, 'equal', absent, none),
  bpf.load(4, frame, at.registers),
  bpf.addRegister(3, 4),
  bpf.move(1, frame),
  bpf.add(1, at.other),
  bpf.set(2, 8),
  bpf.call('readKernel'),
]

/** An argument's lower half to a place of the key; nothing where there is no such argument. */
const keyed = (place: number, to: number, name: string): readonly AssemblyLine[] => [
  ...argument(place, name),
  bpf.loadLower(1, frame, at.other),
  bpf.storeLower(9, to, 1),
  bpf.label(name),
]

/** r7 = the file of the descriptor on the stack at `other`. */
const fileOf = ({ structures }: Given, none: string): readonly AssemblyLine[] => [
  bpf.load(8, frame, at.task),
  ...follow(8, structures['task_struct.files'], 3),
  ...follow(3, structures['files_struct.fdt'], 7),
  ...read(7, structures['fdtable.max_fds'], 4, at.word),
  bpf.loadLower(1, frame, at.word),
  bpf.loadLower(2, frame, at.other),
  bpf.jumpIfNotBelow(2, 1, none),
  ...follow(7, structures['fdtable.fd'], 3),
  bpf.loadLower(1, frame, at.other),
  bpf.shiftLeft(1, 3),
  bpf.addRegister(3, 1),
  ...follow(3, 0, 7),
  bpf.jumpIf(7, 'equal', 0, none),
]

/** Who the dentry in r7 is: itself, its name and its parent's. Uses r8. */
function identity({ structures }: Given): readonly AssemblyLine[] {
  const piece = dentryPiece(structures)
  return [
    bpf.store(9, pathKey.dentry, 7),
    ...read(7, piece.from, piece.size, at.dentry),
    bpf.load(1, frame, piece.place('d_name.hash')),
    bpf.store(9, pathKey.name, 1),
    bpf.load(8, frame, piece.place('d_parent')),
    ...readInto(8, structures['dentry.d_name.hash'], 8, pathKey.parentName),
  ]
}

/** The program for the first path of a call, or with `slots.second` for the other one. */
export function usedPath(given: Given, base: 0 | typeof slots.second): readonly AssemblyLine[] {
  const { layout, structures, own } = given
  const piece = dentryPiece(structures)
  return [
    bpf.store(frame, at.context, 1),
    bpf.load(6, 1, 0),
    bpf.load(7, 1, 8),
    bpf.store(frame, at.registers, 6),
    bpf.store(frame, at.result, 7),
    ...read(6, layout.registers.number, layout.machine === 'x86_64' ? 8 : 4, at.word),
    bpf.loadLower(9, frame, at.word),
    bpf.store(frame, number, 9),
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
    ...compat(given),
    // What the call was granted on its way.
    bpf.storeWide(frame, granted, 0),
    bpf.call('currentPidTgid'),
    bpf.store(frame, at.word, 0),
    ...lookup(own.granted, at.word),
    bpf.jumpIf(0, 'equal', 0, 'nothing-granted'),
    bpf.load(1, 0, 8),
    bpf.load(2, frame, number),
    bpf.jumpUnlessSame(1, 2, 'nothing-granted'),
    bpf.load(1, 0, 0),
    bpf.store(frame, granted, 1),
    bpf.label('nothing-granted'),
    // Done, or refused in a way that a security context decides.
    bpf.set(8, 0),
    bpf.load(7, frame, at.result),
    bpf.jumpIf(7, 'above', -4096, 'failed'),
    bpf.loadLower(1, frame, spec + specPlaces.kind),
    bpf.jumpIf(1, 'equal', specKinds.execute, 'finish'),
    bpf.jump('kept'),
    bpf.label('failed'),
    bpf.subtractRegister(8, 7),
    ...[1, 13, 30].map((errno) => bpf.jumpIf(8, 'equal', errno, 'kept')),
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
    bpf.load(1, frame, number),
    bpf.storeLower(9, pathKey.number, 1),
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
    bpf.and(1, accessMode | createdMode),
    bpf.loadLower(2, frame, spec + specPlaces.kind),
    bpf.jumpIf(2, 'equal', specKinds.open, 'open'),
    bpf.jumpIf(2, 'equal', specKinds.openHow, 'open'),
    bpf.set(1, 0),
    bpf.jump('accessed'),
    bpf.label('open'),
    // O_PATH: nothing is read or written through it.
    bpf.jumpIf(1, 'equal', 0, 'finish'),
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
          bpf.load(3, frame, number),
          bpf.add(3, slots.second),
          bpf.call('tailCall'),
        ]
      : []),
    bpf.call('currentPidTgid'),
    bpf.store(frame, at.word, 0),
    ...remove(own.granted, at.word),
    ...done,
  ]
}

/** When a row is first met. */
const timed: readonly AssemblyLine[] = [bpf.call('monotonicTime'), bpf.store(9, value + pathValue.time, 0)]

/** Text of the program at the pointer on the stack, to the memory in r9. */
const userText = (place: number): readonly AssemblyLine[] => [
  bpf.move(1, 9),
  bpf.add(1, place),
  bpf.set(2, textSize),
  bpf.load(3, frame, at.other),
  bpf.call('readUserString'),
]

/** The numbers of a 32-bit call are others: its paths are not told, and that is counted. */
function compat(given: Given): readonly AssemblyLine[] {
  const { layout } = given
  if (layout.machine !== 'x86_64') return []
  return [
    bpf.load(8, frame, at.task),
    ...read(8, layout.task.status, 4, at.word),
    bpf.loadLower(1, frame, at.word),
    bpf.and(1, compatBit),
    bpf.jumpIf(1, 'equal', 0, 'native'),
    ...lose(given, 'compat', 'done'),
    bpf.jump('done'),
    bpf.label('native'),
  ]
}

/** How an open was asked for: of its flags what says that it makes a file; a mode only where it does. */
const openedWith = (): readonly AssemblyLine[] => [
  bpf.loadLower(1, frame, spec + specPlaces.constant),
  bpf.store(frame, at.other, 1),
  ...argument(specPlaces.flags, 'flags-known'),
  bpf.loadLower(1, frame, spec + specPlaces.kind),
  bpf.jumpIf(1, 'notEqual', specKinds.openHow, 'flags-known'),
  // struct open_how: flags, mode, resolve; 64 bits each.
  bpf.load(6, frame, at.other),
  bpf.move(3, 6),
  bpf.add(3, 8),
  ...readUser(8, at.word),
  bpf.loadLower(1, frame, at.word),
  bpf.storeLower(9, pathKey.mode, 1),
  bpf.move(3, 6),
  ...readUser(8, at.other),
  bpf.label('flags-known'),
  bpf.loadLower(1, frame, at.other),
  bpf.and(1, makes | accessMode),
  bpf.storeLower(9, pathKey.flags, 1),
  bpf.and(1, makes),
  bpf.jumpIf(1, 'notEqual', 0, 'makes'),
  bpf.storeValue(9, pathKey.mode, 0),
  bpf.label('makes'),
]

/** The program's text in the key, and the directory that it starts from; ends at `finish`. */
function byName(given: Given): readonly AssemblyLine[] {
  const { structures, own } = given
  const text = pathKey.text
  return [
    bpf.label('by-name'),
    ...argument(specPlaces.path, 'finish'),
    bpf.loadLower(1, frame, spec + specPlaces.kind),
    bpf.jumpIf(1, 'notEqual', specKinds.socket, 'a-path'),
    ...unixName(),
    bpf.label('a-path'),
    bpf.load(1, frame, at.other),
    // utimensat with a descriptor and no path.
    bpf.jumpIf(1, 'equal', 0, 'by-descriptor'),
    ...userText(text),
    bpf.jumpIf(0, 'above', textSize, 'unread'),
    bpf.loadByte(1, 9, text),
    bpf.jumpIf(1, 'equal', 0, 'empty'),
    bpf.loadByte(1, 9, text),
    bpf.jumpIf(1, 'equal', '/'.charCodeAt(0), 'absolute'),
    ...argument(specPlaces.base, 'current'),
    bpf.loadLower(1, frame, at.other),
    bpf.jumpIfLower(1, 'equal', atCurrentDirectory, 'current'),
    ...fileOf(given, 'finish'),
    ...startWalk(given, 7, structures['file.f_path.dentry'], structures['file.f_path.mnt']),
    bpf.jump('based'),
    bpf.label('current'),
    bpf.load(8, frame, at.task),
    ...follow(8, structures['task_struct.fs'], 8),
    ...startWalk(given, 8, structures['fs_struct.pwd.dentry'], structures['fs_struct.pwd.mnt']),
    bpf.jump('based'),
    bpf.label('absolute'),
    // From the program's own root: it may have changed that.
    bpf.load(8, frame, at.task),
    ...follow(8, structures['task_struct.fs'], 8),
    ...startWalk(given, 8, structures['fs_struct.root.dentry'], structures['fs_struct.root.mnt']),
    bpf.label('based'),
    ...identity(given),
    ...lookupRow(own.changed, 0),
    bpf.jumpIf(0, 'equal', 0, 'new-name'),
    ...increment(0),
    bpf.jump('finish'),
    bpf.label('new-name'),
    ...clear(value + pathValue.walk, walkPlaces.names),
    bpf.load(7, 9, pathKey.dentry),
    ...renamed(walk(given, value + pathValue.walk), 'base-'),
    bpf.storeLower(9, value + pathValue.walk + walkPlaces.length, 6),
    ...timed,
    ...keepRow(given, own.changed, 0, value, 'changes', 'finish'),
    bpf.label('unread'),
    ...lose(given, 'changes', 'finish'),
    bpf.jump('finish'),
    bpf.label('empty'),
    // AT_EMPTY_PATH: the descriptor itself.
  ]
}

/** The name of a socket in the file system: behind the family. Others are no paths. */
const unixName = (): readonly AssemblyLine[] => [
  bpf.load(6, frame, at.other),
  bpf.storeWide(frame, at.word, 0),
  bpf.move(3, 6),
  ...readUser(4, at.word),
  bpf.loadHalf(1, frame, at.word),
  bpf.jumpIf(1, 'notEqual', unix, 'finish'),
  bpf.loadByte(1, frame, at.word + 2),
  bpf.jumpIf(1, 'equal', 0, 'finish'),
  bpf.add(6, 2),
  bpf.store(frame, at.other, 6),
]

/** Lines whose labels are told from the same ones elsewhere in a program. */
function renamed(lines: readonly AssemblyLine[], prefix: string): readonly AssemblyLine[] {
  const own = new Set(lines.flatMap((line) => ('label' in line ? [line.label] : [])))
  return lines.map((line) => {
    if ('label' in line) return { label: prefix + line.label }
    return line.jump !== undefined && own.has(line.jump) ? { ...line, jump: prefix + line.jump } : line
  })
}
