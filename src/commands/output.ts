// Writes a result to stdout or to a file that is complete or absent. The result goes to a temporary file in the same
// directory first and takes the name once it is on the disk (rename(2) is atomic). A symbolic link stays and its target
// is replaced, as git and editors do. What cannot be replaced (a device, a pipe, /dev/stdout) is written directly.
import { constants, rmSync } from 'node:fs'
import { access, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'
import { callerOf, ownerIn, type Invoker } from './caller.ts'
import { destination, ownFile, type Destination } from './destination.ts'
import { regularFile } from './regular-file.ts'
import type { World } from './world.ts'

/** Names of our own streams. Opening them again would truncate or replace the file that the shell opened. */
const ownStream = /^\/(?:dev\/(?:std(out|err)|fd\/([12]))|proc\/self\/fd\/([12]))$/

/** Whether the value of -o means standard output. A missing value does. */
export function isStdout(file: string | undefined): boolean {
  return file === undefined || file === '-' || streamOf(file) === 'stdout'
}

function streamOf(file: string): 'stdout' | 'stderr' | undefined {
  const [found, word, ...numbers] = ownStream.exec(file) ?? []
  if (found === undefined) return undefined
  return word === 'out' || numbers.includes('1') ? 'stdout' : 'stderr'
}

/** Throws a UserError if writing to `file` (the value of -o) is bound to fail. Called before long work. */
export async function checkOutput(file: string | undefined, world: World): Promise<void> {
  if (file !== undefined && world.ownFilesOnly === true && streamOf(file) !== undefined)
    throw new UserError('not-own-file', { file })
  if (file === undefined || isStdout(file) || streamOf(file) !== undefined) return
  if (file === '') throw new UserError('empty-file-name', { of: 'output' })
  await naming(file, async () => {
    const { path, existing } = await destinationIn(world, file)
    if (existing?.isDirectory() || file.endsWith('/') || file.endsWith(sep))
      throw new UserError('not-a-file', { file, is: 'directory' })
    if (existing?.isSocket()) throw new UserError('not-a-file', { file, is: 'socket' })
    if (existing)
      await access(path, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EACCES') throw error
        throw new UserError('cannot-overwrite', { file })
      })
    // Replacing a file needs a writable directory.
    if (!existing || existing.isFile()) await access(dirname(path), constants.W_OK)
  })
}

/**
 * Throws a UserError if the result would replace one of the inputs: a recording or a profile cannot be made again from
 * what is derived from it.
 */
export async function refuseInputs(
  file: string | undefined,
  inputs: readonly string[],
  world: World,
): Promise<void> {
  if (file === undefined || isStdout(file)) return
  const there = await regularFile(file, world)
  if (there === undefined) return
  for (const input of inputs)
    if (input !== '-' && (await regularFile(input, world))?.identity === there.identity)
      throw new UserError('output-is-input', { file, input })
}

/** Throws a UserError if two results would go to one file. */
export async function refuseSame(files: readonly (string | undefined)[], world: World): Promise<void> {
  const met = new Set<string>()
  for (const file of files) {
    if (file === undefined || isStdout(file)) continue
    const { path, existing } = await naming(file, () => destinationIn(world, file))
    if (existing && !existing.isFile()) continue
    if (met.has(path)) throw new UserError('output-twice', { file })
    met.add(path)
  }
}

/** Writes the result to stdout (`file` undefined or `-`) or to the file. */
export async function writeOutput(text: string, file: string | undefined, world: World): Promise<void> {
  if (file !== undefined && world.ownFilesOnly === true && (file === '-' || streamOf(file) !== undefined))
    throw new UserError('not-own-file', { file })
  if (file === undefined || isStdout(file)) return void world.stdout.write(text)
  if (streamOf(file) !== undefined) return void world.stderr.write(text)
  await naming(file, () => writeFile(file, text, world))
}

function destinationIn(world: World, file: string): Promise<Destination> {
  return world.ownFilesOnly === true
    ? ownFile(file, world.cwd)
    : destination(file, world.cwd, callerOf(world))
}

async function writeFile(file: string, text: string, world: World): Promise<void> {
  const { path, existing } = await destinationIn(world, file)
  if (existing && !existing.isFile()) {
    const handle = await open(path, 'w')
    // As with standard output, it is no error if the reader of a pipe has gone.
    await handle
      .writeFile(text)
      .catch(unless('EPIPE'))
      .finally(() => handle.close())
    return
  }
  // Loaded late, because loading takes a tenth of the time of a short command.
  const { randomBytes } = await import('node:crypto')
  // Independent of the final name, which can have the maximum length.
  const temporary = `.seccomp-gen-${randomBytes(6).toString('hex')}.tmp`
  const place = await openPlace(dirname(path), world)
  const made = join(place.path, temporary)
  const silence = world.signals((signal) => {
    silence()
    rmSync(made, { force: true })
    process.kill(process.pid, signal)
  })
  let handle: FileHandle | undefined
  try {
    // 0666 minus the umask, as with a shell's `>`. An existing file keeps its mode, and its owner if that is us or the
    // caller. A file is never given to another user.
    handle = await open(made, 'wx', 0o666)
    const isOurs = existing?.uid === process.geteuid?.()
    const isCallers = existing !== undefined && existing.uid === callerOf(world)?.uid
    const owner = isOurs || isCallers ? existing : existing === undefined ? place.owner : undefined
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid).catch(() => undefined)
    if (existing) await handle.chmod(existing.mode & (isOurs ? 0o7777 : 0o777))
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
    await rename(made, join(place.path, basename(path)))
  } catch (error) {
    await handle?.close().catch(() => undefined)
    await rm(made, { force: true })
    throw error
  } finally {
    silence()
    await place.close()
  }
  await syncDirectory(dirname(path))
}

interface OpenDirectory {
  /** Leads to the open directory even if its name leads elsewhere meanwhile. */
  readonly path: string
  /** The owner of a new file in it; undefined for our own user. */
  readonly owner: Invoker | undefined
  readonly close: () => Promise<void>
}

/**
 * Opens the directory of a result. If the file will belong to the caller, the checked directory must be the one that is
 * written to.
 */
async function openPlace(path: string, world: World): Promise<OpenDirectory> {
  const caller = callerOf(world)
  if (caller === undefined) return { path, owner: undefined, close: async () => undefined }
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  const owner = ownerIn(await handle.stat(), caller)
  return { path: `/proc/self/fd/${handle.fd}`, owner, close: () => handle.close() }
}

function unless(expected: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== expected) throw error
  }
}

/** Best effort: some file systems refuse it, and the file itself is already written. */
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
    throw new UserError('cannot-write', { file, ...causeOf(error) })
  }
}
