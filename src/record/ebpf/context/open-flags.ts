// Reads the flags and the mode of an open from the call's arguments, because the file's f_flags has lost O_CREAT.
// Authority: open(2), openat2(2).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, readUser } from '../blocks.ts'
import { pathKey, specKinds, specPlaces } from './layout.ts'
import { argument, spec } from './path-pieces.ts'
import { at } from './pieces.ts'

export const accessMode = 3
/** FMODE_CREATED of include/linux/fs.h: this open created the file. */
export const createdMode = 0x100000
/** O_CREAT, and the bit that only O_TMPFILE has (include/uapi/asm-generic/fcntl.h). */
export const openFlags = { create: 0o100, temporary: 0o20000000 } as const
const makes = openFlags.create | openFlags.temporary

/** Keeps the access mode and the creating flags of an open, and its mode only if the open may create a file. */
export const openedWith = (): readonly AssemblyLine[] => [
  bpf.loadLower(1, frame, spec + specPlaces.constant),
  bpf.store(frame, at.other, 1),
  ...argument(specPlaces.flags, 'flags-known'),
  bpf.loadLower(1, frame, spec + specPlaces.kind),
  bpf.jumpIf(1, 'notEqual', specKinds.openHow, 'flags-known'),
  // struct open_how: flags, mode and resolve with 64 bits each.
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
