// From the words of a command line to sources: files, `-`, directories, and the prefix of a `strace -ff -o PREFIX`
// set (man strace: each process goes to PREFIX.PID), and artifacts of a registry (oci://REF). Files are opened when they are read, one after the other.
import { access, constants, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { borrowChunks, chunkSize } from '../read/compiled.ts'
import { causeOf } from '../errors/row.ts'
import { countCalls, observe } from '../observe/index.ts'
import { chunksOf as chunksOfSource, type Source } from '../read/source.ts'
import type { World } from './world.ts'

export interface Inputs {
  /** In the order of the words; the files of one -ff set stand together. */
  readonly sources: readonly Source[]
  /** Files of a directory that are no traces; notes in Markdown apart. */
  readonly skipped: readonly string[]
  /** Bytes in all of them; undefined where one is no file. */
  readonly size: number | undefined
}

/** The bytes, counted as they are asked for. */
export async function* counted(
  bytes: Source['bytes'],
  count: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const each of chunksOfSource({ name: '', bytes })) {
    count(each.length)
    yield each
  }
}

/** Throws a UserError for what is missing, unreadable or no trace; the files themselves are opened later. */
export async function findInputs(words: readonly string[], world: World): Promise<Inputs> {
  if (words.length === 0 && world.stdin.isTerminal) {
    throw new UserError('no-input')
  }
  const sources: Source[] = []
  const skipped: string[] = []
  for (const word of words.length === 0 ? ['-'] : words) {
    if (word === '') throw new UserError('empty-file-name', { of: 'input' })
    if (word === '-') {
      if (sources.some(({ name }) => name === '-')) throw new UserError('stdin-twice')
      sources.push({ name: '-', bytes: named('-', world.stdin.bytes()) })
      continue
    }
    if (word.startsWith('oci://')) {
      const { artifactSources } = await import('./registry.ts')
      sources.push(...(await artifactSources(word, world)))
      continue
    }
    const found = await stat(resolve(world.cwd, word)).catch((error: NodeJS.ErrnoException) => error)
    if (!(found instanceof Error)) {
      const members = found.isDirectory()
        ? await directory(word, world)
        : { sources: [await file(word, world)], skipped: [] }
      sources.push(...members.sources)
      skipped.push(...members.skipped)
    } else {
      const set = found.code === 'ENOENT' ? await setOf(word, world) : []
      if (set.length === 0) {
        if (found.code !== 'ENOENT') throw cannotRead(word, found)
        throw new UserError('no-such-trace', { file: word })
      }
      sources.push(...(await Promise.all(set.map((name) => file(name, world)))))
    }
  }
  return { sources, skipped, size: await sizeOf(sources, world) }
}

async function sizeOf(sources: readonly Source[], world: World): Promise<number | undefined> {
  const sizes = await Promise.all(
    sources.map(async ({ name }) =>
      name === '-' ? undefined : stat(resolve(world.cwd, name)).catch(() => undefined),
    ),
  )
  return sizes.every((each) => each?.isFile())
    ? sizes.reduce((sum, each) => sum + (each?.size ?? 0), 0)
    : undefined
}

/** The files in a directory in which calls are found, in the order of their names (of their numbers in a set). */
async function directory(word: string, world: World): Promise<Omit<Inputs, 'size'>> {
  const entries = await readdir(resolve(world.cwd, word), { withFileTypes: true }).catch((error: Error) => {
    throw cannotRead(word, error)
  })
  const names = entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isSymbolicLink()))
    .map((entry) => entry.name)
    .sort(byStemThenNumber)
  const sources: Source[] = []
  const skipped: string[] = []
  for (const name of names) {
    const member = join(word, name)
    const path = resolve(world.cwd, member)
    if (!(await stat(path).catch(() => undefined))?.isFile()) continue
    if (/\.(?:md|markdown)$/i.test(name)) continue
    if (await holdsCalls(member, path)) sources.push(await file(member, world))
    else skipped.push(member)
  }
  if (sources.length === 0) {
    const inner = entries.find((entry) => entry.isDirectory())
    throw new UserError('no-trace-in-directory', {
      file: word,
      inner: inner && join(word, inner.name),
    })
  }
  return { sources, skipped }
}

const headSize = 65536

/** Whether a file is a trace: a call is found in its first 64 KiB, or it is a log of how complete another file is. */
async function holdsCalls(name: string, path: string): Promise<boolean> {
  const bytes: Uint8Array[] = []
  for await (const chunk of named(name, chunksOf(path, headSize))) {
    bytes.push(Uint8Array.from(chunk))
    break
  }
  try {
    const observations = await observe([{ name, bytes }])
    const tellsOfOthers = observations.sources.some(({ evidence = [] }) => evidence.includes('log-only'))
    return tellsOfOthers || countCalls(observations) > 0
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return false
  }
}

/** Throws a UserError for what cannot be read. */
export async function file(name: string, world: World): Promise<Source> {
  const path = resolve(world.cwd, name)
  await access(path, constants.R_OK).catch((error: Error) => {
    throw cannotRead(name, error)
  })
  const bytes = named(name, { [Symbol.asyncIterator]: () => chunksOf(path) })
  const [, set, pid] = /^(.+)\.(\d{1,10})$/s.exec(name) ?? []
  return set === undefined || pid === undefined ? { name, bytes } : { name, bytes, pid: Number(pid), set }
}

/**
 * A file in chunks that are valid until the next one is asked for: two buffers take turns, so that the next chunk is
 * read while this one is looked at, and large files leave no garbage.
 */
async function* chunksOf(path: string, size = chunkSize): AsyncGenerator<Uint8Array> {
  const handle = await open(path)
  const { buffers, giveBack } = borrowChunks()
  try {
    let turn: 0 | 1 = 0
    const read = async (): Promise<{ bytesRead: number }> => handle.read(buffers[turn], 0, size, null)
    let next = read()
    for (;;) {
      const { bytesRead } = await next
      if (bytesRead === 0) return
      const chunk = buffers[turn].subarray(0, bytesRead)
      turn = turn === 0 ? 1 : 0
      next = read()
      // Whoever stops asking leaves a read behind: its failure is nobody's then.
      next.catch(() => undefined)
      yield chunk
    }
  } finally {
    // Ends the read that is left behind as well.
    await handle.close()
    giveBack()
  }
}

/** The files PREFIX.PID, by number. */
async function setOf(prefix: string, world: World): Promise<readonly string[]> {
  const stem = basename(prefix)
  const names = await readdir(resolve(world.cwd, dirname(prefix))).catch(() => [])
  return names
    .filter((name) => name.startsWith(`${stem}.`) && /^\d{1,10}$/.test(name.slice(stem.length + 1)))
    .sort(byStemThenNumber)
    .map((name) => join(dirname(prefix), name))
}

/** Code-unit order, but PREFIX.9 before PREFIX.10, and a set together. */
function byStemThenNumber(left: string, right: string): number {
  const [a, b] = [left, right].map((name) => /^(.*?)(?:\.(\d{1,10}))?$/s.exec(name))
  const [stemA, stemB] = [a?.[1] ?? left, b?.[1] ?? right]
  if (stemA !== stemB) return stemA < stemB ? -1 : 1
  return Number(a?.[2] ?? -1) - Number(b?.[2] ?? -1)
}

/** The bytes, with an error in reading them told as the user's file. */
async function* named(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw cannotRead(name, error as Error)
  }
}

function cannotRead(name: string, error: Error): UserError {
  return new UserError('cannot-read', { file: name, ...causeOf(error) })
}
