// Directories for temporary files. A directory's name holds the id of the process that made it, so the next process can
// remove what a killed one left. If a file cannot be written there, the user gets an error: TMPDIR chooses the place.
// Authority: pid_namespaces(7): a process id means nothing in another namespace, so the name also holds the namespace.
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../errors.ts'

const prefix = 'seccomp-gen-'

/** Makes a directory for this process. Throws UserError (125). */
export function temporaryDirectory(place: string = tmpdir()): string {
  return inTemporary(() => {
    const namespace = pidNamespace()
    removeAbandoned(place, namespace)
    return mkdtempSync(join(place, `${prefix}${namespace}-${process.pid}-`))
  })
}

/** Runs work that writes to a temporary directory. Throws UserError (125) if the file system refuses. */
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

/** Removes our directories of this namespace whose process is gone. */
function removeAbandoned(place: string, namespace: string): void {
  for (const name of readdirSync(place)) {
    const [, of, pid] = /^seccomp-gen-(\d+)-(\d+)-\w{6}$/.exec(name) ?? []
    if (of !== namespace || !isGone(Number(pid))) continue
    try {
      const found = lstatSync(join(place, name))
      if (found.isDirectory() && found.uid === process.geteuid?.())
        rmSync(join(place, name), { recursive: true, force: true })
    } catch {
      // Another process has removed it.
    }
  }
}

/** Whether the process does not exist. A process of another user exists. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
