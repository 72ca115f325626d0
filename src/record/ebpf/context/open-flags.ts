// Reads the flags and the mode of an open from the call's arguments, because the file's f_flags has lost O_CREAT.
// Authority: open(2), openat2(2).
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, readUser } from '../blocks.ts'
import { openFlags } from '../../../read/observations/open-use.ts'
import { pathKey, specKinds, specPlaces } from './layout.ts'
import { argument, spec } from './path-pieces.ts'
import { at } from './pieces.ts'

/** FMODE_CREATED of include/linux/fs.h: this open created the file. */
export const createdMode = 0x100000
const makes = openFlags.create | openFlags.temporary
const kept = makes | openFlags.access | openFlags.path
const readAndWrite = 2

/**
 * Keeps the flags that decide the use of an open, and its mode only if the open may create a file. O_TRUNC is kept as
 * the access mode that needs the same permissions, so that one use makes one row.
 */
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
  bpf.jumpIf(1, 'anyBit', openFlags.truncate, 'truncates'),
  bpf.jump('written'),
  bpf.label('truncates'),
  bpf.jumpIf(1, 'anyBit', openFlags.access, 'written'),
  bpf.or(1, readAndWrite),
  bpf.label('written'),
  bpf.and(1, kept),
  bpf.storeLower(9, pathKey.flags, 1),
  bpf.and(1, makes),
  bpf.jumpIf(1, 'notEqual', 0, 'makes'),
  bpf.storeValue(9, pathKey.mode, 0),
  bpf.label('makes'),
]
