// Files that the container made itself, within the recording and before they were used: what is read of them is nothing
// of the image. An open says itself whether it made its file (FMODE_CREATED, include/linux/fs.h); for the others time does.
import { posix } from 'node:path'
import type { FileUse } from '../../../read/observations/context.ts'

export interface TimedUse {
  readonly use: FileUse
  /** Of the first time, on the kernel's clock. */
  readonly time: bigint
}

const making: ReadonlySet<string> = new Set(['mkdir', 'mknod', 'link', 'symlink', 'rename-to', 'bind'])

/** Those of the uses that are of a path which was made earlier, or that lies in a directory which was. */
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
