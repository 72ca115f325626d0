// Where a result goes: stdout, or a file that is complete or not there at all. A temporary file in the same directory
// takes the name when it is on the disk (rename(2) is atomic). What cannot be replaced (a device, a pipe, /dev/stdout)
// is written directly.
import { constants } from 'node:fs'
import { access, lstat, open, readlink, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import type { World } from './world.ts'

/** Throws a UserError where writing to `file` (as given with -o) is bound to fail: before work that takes long. */
export async function checkOutput(file: string | undefined, world: World): Promise<void> {
  if (file === undefined || file === '-') return
  await naming(file, async () => {
    const { path, existing } = await destination(resolve(world.cwd, file))
    if (existing?.isDirectory()) throw new UserError(`${file}: is a directory`)
    await access(existing && !existing.isFile() ? path : dirname(path), constants.W_OK)
  })
}

/** Throws a UserError where two results would go to one file: the second would replace the first. */
export function refuseSame(files: readonly (string | undefined)[], world: World): void {
  const met = new Set<string>()
  for (const file of files) {
    if (file === undefined || file === '-') continue
    const path = resolve(world.cwd, file)
    if (met.has(path)) throw new UserError(`${file}: two results cannot go to one file: name another`)
    met.add(path)
  }
}

/** Writes the result to stdout (`file` undefined or `-`) or to the file. */
export async function writeOutput(text: string, file: string | undefined, world: World): Promise<void> {
  if (file === undefined || file === '-') return world.stdout.write(text)
  await naming(file, () => writeFile(resolve(world.cwd, file), text))
}

async function writeFile(given: string, text: string): Promise<void> {
  const { path, existing } = await destination(given)
  if (existing && !existing.isFile()) {
    const handle = await open(path, 'w')
    await handle.writeFile(text).finally(() => handle.close())
    return
  }
  // Loading it takes a tenth of the time of a command that prints.
  const { randomBytes } = await import('node:crypto')
  const temporary = join(
    dirname(path),
    `.${basename(path).slice(0, 200)}.${randomBytes(6).toString('hex')}.tmp`,
  )
  let handle: FileHandle | undefined
  try {
    // 0666 less the umask, as a shell's `>` would make it; a file that is there keeps its mode and, if we may, owner.
    handle = await open(temporary, 'wx', 0o666)
    if (existing) {
      await handle.chown(existing.uid, existing.gid).catch(() => undefined)
      await handle.chmod(existing.mode & 0o7777)
    }
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
    await rename(temporary, path)
  } catch (error) {
    await handle?.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** The file a name leads to through symbolic links, the last of which may point to nothing yet. */
async function destination(
  given: string,
): Promise<{ path: string; existing: import('node:fs').Stats | undefined }> {
  let path = given
  for (let links = 0; ; links++) {
    const here = await orAbsent(lstat(path))
    if (!here?.isSymbolicLink()) return { path, existing: here }
    // /dev/stdout and other links of /proc lead to what has no name.
    const there = await orAbsent(stat(path))
    if (there && !there.isFile()) return { path, existing: there }
    if (links === 40) throw new UserError('too many levels of symbolic links')
    path = resolve(dirname(path), await readlink(path))
  }
}

async function orAbsent<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Best effort: some file systems refuse it, and the file itself is written. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

async function naming<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === undefined ? message : (reasons[code] ?? message.replace(/,.*$/s, ''))
    throw new UserError(`cannot write ${file}: ${why}`)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory is not a directory',
  EACCES: 'no permission to write there',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EBUSY: 'it is in use (a mounted file cannot be replaced): write beside it',
}
