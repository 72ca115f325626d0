// Makes rows of the uses of files: an open to read or to change, or a change with the mode or owner that was given.
import type { ContextRows, FileUse, changeKinds } from '../../../read/observations/context.ts'
import type { Container } from './container.ts'
import { hasShortIds } from './calls.ts'
import { pathKey, pathValue } from './layout.ts'
import { createdMode } from './open-flags.ts'
import { openUse } from '../../../read/observations/open-use.ts'
import { modeOf } from './words.ts'

export function addRead(of: Container, use: ContextRows['reads'][number], value: Buffer): void {
  of.rows.reads.push(use)
  of.uses.push({ use, time: value.readBigUInt64LE(pathValue.time) })
}

export function addChange(of: Container, use: ContextRows['changes'][number], value: Buffer): void {
  of.rows.changes.push(use)
  of.uses.push({ use, time: value.readBigUInt64LE(pathValue.time) })
}

export function addOpen(of: Container, key: Buffer, value: Buffer, told: Omit<FileUse, 'kind'>): void {
  const { reads, writes, creates } = openUse(key.readUInt32LE(pathKey.flags))
  const use = {
    ...told,
    kind: 'open',
    reads,
    writes,
    ...(creates && { creates, mode: modeOf(key.readUInt32LE(pathKey.mode)) }),
    ...((key.readUInt32LE(pathKey.access) & createdMode) !== 0 && { ours: true as const }),
  } as const
  if (writes || creates) addChange(of, use, value)
  else addRead(of, use, value)
}

/** The mode or the owner that a change gave. */
export function given(
  { reading }: Container,
  key: Buffer,
  kind: (typeof changeKinds)[number],
): Partial<FileUse> {
  const mode = key.readUInt32LE(pathKey.mode)
  if (kind === 'mkdir' || kind === 'chmod') return { mode: modeOf(mode) }
  if (kind === 'mknod') return { mode: modeOf(mode, 0o177777) }
  if (kind !== 'chown') return {}
  // The program's own numbers: the ids are already those of its namespace. -1 changes nothing.
  const none = hasShortIds(reading.layout.machine, key.readUInt32LE(pathKey.slot)) ? 0xffff : 0xffff_ffff
  const [uid, gid] = [pathKey.toUid, pathKey.toGid].map((place) => (key.readUInt32LE(place) & none) >>> 0)
  return { ...(uid !== none && { toUid: uid }), ...(gid !== none && { toGid: gid }) }
}
