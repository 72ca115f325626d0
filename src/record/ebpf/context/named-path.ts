// Keeps a path as the program wrote it, with the directory that it starts from, or the name of a socket.
// Authority: path_resolution(7), unix(7).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, increment, readUser } from '../blocks.ts'
import { pathKey, pathValue, specKinds, specPlaces, textSize, walkPlaces } from './layout.ts'
import { argument, fileOf, identity, spec, timed, userText, value } from './path-pieces.ts'
import { at, clear, follow, keepRow, lookupRow, lose, type ProgramInputs } from './pieces.ts'
import { startWalk, walk } from './walk.ts'

const atCurrentDirectory = -100
const unix = 1

/** Keeps the program's text and the directory that it starts from. Goes to `finish`, or on for a lone descriptor. */
export function byName(given: ProgramInputs): readonly AssemblyLine[] {
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
    // utimensat(2) with a descriptor and no path.
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
    // The path starts from the program's own root, which it may have changed.
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
    // AT_EMPTY_PATH: the call is about the descriptor itself.
  ]
}

/** Moves the pointer to the name of a unix socket, after the family. Other addresses are not paths. */
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

/** Prefixes the labels, which occur elsewhere in the program. */
function renamed(lines: readonly AssemblyLine[], prefix: string): readonly AssemblyLine[] {
  const own = new Set(lines.flatMap((line) => ('label' in line ? [line.label] : [])))
  return lines.map((line) => {
    if ('label' in line) return { label: prefix + line.label }
    return line.jump !== undefined && own.has(line.jump) ? { ...line, jump: prefix + line.jump } : line
  })
}
