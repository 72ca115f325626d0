// Finds uses of files that the container itself made earlier in the recording, so that they do not count as files of
// the image. An open tells whether it created its file (FMODE_CREATED, include/linux/fs.h); calls like mkdir always do.
import { posix } from 'node:path'
import type { FileUse } from '../../../read/observations/context.ts'

export interface TimedUse {
  readonly use: FileUse
  /** The first time of the use, on the kernel's monotonic clock. */
  readonly time: bigint
}

const making: ReadonlySet<string> = new Set(['mkdir', 'mknod', 'link', 'symlink', 'rename-to', 'bind'])

/** The uses of a path that was made earlier, or that lies in a directory that was made earlier. */
export function oursAmong(uses: readonly TimedUse[]): ReadonlySet<FileUse> {
  const made = new Map<string, bigint>()
  for (const { use, time } of uses) {
    if (use.refused !== undefined || !use.started || (use.ours !== true && !making.has(use.kind))) continue
    const known = made.get(use.path)
    if (known === undefined || time < known) made.set(use.path, time)
  }
  const isMadeBefore = (path: string, time: bigint): boolean => {
    const since = made.get(path)
    if (since !== undefined && since < time) return true
    const parent = posix.dirname(path)
    return parent !== path && isMadeBefore(parent, time)
  }
  return new Set(uses.filter(({ use, time }) => isMadeBefore(use.path, time)).map(({ use }) => use))
}
