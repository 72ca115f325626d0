// A source: a stream of bytes and a name for messages. The caller opens it (a file, a pipe, a recorder).
import { UserError } from '../errors.ts'

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

/** Stops the reading, and reports its progress. */
export interface ReadingOptions {
  /** Ends the reading between two chunks by throwing the signal's reason. */
  readonly signal?: { readonly aborted: boolean; readonly reason?: unknown } | undefined
  /** Called after each chunk with the number of bytes read from the source so far, as stored (compressed or not). */
  readonly progress?: ((source: string, bytes: number) => void) | undefined
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
  for await (const chunk of iterated(name, bytes)) {
    if (signal?.aborted === true) throw signal.reason
    if (!(chunk instanceof Uint8Array)) throw new UserError('no-bytes', { file: name, is: kindOf(chunk) })
    yield chunk
    done += chunk.length
    progress?.(name, done)
  }
}

function iterated(name: string, bytes: Source['bytes']): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  // A string is iterable, and so is a Uint8Array that is not in a list.
  if (typeof bytes !== 'object' || bytes === null || bytes instanceof Uint8Array)
    throw new UserError('no-bytes', { file: name, is: kindOf(bytes) })
  if (Symbol.asyncIterator in bytes || Symbol.iterator in bytes) return bytes
  if ('getReader' in bytes) return fromStream(bytes)
  throw new UserError('no-bytes', { file: name, is: kindOf(bytes) })
}

async function* fromStream(stream: ByteStream): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || value === undefined) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
    reader.releaseLock()
  }
}

function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return 'one Uint8Array'
  if (value === null || typeof value !== 'object') return value === null ? 'null' : `a ${typeof value}`
  return `a ${value.constructor?.name ?? 'object'}`
}
