// A source: a stream of bytes and a name for messages. The caller opens it (a file, a pipe, a recorder).
import { UserError } from '../errors.ts'
import { object, readKnown, text, valueOf, wholeFrom, type OptionTable } from '../options.ts'

/** A stream of bytes and a name for messages. A file of `strace -ff -o SET`, named SET.PID, has `pid` and `set`. */
export interface Source {
  /** For messages and for `first`: as the user wrote it, never an absolute path that the user did not write. */
  readonly name: string
  /** Each chunk is valid until the next one is requested: a reader that keeps one copies it. */
  readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ByteStream
  /** The process that made the calls, if the file's name says so (`strace -ff -o NAME` writes NAME.PID). */
  readonly pid?: number
  /** Sources of one `strace -ff` run carry the same set name: a call may begin in one and end in another. */
  readonly set?: string
}

/** A ReadableStream of bytes (streams.spec.whatwg.org), such as the body of a Response. Not all browsers iterate it. */
export interface ByteStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
    cancel(reason?: unknown): Promise<void>
    releaseLock(): void
  }
}

/** The members of an AbortSignal (dom.spec.whatwg.org) that the reading uses. */
export interface Abortable {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener?(type: 'abort', listener: () => void): void
  removeEventListener?(type: 'abort', listener: () => void): void
}

/** Stops the reading, and reports its progress. */
export interface ReadingOptions {
  /** Ends the reading by throwing the signal's reason, also while a chunk is awaited if the signal has events. */
  readonly signal?: Abortable | undefined
  /** Called after each chunk with the number of bytes read from the source so far, as stored (compressed or not). */
  readonly progress?: ((source: string, bytes: number) => void) | undefined
}

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)

const listOfSources = valueOf<Iterable<unknown> | AsyncIterable<unknown>>(
  'a list of sources, each with a name and bytes',
  (value) => isIterable(value) && !(value instanceof Uint8Array),
)
const members: OptionTable<Source> = {
  name: text,
  bytes: (value) => value as Source['bytes'],
  pid: wholeFrom(0),
  set: text,
}

/** The sources that a function is given. @throws UserError for anything else. */
export async function* checkedSources(
  given: Iterable<Source> | AsyncIterable<Source>,
): AsyncGenerator<Source> {
  for await (const each of listOfSources(given, 'sources'))
    yield readKnown('source', members, object(each, 'sources: a source'), ['name'])
}

/**
 * The chunks of a source.
 *
 * @throws UserError if the source does not yield bytes; the signal's reason if it is aborted.
 */
export async function* chunksOf(
  { name, bytes }: Source,
  { signal, progress }: ReadingOptions = {},
): AsyncGenerator<Uint8Array> {
  let done = 0
  const chunks = iteratorOf(name, bytes)
  const abort = abortOf(signal)
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), ...abort.promises])
      if (signal?.aborted === true) throw signal.reason
      if (next.done === true) return
      const { value } = next
      if (!(value instanceof Uint8Array)) throw new UserError('no-bytes', { file: name, is: kindOf(value) })
      yield value
      done += value.length
      progress?.(name, done)
    }
  } finally {
    abort.end()
    // A chunk that is still awaited may never come.
    const ended = Promise.resolve(chunks.return?.()).catch(() => undefined)
    if (signal?.aborted !== true) await ended
  }
}

/** A promise that is rejected once the signal is aborted; none if the signal has no events. */
function abortOf(signal: Abortable | undefined): {
  readonly promises: readonly Promise<never>[]
  readonly end: () => void
} {
  if (signal?.addEventListener === undefined) return { promises: [], end: () => undefined }
  let end = (): void => undefined
  const promise = new Promise<never>((_, reject) => {
    const listener = (): void => reject(signal.reason)
    signal.addEventListener?.('abort', listener)
    end = () => signal.removeEventListener?.('abort', listener)
  })
  promise.catch(() => undefined)
  return { promises: [promise], end }
}

type ChunkIterator = AsyncIterator<Uint8Array> | Iterator<Uint8Array>

function iteratorOf(name: string, bytes: Source['bytes']): ChunkIterator {
  // A string is iterable, and so is a Uint8Array that is not in a list.
  if (typeof bytes !== 'object' || bytes === null || bytes instanceof Uint8Array)
    throw new UserError('no-bytes', { file: name, is: kindOf(bytes) })
  // A stream's own iterator cannot be ended while it waits.
  if ('getReader' in bytes) return iteratorOfStream(bytes)
  if (Symbol.asyncIterator in bytes) return bytes[Symbol.asyncIterator]()
  if (Symbol.iterator in bytes) return bytes[Symbol.iterator]()
  throw new UserError('no-bytes', { file: name, is: kindOf(bytes) })
}

/** No generator, which could not be ended while it waits either. */
function iteratorOfStream(stream: ByteStream): AsyncIterator<Uint8Array> {
  const reader = stream.getReader()
  const end = { done: true, value: undefined } as const
  return {
    next: async () => {
      const { done, value } = await reader.read()
      return done || value === undefined ? end : { done: false, value }
    },
    return: async () => {
      await reader.cancel().catch(() => undefined)
      reader.releaseLock()
      return end
    },
  }
}

function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return 'one Uint8Array'
  if (value === null || typeof value !== 'object') return value === null ? 'null' : `a ${typeof value}`
  return `a ${value.constructor?.name ?? 'object'}`
}
