// Turns the words of a command line into sources: files, `-`, directories, the prefix of a `strace -ff -o PREFIX` set
// (strace(1): each process writes to PREFIX.PID), and artifacts of a registry (oci://REF). Files are opened one after
// the other, when they are read.
import { access, constants, readdir, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { countCalls, observe } from '../observe/index.ts'
import { startsAsObservations } from '../read/observations/documents.ts'
import { chunksOf as chunksOfSource, type Source } from '../read/source.ts'
import { cannotRead, chunksOf, named, pause } from './file-chunks.ts'
import { nameIn, shownName } from './file-name.ts'
import { regularFile } from './regular-file.ts'
import { headSize, smallFile } from './small-file.ts'
import type { World } from './world.ts'

export interface Inputs {
  /** In the order of the words. The files of one -ff set stand together. */
  readonly sources: readonly Source[]
  /** Files of a directory that are not traces, without notes in Markdown. */
  readonly skipped: readonly string[]
  /** Entries of a directory that are neither files nor directories: pipes, sockets, links that lead nowhere. */
  readonly noFiles: readonly string[]
  /** Files that were named again, under this or another name. They are read once, because a run counts once. */
  readonly again: readonly string[]
  /** The size of all sources in bytes; undefined if one is not a file. */
  readonly size: number | undefined
}

/** Passes the bytes on and reports how many were read. */
export async function* counted(
  bytes: Source['bytes'],
  count: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const each of chunksOfSource({ name: '', bytes })) {
    count(each.length)
    yield each
  }
}

/** Throws a UserError for missing and unreadable files and for directories without a trace. Files are opened later. */
export async function findInputs(words: readonly string[], world: World): Promise<Inputs> {
  if (words.length === 0 && world.stdin.isTerminal) {
    throw new UserError('no-input')
  }
  const sources: Source[] = []
  const skipped: string[] = []
  const noFiles: string[] = []
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
        : { sources: [await file(word, world)], skipped: [], noFiles: [] }
      sources.push(...members.sources)
      skipped.push(...members.skipped)
      noFiles.push(...members.noFiles)
    } else {
      const set = found.code === 'ENOENT' ? await setOf(word, world) : []
      if (set.length === 0) {
        if (found.code !== 'ENOENT') throw cannotRead(word, found)
        throw new UserError('no-such-trace', { file: word })
      }
      sources.push(...(await Promise.all(set.map((name) => file(name, world)))))
    }
  }
  return { ...(await eachOnce(sources, world)), skipped, noFiles }
}

/** Leaves out files that occur again. Equal content is not a reason: two runs may show the same. */
async function eachOnce(
  given: readonly Source[],
  world: World,
): Promise<Pick<Inputs, 'sources' | 'again' | 'size'>> {
  const met = new Set<string>()
  const [sources, again]: [Source[], string[]] = [[], []]
  let size: number | undefined = 0
  const looked = given.map(async (source) => {
    return { source, found: source.name === '-' ? undefined : await regularFile(source.name, world) }
  })
  for (const { source, found } of await Promise.all(looked)) {
    const identity = found?.identity ?? `name ${met.size}`
    if (met.has(identity)) {
      again.push(source.name)
      continue
    }
    met.add(identity)
    sources.push(source)
    size = found !== undefined && size !== undefined ? size + found.size : undefined
  }
  return { sources, again, size }
}

/** The traces in a directory, sorted by name, those of a set by number. */
async function directory(
  word: string,
  world: World,
): Promise<Pick<Inputs, 'sources' | 'skipped' | 'noFiles'>> {
  const entries = await readdir(resolve(world.cwd, word), { withFileTypes: true }).catch((error: Error) => {
    throw cannotRead(word, error)
  })
  const members = entries
    .filter((entry) => !entry.name.startsWith('.') && !entry.isDirectory())
    .sort((one, other) => byStemThenNumber(one.name, other.name))
    .map((entry) => ({ name: nameIn(word, entry.name), isFile: entry.isFile() }))
  const sources: Source[] = []
  const skipped: string[] = []
  const noFiles: string[] = []
  let room = keptSize
  for (let start = 0; start < members.length; start += atOnce) {
    const looked = members.slice(start, start + atOnce).map(({ name, isFile }) => {
      const path = resolve(world.cwd, name)
      return examine(name, path, isFile).then((found) => ({ ...found, name, path }))
    })
    for (const { name, path, kind, whole } of await Promise.all(looked)) {
      const kept = whole !== undefined && whole.length <= room ? whole : undefined
      if (kind === 'trace') sources.push(readable(name, path, kept))
      else if (kind === 'no-calls') skipped.push(name)
      else if (kind === 'no-file') noFiles.push(name)
      if (kind === 'trace') room -= kept?.length ?? 0
    }
    await pause()
  }
  if (sources.length === 0) {
    const inner = entries.find((entry) => entry.isDirectory())
    throw new UserError('no-trace-in-directory', {
      file: word,
      inner: inner && nameIn(word, inner.name),
    })
  }
  return { sources, skipped, noFiles }
}

/** How many files of a directory are examined in parallel. */
const atOnce = 32

/** How many bytes of small files stay in memory after they were examined, so that each is read once. */
const keptSize = 64 * 1024 * 1024

interface Examined {
  /** `left`: neither read nor mentioned, such as links to directories and notes in Markdown. */
  readonly kind: 'trace' | 'no-calls' | 'no-file' | 'left'
  /** All bytes of a small file. */
  readonly whole?: Uint8Array | undefined
}

/** Finds the kind of a directory's entry. */
async function examine(name: string, path: string, isFile: boolean): Promise<Examined> {
  const found = isFile ? undefined : await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return { kind: 'left' }
  if (!isFile && !found?.isFile()) return { kind: 'no-file' }
  if (/\.(?:md|markdown)$/i.test(name)) return { kind: 'left' }
  const whole = wholeOf(name, path)
  const isTrace = await holdsCalls(name, whole === undefined ? await headOf(name, path) : [whole])
  return { kind: isTrace ? 'trace' : 'no-calls', whole }
}

function wholeOf(name: string, path: string): Uint8Array | undefined {
  try {
    return smallFile(path)
  } catch (error) {
    throw cannotRead(name, error as Error)
  }
}

async function headOf(name: string, path: string): Promise<readonly Uint8Array[]> {
  for await (const chunk of named(name, chunksOf(path))) {
    // A chunk is valid as long as its file is open.
    return [Uint8Array.from(chunk.subarray(0, headSize))]
  }
  return []
}

/** Whether the start of a file contains a call, or the file is a log about the completeness of another file. */
async function holdsCalls(name: string, bytes: readonly Uint8Array[]): Promise<boolean> {
  // Observations can be longer and are only read as a whole.
  if (startsAsObservations(bytes[0])) return true
  try {
    const observations = await observe([{ name, bytes }])
    const tellsOfOthers = observations.sources.some(({ evidence = [] }) => evidence.includes('log-only'))
    return tellsOfOthers || countCalls(observations) > 0
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return false
  }
}

/** The source of a file. Throws a UserError if the file cannot be read. */
export async function file(word: string, world: World): Promise<Source> {
  const path = resolve(world.cwd, word)
  const name = shownName(word)
  await access(path, constants.R_OK).catch((error: Error) => {
    throw cannotRead(name, error)
  })
  return readable(name, path)
}

function readable(name: string, path: string, whole?: Uint8Array): Source {
  const bytes = whole ? [whole] : named(name, { [Symbol.asyncIterator]: () => chunksOf(path) })
  const [, set, pid] = /^(.+)\.(\d{1,10})$/s.exec(name) ?? []
  return set === undefined || pid === undefined ? { name, bytes } : { name, bytes, pid: Number(pid), set }
}

/** The files PREFIX.PID, sorted by number. */
async function setOf(prefix: string, world: World): Promise<readonly string[]> {
  const stem = basename(prefix)
  const names = await readdir(resolve(world.cwd, dirname(prefix))).catch(() => [])
  return names
    .filter((name) => name.startsWith(`${stem}.`) && /^\d{1,10}$/.test(name.slice(stem.length + 1)))
    .sort(byStemThenNumber)
    .map((name) => nameIn(dirname(prefix), name))
}

/** Compares by code unit, but keeps a set together and PREFIX.9 before PREFIX.10. */
function byStemThenNumber(left: string, right: string): number {
  const [a, b] = [left, right].map((name) => /^(.*?)(?:\.(\d{1,10}))?$/s.exec(name))
  const [stemA, stemB] = [a?.[1] ?? left, b?.[1] ?? right]
  if (stemA !== stemB) return stemA < stemB ? -1 : 1
  return Number(a?.[2] ?? -1) - Number(b?.[2] ?? -1)
}
