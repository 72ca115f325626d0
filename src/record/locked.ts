// A file for one of several processes at a time: flock(2), which Node has no call for, by flock(1) of util-linux or
// busybox on a descriptor of ours. The lock is a file of its own beside it that nobody else can open (mode 600): whoever
// can open a file can keep it locked for ever. The kernel lets go when we end, however that is; the file is then taken
// away by the next. Between containers that share the directory it holds as well.
import { execa } from 'execa'
import { constants } from 'node:fs'
import { lstat, open, rm, type FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isNotFound } from '../not-found.ts'

export interface LockNotices {
  /** Another has it; it is waited for. */
  waiting(): void
  /** Nothing can be locked here, and why: the work is done all the same. */
  unlocked(why: string): void
}

const between = 100

/** Does the work once no other process has the lock; undefined where another kept it for `patience` ms. */
export async function locked<T>(
  lock: string,
  patience: number,
  work: () => Promise<T>,
  notices: LockNotices,
): Promise<{ readonly value: T } | undefined> {
  const until = performance.now() + patience
  for (let isFirst = true; ; isFirst = false) {
    const taken = await take(lock)
    if (typeof taken === 'string') {
      notices.unlocked(taken)
      return { value: await work() }
    }
    if (taken !== undefined) {
      try {
        return { value: await work() }
      } finally {
        await rm(lock, { force: true }).catch(() => undefined)
        await taken.close()
      }
    }
    if (performance.now() > until) return undefined
    if (isFirst) notices.waiting()
    await sleep(between)
  }
}

/** The lock; undefined while another has it; a sentence where it cannot be had. */
async function take(lock: string): Promise<FileHandle | string | undefined> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(lock, flags, 0o600).catch((error: Error) => error.message)
  if (typeof handle === 'string') return handle
  const why = await whyNotOurs(handle)
  const answer = why ?? (await whyNotLocked(handle.fd))
  // Whoever had it before has taken the file away, and the next one is another file.
  const isThere = answer === undefined && (await isSame(handle, lock))
  if (isThere) return handle
  await handle.close()
  return answer === 'busy' || answer === undefined ? undefined : answer
}

async function whyNotOurs(handle: FileHandle): Promise<string | undefined> {
  const found = await handle.stat()
  return found.isFile() && found.uid === process.geteuid?.() ? undefined : 'its lock is a file of another'
}

async function isSame(handle: FileHandle, lock: string): Promise<boolean> {
  const [ours, named] = await Promise.all([handle.stat(), lstat(lock).catch(() => undefined)])
  return ours.ino === named?.ino && ours.dev === named.dev
}

/**
 * A lock belongs to the open file: the child's descriptor is of the same one, and ours keeps it. execa passes it as it
 * is, which its types do not say. flock says nothing where another has the lock.
 */
async function whyNotLocked(descriptor: number): Promise<string | undefined> {
  const got = await execa('flock', ['-x', '-n', '0'], {
    stdin: descriptor as 0,
    stdout: 'ignore',
    reject: false,
  })
  if (!got.failed) return undefined
  if (got.exitCode === 1 && got.stderr === '') return 'busy'
  return isNotFound(got) ? 'flock is not installed (util-linux)' : got.stderr || got.shortMessage
}
