// Lets one process at a time use a file. The lock is flock(2). Node has no such call, so flock(1) of util-linux or
// busybox locks a descriptor of ours. The locked file is a separate one that no other user can open (mode 600), because
// anyone who can open a file can keep it locked for ever. The kernel releases the lock however our process ends.
// The next process removes a lock file that is left. The lock also works between containers that share the directory.
import { execa } from 'execa'
import { constants } from 'node:fs'
import { lstat, open, rm, type FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isNotFound } from '../not-found.ts'

export interface LockNotices {
  /** Another process has the lock, and we wait for it. */
  waiting(): void
  /** Locking is not possible, for this reason. The work is done without a lock. */
  unlocked(why: string): void
}

const between = 100

/** Does the work once no other process has the lock; undefined if another process kept the lock for `patience` ms. */
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

/** The lock; undefined while another process has it; the reason as text if locking is not possible. */
async function take(lock: string): Promise<FileHandle | string | undefined> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(lock, flags, 0o600).catch((error: Error) => error.message)
  if (typeof handle === 'string') return handle
  const why = await whyNotOurs(handle)
  const answer = why ?? (await whyNotLocked(handle.fd))
  // If the previous owner has removed the file meanwhile, the name now belongs to another file or to none.
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
 * A lock belongs to the open file description, which the child's descriptor shares: ours keeps the lock after the child
 * ends. execa passes the descriptor unchanged, although its types do not say so. If another process has the lock, flock
 * fails without a message.
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
