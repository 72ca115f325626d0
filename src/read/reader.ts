// The interface of every format's reader. It takes whole lines, source by source, and reports what it saw at the end.
import type { Architecture } from '../abi/architectures.ts'
import type { SourceSummary } from './account.ts'
import type { TraceRecord } from './records.ts'
import type { Sink } from './seen.ts'
import type { ExecutedProgram } from './strace/executed.ts'
import type { ReturnedCalls, KeepCall } from './strace/filtered-results.ts'
import type { ReadingOptions } from './source.ts'
import type { CallerChoice } from './subject.ts'

export interface ReaderOptions extends ReadingOptions {
  /** The arguments (index 0 to 5) to read, by the printed name of the call. */
  readonly arguments: ReadonlyMap<string, readonly number[]>
  /** The architecture that the sources were recorded on, if the caller knows it. */
  readonly architecture?: Architecture | undefined
  /** Whose calls to count; absent: all. */
  readonly choice?: CallerChoice | undefined
  /** Count only calls under a seccomp filter that the trace shows being installed. Only strace's reader can. */
  readonly afterFilter?: boolean | undefined
  /** For strace's traces, with afterFilter: the calls with their results, reported when the trace is over. */
  readonly returned?: { readonly wanted: KeepCall; readonly tell: (calls: ReturnedCalls) => void } | undefined
  /** For strace's traces: called with each program that a traced process executed. */
  readonly executed?: ((program: ExecutedProgram) => void) | undefined
  /** For strace's traces: also collect the evidence for a security context, so that every line takes the slow path. */
  readonly context?: boolean | undefined
  /** Called for every call in order. Without it readers only count, which is faster. */
  readonly record?: (record: TraceRecord) => void
}

/** An account without the members that a reader does not know. */
export interface LinesAccount extends Omit<SourceSummary, 'name' | 'format'> {
  /** For a file of several sources: their accounts, in place of the file's. The reader itself ends their runs. */
  readonly parts?: readonly Omit<SourceSummary, 'format'>[]
}

export interface Reader {
  /** The name for `--format` and the account. */
  readonly format: string
  /**
   * Whether the reader keeps the bytes of the source, which starts with these, and reads them as a whole. Then the bytes
   * come in any pieces, and none is dropped. Asked before the first bytes of a source without a wrapping.
   */
  isDocument?(start: Uint8Array): boolean
  startSource(name: string, pid?: number): void
  /** Whole lines: bytes[start, end) ends with "\n". */
  takeLines(bytes: Uint8Array, start: number, end: number): void
  /** `cut`: the last line had no "\n". */
  endSource(cut: boolean): LinesAccount
  /** Called once, after the last source: reports everything. */
  end(sink: Sink): void
}
