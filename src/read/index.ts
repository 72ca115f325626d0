// Bytes in, calls out: unpacks a source, takes its wrapping off, tells its format and gives its lines to that
// format's reader. Pure but for the stream it is given: opens nothing, knows no terminal. Every reader is a folder
// and a row in `readers`.
import { UserError } from '../errors.ts'
import type { SourceAccount } from './account.ts'
import { decompressed } from './decompress.ts'
import { detectFormat, formats, type Format } from './detect.ts'
import { Lines } from './lines.ts'
import { ObservationsReader } from './observations/reader.ts'
import type { Reader, ReaderOptions } from './reader.ts'
import type { TraceRecord } from './records.ts'
import type { Sink } from './seen.ts'
import type { Source } from './source.ts'
import { StraceReader } from './strace/reader.ts'
import { wrappingOf, Unwrapping } from './wrapping.ts'

const readers: Readonly<Record<Format, (options: ReaderOptions) => Reader>> = {
  strace: (options) => new StraceReader(options),
  'strace-summary': (options) => new StraceReader(options),
  observations: () => new ObservationsReader(),
}

/** How much of the start of a source is looked at to tell what it is. */
const headSize = 65536

/**
 * Reads sources to their ends, one after the other. Sources of one set (`strace -ff`) go to one reader.
 * Throws a UserError for a source that is no trace, names it and says what to do.
 */
export async function readSources(
  sources: Iterable<Source> | AsyncIterable<Source>,
  format: Format | 'auto',
  options: ReaderOptions,
  sink: Sink,
): Promise<void> {
  let open: { readonly set: string; readonly reader: Reader; readonly accounts: SourceAccount[] } | undefined
  const close = (): void => {
    if (open === undefined) return
    finish(open.reader, open.accounts, sink)
    open = undefined
  }
  for await (const source of sources) {
    if (source.set === undefined || open?.set !== source.set) close()
    const { head, rest } = await headOf(decompressed(source.name, source.bytes))
    const wrapping = wrappingOf(Buffer.from(head).toString('latin1'))
    const told = wrapping === undefined ? detectFormat(source.name, head) : 'strace'
    if (format === 'observations' && told !== 'observations') {
      throw new UserError(
        `${source.name}: is not an observations file; leave --format out to have it recognised`,
      )
    }
    const reader =
      open?.reader ?? readers[told === 'observations' || format === 'auto' ? told : format](options)
    const accounts = open?.accounts ?? []
    if (source.set !== undefined) open = { set: source.set, reader, accounts }
    accounts.push(await readOne(source, head, rest, wrapping, reader))
    if (source.set === undefined) finish(reader, accounts, sink)
  }
  close()
}

async function readOne(
  source: Source,
  head: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
  wrapping: string | undefined,
  reader: Reader,
): Promise<SourceAccount> {
  reader.startSource(source.name, source.pid)
  const lines = new LineFeed(reader, wrapping)
  lines.feed(head)
  for await (const bytes of rest) lines.feed(bytes)
  return { name: source.name, format: reader.format, ...reader.endSource(lines.end()) }
}

/** Bytes to the reader's lines, with a wrapping taken off on the way. */
class LineFeed {
  readonly #plain: Lines
  readonly #wrapped: Lines | undefined
  readonly #unwrapping: Unwrapping | undefined

  constructor(reader: Reader, wrapping: string | undefined) {
    this.#plain = new Lines((bytes, start, end) => reader.takeLines(bytes, start, end))
    if (wrapping === undefined) return
    const unwrapping = new Unwrapping(wrapping)
    this.#unwrapping = unwrapping
    this.#wrapped = new Lines((bytes, start, end) => {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start - 1).toString('latin1')
      for (const line of text.split('\n')) this.#plain.feed(latin1(unwrapping.line(line)))
    })
  }

  feed(bytes: Uint8Array): void {
    const lines = this.#wrapped ?? this.#plain
    lines.feed(bytes)
  }

  /** Whether the last line was cut. */
  end(): boolean {
    const cut = this.#wrapped?.end() ?? false
    if (this.#unwrapping !== undefined) this.#plain.feed(latin1(this.#unwrapping.end()))
    return this.#plain.end() || cut
  }
}

/** A character beyond latin1 (JSON can escape any) must not turn into another one, a line end least of all. */
function latin1(text: string): Uint8Array {
  // oxlint-disable-next-line no-control-regex -- all of latin1
  return Buffer.from(text.replaceAll(/[^\u0000-\u00ff]/g, '?'), 'latin1')
}

function finish(reader: Reader, accounts: readonly SourceAccount[], sink: Sink): void {
  reader.end(sink)
  // A file of observations has accounts of its own.
  if (reader.format === 'observations') return
  for (const account of accounts) sink.account({ ...account, format: reader.format })
}

async function headOf(
  bytes: AsyncGenerator<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly rest: AsyncIterable<Uint8Array> }> {
  const pieces: Uint8Array[] = []
  for (let length = 0; length < headSize;) {
    const next = await bytes.next()
    if (next.done === true) break
    pieces.push(Uint8Array.from(next.value))
    length += next.value.length
  }
  return { head: Buffer.concat(pieces), rest: bytes }
}

/** The format words that `--format` takes. */
export const formatNames: readonly (Format | 'auto')[] = ['auto', ...formats]

export interface ReadTraceOptions {
  /** The arguments to read, by call name: `new Map([['ioctl', [1]]])`; indexes 0 to 5. Default: none. */
  readonly arguments?: ReadonlyMap<string, readonly number[]>
}

/**
 * The calls of one source, one by one and in order, as a stream.
 *
 * @param source bytes and a name for places; gzip, zstd and container-log wrapping are taken off.
 * @throws UserError for a source that is no trace (empty, binary, a profile).
 */
export async function* readTrace(
  source: Source,
  options: ReadTraceOptions = {},
): AsyncGenerator<TraceRecord> {
  let records: TraceRecord[] = []
  const { head, rest } = await headOf(decompressed(source.name, source.bytes))
  const wrapping = wrappingOf(Buffer.from(head).toString('latin1'))
  if (wrapping === undefined && detectFormat(source.name, head) === 'observations') {
    throw new UserError(
      `${source.name}: holds observations, which have no single calls; read it with observe()`,
    )
  }
  const reader = new StraceReader({
    arguments: options.arguments ?? new Map(),
    record: (each) => records.push(each),
  })
  reader.startSource(source.name, source.pid)
  const lines = new LineFeed(reader, wrapping)
  lines.feed(head)
  yield* drain()
  for await (const bytes of rest) {
    lines.feed(bytes)
    yield* drain()
  }
  reader.endSource(lines.end())
  yield* drain()

  function* drain(): Generator<TraceRecord> {
    const ready = records
    records = []
    yield* ready
  }
}
