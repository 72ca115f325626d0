// A directory for one of several processes at a time: flock(2), which Node has no call for, by flock(1) of util-linux or
// busybox on a descriptor of ours. The kernel lets go when we end, however that is: there is no stale lock and no file
// of it. Between containers that share the directory it holds as well.
import { execa } from 'execa'
import { open } from 'node:fs/promises'

/** Does the work once no other process holds the directory; `unlocked` is told where that cannot be known, and why. */
export async function locked<T>(
  directory: string,
  work: () => Promise<T>,
  unlocked: (why: string) => void,
): Promise<T> {
  const handle = await open(directory, 'r').catch((error: Error) => unlocked(error.message))
  try {
    const why = handle && (await whyNotLocked(handle.fd))
    if (why !== undefined) unlocked(why)
    return await work()
  } finally {
    await handle?.close()
  }
}

/**
 * A lock belongs to the open file: the child's descriptor is of the same one, and ours keeps it. execa passes it as it
 * is, which its types do not say.
 */
async function whyNotLocked(descriptor: number): Promise<string | undefined> {
  const got = await execa('flock', ['-x', '0'], { stdin: descriptor as 0, stdout: 'ignore', reject: false })
  if (!got.failed) return undefined
  return got.code === 'ENOENT' ? 'flock is not installed (util-linux)' : got.stderr || got.shortMessage
}
