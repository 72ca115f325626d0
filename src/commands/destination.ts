// Finds the file that a name leads to, as the kernel does, and decides whether it may be written. We often run as root,
// and in a directory that everybody can write to, anybody can put a link or a file in the place of a result.
// A link of another user is followed only to files of that user.
// Authority: path_resolution(7); SymLinksIfOwnerMatch of Apache httpd; protected_symlinks, protected_regular and
// protected_fifos in the kernel's Documentation/admin-guide/sysctl/fs.rst. These rules apply whatever the sysctls are.
import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { basename, dirname, isAbsolute } from 'node:path'
import { UserError } from '../errors.ts'
import { isShared, type Invoker } from './caller.ts'

export interface Destination {
  /** The path without links: the directory is resolved, and the last part is not a link. */
  readonly path: string
  readonly existing: Stats | undefined
}

/**
 * The file that a name leads to through symbolic links. The file need not exist yet. A regular file of the sudo caller
 * is allowed: it is replaced, not opened.
 */
export async function destination(given: string, cwd: string, caller?: Invoker): Promise<Destination> {
  let name = from(cwd, given)
  for (;;) {
    // The kernel resolves links first: x/../y lies beside the target of the link x.
    const directory = await directoryOf(given, dirname(name), caller)
    const path = from(directory, basename(name))
    const here = await orAbsent(lstat(path))
    const isCallers = here?.isFile() === true && here.uid === caller?.uid
    if (here !== undefined && !isCallers) refuseForeign(given, here, await stat(directory))
    if (here?.isSymbolicLink()) await refuseLink(given, path, here, caller)
    if (!here?.isSymbolicLink()) return { path, existing: here }
    // Links of /proc can lead to files without a name. Links in a circle (ELOOP) fail here.
    const there = await orAbsent(stat(path))
    if (there && !there.isFile()) return { path, existing: there }
    name = from(directory, await readlink(path))
  }
}

/** The real path of a directory. Checks every link on the way like the last part of a name. */
async function directoryOf(given: string, name: string, caller: Invoker | undefined): Promise<string> {
  let at = '/'
  let links = 0
  const parts = name.split('/')
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      at = dirname(at)
      continue
    }
    const path = from(at, part)
    const here = await lstat(path)
    if (!here.isSymbolicLink()) {
      at = path
      continue
    }
    refuseForeign(given, here, await stat(at))
    await refuseLink(given, path, here, caller)
    // The kernel decides about links in a circle and links of /proc to files without a name.
    if (++links > 40) return realpath(name)
    const target = await readlink(path)
    if (isAbsolute(target)) at = '/'
    parts.unshift(...target.split('/'))
  }
  return at
}

/** Our own regular file, or a name without a file. Links are not followed; devices and pipes are refused. */
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

/** Refuses a file in a sticky directory for all if neither we nor the directory's owner made it. */
function refuseForeign(file: string, { uid }: Stats, directory: Stats): void {
  if (!isShared(directory) || uid === process.geteuid?.() || uid === directory.uid) return
  throw new UserError('foreign-file', { file })
}

async function refuseLink(file: string, link: string, { uid }: Stats, caller?: Invoker): Promise<void> {
  if (uid === 0 || uid === process.geteuid?.() || uid === caller?.uid) return
  const target = await orAbsent(stat(link))
  if (target?.uid !== uid) throw new UserError('foreign-link', { file, link })
}

async function orAbsent<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
}
