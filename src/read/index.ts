// Bytes in, calls out: decompresses a source, removes its wrapping, detects its format and passes its lines to the
// reader of that format. It reads only the given stream, opens no file and knows no terminal. The formats are the rows
// of formats.ts.
import { UserError } from '../errors.ts'
import { argumentIndexes, readOptions } from '../options.ts'
import type { Evidence, SourceSummary } from './account.ts'
import { latin1 } from './byte-text.ts'
import { decompressed } from './decompress.ts'
import { detectFormat } from './detect.ts'
import { formats, formatTable, type Format } from './formats.ts'
import { isRun } from './is-run.ts'
import { Lines } from './lines.ts'
import { startsAsObservations } from './observations/documents.ts'
import { joined } from './pieces.ts'
import { OfOnePid } from './strace-choice.ts'
import type { DiagnosticCode } from './diagnostics.ts'
import type { LinesAccount, Reader, ReaderOptions } from './reader.ts'
import type { TraceRecord } from './records.ts'
import type { Sink } from './seen.ts'
import { checkedSources, chunksOf, type Source } from './source.ts'
import { choiceFields } from './subject.ts'
import { bytesOf, WrappedLines } from './wrapped-lines.ts'
import { Unwrapping } from './unwrapping.ts'
import { wrappingOf } from './wrapping.ts'
import type { Wrapping } from './wrappings.ts'

/** How many bytes at the start of a source are examined to detect its format. */
const headSize = 262144

/**
 * Reads sources to their ends, one after the other. Sources of one set (`strace -ff`) go to one reader.
 * Throws a UserError for a source that is not a trace. The error names the source and says what to do.
 */
export async function readSources(
  sources: Iterable<Source> | AsyncIterable<Source>,
  format: Format | 'auto',
  options: ReaderOptions,
  sink: Sink,
): Promise<void> {
  const reading = readByPiece(sources, format, options, sink)
  while ((await reading.next()).done !== true);
}

/** Like readSources, but pauses after every piece. Without a sink nothing is reported at the end. */
async function* readByPiece(
  sources: Iterable<Source> | AsyncIterable<Source>,
  format: Format | 'auto',
  options: ReaderOptions,
  sink: Sink | undefined,
): AsyncGenerator<void> {
  /** The current set of sources, until a source of another set begins. */
  let open: Open | undefined
  const silent = new SilentFiles()
  for await (const source of checkedSources(sources)) {
    const { head, rest } = await headOf(decompressed(source.name, chunksOf(source, options)))
    silent.before(source)
    if (head.length === 0 && silent.takes(source, open)) continue
    const { wrapping, format: told } = toldBy(source.name, head, format)
    if (options.record !== undefined) refuseDocument(source.name, told)
    if (open === undefined || source.set === undefined || open.set !== source.set || open.format !== told) {
      if (open !== undefined && sink !== undefined) finish(open, sink)
      open = { set: source.set, format: told, reader: opened(source, told, options), accounts: [] }
      silent.join(open)
    }
    const { reader } = open
    reader.startSource(source.name, source.pid)
    const lines = new LineFeed(reader, wrapping, head)
    lines.feed(head)
    yield
    for await (const bytes of rest) {
      lines.feed(bytes)
      yield
    }
    const account = reader.endSource(lines.end())
    open.accounts.push({ name: source.name, ...account })
    yield
  }
  silent.end()
  if (open !== undefined && sink !== undefined) finish(open, sink)
}

/**
 * The empty files of a `strace -ff` set. strace opens a file for every thread, also for a thread of which it prints
 * nothing (-e trace=, -z, -Z, -P). A set without any line is an empty trace.
 */
class SilentFiles {
  /** The empty files of a set of which no other file was read yet. */
  #waiting: Source[] = []

  /** Throws if an earlier set had no line: its sources have all been read. */
  before({ set }: Source): void {
    if (this.#waiting[0]?.set !== set) this.end()
  }

  /** Whether an empty source is one of them. */
  takes(source: Source, open: Open | undefined): boolean {
    if (source.set === undefined) return false
    this.#waiting.push(source)
    if (open?.set === source.set) this.join(open)
    return true
  }

  /** Gives the waiting files to the reader of their set. */
  join({ format, reader, accounts }: Open): void {
    if (format !== 'strace') return this.end()
    for (const { name, pid } of this.#waiting.splice(0)) {
      reader.startSource(name, pid)
      accounts.push({ name, ...reader.endSource(false) })
    }
  }

  end(): void {
    const [first] = this.#waiting
    if (first !== undefined) throw new UserError('empty-trace', { file: first.name })
  }
}

/** The wrapping and the format of a source, detected by its start. */
function toldBy(
  name: string,
  start: Uint8Array,
  asked: Format | 'auto',
): { readonly wrapping: Wrapping | undefined; readonly format: Format } {
  const head = start.subarray(0, headSize)
  if (startsAsObservations(head) && (asked === 'auto' || asked === 'observations'))
    return { wrapping: undefined, format: 'observations' }
  const wrapping = wrappingOf(latin1(head))
  return {
    wrapping,
    format: detectFormat(name, wrapping === undefined ? head : unwrapped(head, wrapping), asked),
  }
}

/** The sources that one reader reads as one run. */
interface Open {
  readonly set: string | undefined
  readonly format: Format
  readonly reader: Reader
  readonly accounts: (LinesAccount & { readonly name: string })[]
}

function opened(source: Source, format: Format, options: ReaderOptions): Reader {
  const reader = formatTable[format].open(options)
  const [field, ...others] = choiceFields(options.choice ?? {})
  if (options.afterFilter === true) {
    if (reader.format !== 'strace')
      throw new UserError('filter-not-told', { file: source.name, format: reader.format })
    if (field !== undefined) throw new UserError('filter-needs-all', { file: source.name, field })
    return reader
  }
  if (field === undefined || formatTable[format].grammar !== undefined || format === 'profile') return reader
  if (reader.format === 'strace' && field === 'pid' && others.length === 0)
    return new OfOnePid(reader, options.choice?.pid as number)
  const unfit = field === 'pid' ? (others[0] ?? field) : field
  throw new UserError('choice-not-carried', { file: source.name, format: reader.format, field: unfit })
}

/** The first lines of a source without their wrapping, to detect the format inside. */
function unwrapped(head: Uint8Array, wrapping: Wrapping): Uint8Array {
  const pieces: Uint8Array[] = []
  const unwrapping = new Unwrapping(wrapping)
  if (unwrapping.takesPieces) return bytesOf(unwrapping.piece(latin1(head)))
  // If strace's lines have a prefix, only prefixed lines decide: others may belong to a document around the trace.
  const isPrefixed = wrapping.writers !== undefined
  const lines = new Lines((bytes, start, end) => {
    const text = latin1(bytes, start, end - 1)
    for (const line of text.split('\n')) {
      const inside = unwrapping.line(line)
      if (!isPrefixed || unwrapping.isWrapped) pieces.push(bytesOf(inside))
    }
  })
  lines.feed(head)
  const inside = joined(pieces)
  return inside.length === 0 ? head : inside
}

/** Passes bytes to the reader as lines, without their wrapping. */
class LineFeed {
  readonly #plain: Lines
  /** Takes the entries out of JSON that is not one object a line. They become lines with the inner wrapping. */
  readonly #entries: Unwrapping | undefined
  readonly #unwrapping: Unwrapping | undefined
  readonly #wrapped: Lines | undefined
  /** The reader of a document, which gets all bytes: a line may be long, and none of it may be dropped. */
  readonly #document: Reader | undefined

  constructor(reader: Reader, wrapping: Wrapping | undefined, head: Uint8Array) {
    this.#document = wrapping === undefined && reader.isDocument?.(head) === true ? reader : undefined
    this.#plain = new Lines((bytes, start, end) => reader.takeLines(bytes, start, end))
    let ofLines = wrapping
    if (wrapping?.level !== undefined) {
      const { inner, ...entries } = wrapping
      this.#entries = new Unwrapping(entries)
      ofLines = inner
    }
    if (ofLines === undefined) return
    const unwrapping = new Unwrapping(ofLines)
    this.#unwrapping = unwrapping
    const lines = new WrappedLines(ofLines, unwrapping, (inside) => this.#plain.feed(inside))
    this.#wrapped = new Lines((bytes, start, end) => lines.take(bytes, start, end))
  }

  feed(bytes: Uint8Array): void {
    if (this.#document !== undefined) return this.#document.takeLines(bytes, 0, bytes.length)
    const lines = this.#wrapped ?? this.#plain
    lines.feed(this.#entries === undefined ? bytes : bytesOf(this.#entries.piece(latin1(bytes))))
  }

  /** Ends the source. Returns whether the last line was cut. */
  end(): boolean {
    if (this.#entries !== undefined) (this.#wrapped ?? this.#plain).feed(bytesOf(this.#entries.end()))
    const cut = this.#wrapped?.end() ?? false
    if (this.#unwrapping !== undefined) this.#plain.feed(bytesOf(this.#unwrapping.end()))
    return this.#plain.end() || cut
  }
}

function finish({ reader, accounts }: Open, sink: Sink): void {
  const codes = new Set<DiagnosticCode>()
  const calls = new Set<string>()
  const refused = new Set<string>()
  reader.end({
    seen: (architecture, name, seen) => {
      calls.add(name)
      sink.seen(architecture, name, seen)
    },
    unknown: (...call) => sink.unknown(...call),
    context: (context) => sink.context(context),
    account: (account) => sink.account(account),
    runs: (count) => sink.runs(count),
    endRun: (counts) => sink.endRun(counts),
    diagnostic: (diagnostic) => {
      codes.add(diagnostic.code)
      if (diagnostic.code === 'refused-by-filter') refused.add(diagnostic.facts?.['call'] ?? '')
      sink.diagnostic(diagnostic)
    },
  })
  // A file of observations has accounts and runs of its own.
  if (reader.format === 'observations') return
  const whole: Omit<SourceSummary, 'format'>[] = []
  for (const { parts, ...account } of accounts) {
    if (parts === undefined) whole.push(account)
    for (const { name, ...rest } of parts ?? [account])
      sink.account({ name, format: reader.format, ...rest, evidence: rest.evidence ?? evidenceOf(codes) })
  }
  sink.endRun(whole.some(({ evidence = [] }) => isRun(evidence, calls, refused)))
}

/** The evidence of a source, derived from the diagnostics of strace's reader. */
function evidenceOf(codes: ReadonlySet<DiagnosticCode>): readonly Evidence[] {
  const found: Evidence[] = codes.has('counts-only') ? ['exits-only', 'no-arguments'] : ['every-call']
  if (codes.has('children-not-followed')) found.push('no-children')
  if (codes.has('startup-missing')) found.push('attached')
  return found.sort()
}

/** The head has at least `headSize` bytes, or the whole source. It is valid until the rest is requested. */
async function headOf(
  bytes: AsyncGenerator<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly rest: AsyncIterable<Uint8Array> }> {
  const pieces: Uint8Array[] = []
  for (let length = 0; length < headSize;) {
    const next = await bytes.next()
    if (next.done === true) break
    // A first piece that is long enough is not copied.
    if (next.value.length >= headSize && length === 0) return { head: withoutMark(next.value), rest: bytes }
    pieces.push(Uint8Array.from(next.value))
    length += next.value.length
  }
  return { head: withoutMark(joined(pieces)), rest: bytes }
}

/** Without the byte order mark that editors and PowerShell put before UTF-8. */
function withoutMark(head: Uint8Array): Uint8Array {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? head.subarray(3) : head
}

/** The values of `--format`. */
export const formatNames: readonly (Format | 'auto')[] = ['auto', ...formats]

/** Options of readTrace: which argument values are read. */
export interface ReadTraceOptions {
  /** The arguments to read, by call name: `new Map([['ioctl', [1]]])`; indexes 0 to 5. Default: none. */
  readonly arguments?: ReadonlyMap<string, readonly number[]>
}

/**
 * Streams the calls of one source, one by one and in order.
 *
 * @param source bytes and a name for places; gzip, zstd and container-log wrapping are removed.
 * @throws UserError for an unknown option, and for a source that is not a trace (empty, binary, a profile).
 */
export async function* readTrace(
  source: Source,
  options: ReadTraceOptions = {},
): AsyncGenerator<TraceRecord> {
  const { arguments: wanted = new Map() } = readOptions<ReadTraceOptions>(
    'readTrace',
    { arguments: argumentIndexes },
    options,
  )
  const records: TraceRecord[] = []
  const reading = readByPiece(
    [source],
    'auto',
    { arguments: wanted, record: (each) => records.push(each) },
    undefined,
  )
  for await (const _ of reading) yield* records.splice(0)
}

function refuseDocument(name: string, format: Format): void {
  if (format !== 'observations' && format !== 'profile') return
  throw new UserError('no-single-calls', { file: name, format })
}
