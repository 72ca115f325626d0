// Directories for temporary files: made for one process, whose number stands in the name, so that the next one takes away
// what a process left that was killed. What cannot be written there is the user's to know: TMPDIR chooses the place.
// Authority: pid_namespaces(7): a number says nothing in another namespace, whose own therefore stands beside it.
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../errors.ts'

const prefix = 'seccomp-gen-'

/** Makes one for this process. Throws UserError (125). */
export function temporaryDirectory(place: string = tmpdir()): string {
  return inTemporary(() => {
    const namespace = pidNamespace()
    removeAbandoned(place, namespace)
    return mkdtempSync(join(place, `${prefix}${namespace}-${process.pid}-`))
  })
}

/** Does work that writes to such a directory. Throws UserError (125) where the file system does not take it. */
export function inTemporary<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === undefined) throw error
    throw new UserError('no-temporary-directory', { why: (error as Error).message })
  }
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

/** Of ours, in this namespace, whose process is gone. */
function removeAbandoned(place: string, namespace: string): void {
  for (const name of readdirSync(place)) {
    const [, of, pid] = /^seccomp-gen-(\d+)-(\d+)-\w{6}$/.exec(name) ?? []
    if (of !== namespace || !isGone(Number(pid))) continue
    try {
      const found = lstatSync(join(place, name))
      if (found.isDirectory() && found.uid === process.geteuid?.())
        rmSync(join(place, name), { recursive: true, force: true })
    } catch {
      // Another has taken it away.
    }
  }
}

/** Whether there is no such process; one that is another user's there is. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
