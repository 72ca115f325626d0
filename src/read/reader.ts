// What every format's reader is: it is fed whole lines, source by source, and tells what it saw at the end.
import type { Architecture } from '../abi/architectures.ts'
import type { SourceSummary } from './account.ts'
import type { TraceRecord } from './records.ts'
import type { Sink } from './seen.ts'
import type { ReturnedCalls, KeepCall } from './strace/filtered-results.ts'
import type { ReadingOptions } from './source.ts'
import type { CallerChoice } from './subject.ts'

export interface ReaderOptions extends ReadingOptions {
  /** Which arguments (index 0 to 5) of which calls, by printed name, to read. */
  readonly arguments: ReadonlyMap<string, readonly number[]>
  /** The architecture the sources were recorded on, where the caller knows. */
  readonly architecture?: Architecture | undefined
  /** Which calls to count, by whose they are; absent: all. */
  readonly choice?: CallerChoice | undefined
  /** Only calls made under a seccomp filter that the trace shows to be installed; strace's reader knows how. */
  readonly afterFilter?: boolean | undefined
  /** Of strace's traces, with afterFilter: calls as they came back, told when the trace is over. */
  readonly returned?: { readonly wanted: KeepCall; readonly tell: (calls: ReturnedCalls) => void } | undefined
  /** Of strace's traces: the evidence of a security context as well, which takes reading every line with care. */
  readonly context?: boolean | undefined
  /** Called for every call in order; without it readers only count, which is quicker. */
  readonly record?: (record: TraceRecord) => void
}

/** An account without what the reader need not know. */
export interface LinesAccount extends Omit<SourceSummary, 'name' | 'format'> {
  /** Of a file that holds several sources: theirs, instead of the file's. The reader itself ends their runs. */
  readonly parts?: readonly Omit<SourceSummary, 'format'>[]
}

export interface Reader {
  /** The name for `--format` and the account. */
  readonly format: string
  /** It keeps the bytes and reads them as a whole: they come in any pieces, and none is let go. */
  readonly isDocument?: boolean
  startSource(name: string, pid?: number): void
  /** Whole lines: bytes[start, end) ends with "\n". */
  takeLines(bytes: Uint8Array, start: number, end: number): void
  /** `cut`: the last line had no "\n". */
  endSource(cut: boolean): LinesAccount
  /** Once, after the last source: tells everything. */
  end(sink: Sink): void
}
