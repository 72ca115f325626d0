// Which file a name leads to, as the kernel finds it, and whether it is one that may be written: we often run as root, and
// in a directory that everybody can write to anybody can put a link or a file where a result is going to be.
// Authority: path_resolution(7); protected_symlinks, protected_regular and protected_fifos in the kernel's
// Documentation/admin-guide/sysctl/fs.rst, whose rules hold here whatever the sysctls say.
import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { basename, dirname, isAbsolute } from 'node:path'
import { UserError } from '../errors.ts'
import { isShared, type Caller } from './caller.ts'

export interface Destination {
  /** Of which only the last part may be a link, and is none. */
  readonly path: string
  readonly existing: Stats | undefined
}

/**
 * The file a name leads to through symbolic links, the last of which may point to nothing yet. A regular file of the
 * caller's is no stranger's: it is replaced, and not opened.
 */
export async function destination(given: string, cwd: string, caller?: Caller): Promise<Destination> {
  let name = from(cwd, given)
  for (;;) {
    // Not by its text: x/../y is beside what the link x leads to.
    const directory = await realpath(dirname(name))
    const path = from(directory, basename(name))
    const here = await orAbsent(lstat(path))
    const isCallers = here?.isFile() === true && here.uid === caller?.uid
    if (here !== undefined && !isCallers) refuseForeign(given, here, await stat(directory))
    if (!here?.isSymbolicLink()) return { path, existing: here }
    // Links of /proc lead to what has no name. Those that lead nowhere in the end (ELOOP) are refused here.
    const there = await orAbsent(stat(path))
    if (there && !there.isFile()) return { path, existing: there }
    name = from(directory, await readlink(path))
  }
}

/** A regular file of ours that is there, or no file yet: no link is followed, no device or pipe written to. */
export async function ownFile(given: string, cwd: string): Promise<Destination> {
  const name = from(cwd, given)
  const path = from(await realpath(dirname(name)), basename(name))
  const existing = await orAbsent(lstat(path))
  if (existing !== undefined && (!existing.isFile() || existing.uid !== process.geteuid?.()))
    throw new UserError('not-own-file', { file: given })
  return { path, existing }
}

function from(directory: string, name: string): string {
  return isAbsolute(name) ? name : `${directory === '/' ? '' : directory}/${name}`
}

/** In a sticky directory that all may write to, what neither we nor the directory's owner made. */
function refuseForeign(file: string, { uid }: Stats, directory: Stats): void {
  if (!isShared(directory) || uid === process.geteuid?.() || uid === directory.uid) return
  throw new UserError('foreign-file', { file })
}

async function orAbsent<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
}
