// What a format of one record per line has to say of its lines. line-reader.ts makes a Reader of it: places, counts,
// architectures, the user's choice and the account are the same for all.
import type { Architecture } from '../abi/architectures.ts'
import type { Logger } from '../abi/spellings.ts'
import type { Evidence } from './account.ts'
import type { DiagnosticCode } from './diagnostics.ts'
import type { Failure } from './failures.ts'
import type { Caller } from './subject.ts'

/** A call that a line tells of. */
export interface LoggedCall {
  /** As printed: a name in the logger's spelling, or a number. */
  readonly call: string | number
  /** Where the record itself tells it. With a number of x86_64 that has bit 30, x32 is meant. */
  readonly architecture?: Architecture | undefined
  /** Of a 32-bit program; where the architecture is not told, it is the 32-bit one of the machine. */
  readonly isNarrow?: boolean
  /** Of a table: how often. Default 1. */
  readonly count?: number
  readonly failure?: Failure | undefined
  /** By the kernel's index, unsigned 64-bit; undefined for a value that the line does not tell. Absent: no arguments. */
  readonly argument?: ((index: number) => bigint | undefined) | undefined
  /** Counted only in a source that has none of the other kind, or when the user chose whose calls to count. */
  readonly secondary?: boolean
  readonly subject?: (() => Caller) | undefined
}

/** `ignored`: understood, and no call. */
export type LineResult = LoggedCall | readonly LoggedCall[] | 'ignored' | 'unparsed'

/** What a grammar may say besides. */
export interface Reporter {
  diagnostic(code: DiagnosticCode, facts?: Readonly<Record<string, string>>): void
  /** Records that the recorder says it lost; undefined for an unknown number. */
  lost(records: number | undefined): void
  /** Loss told as a total since the machine started. */
  lostInAll(records: number): void
  evidence(kind: Evidence): void
  /** A filter refused the call: what would have come after is not here. */
  refused(call: LoggedCall): void
}

/** One source's lines, in order, without their ends. */
export interface LineGrammar {
  line(text: string, say: Reporter): LineResult
  /** For lines that come by the million; undefined where the next must be read by line(). */
  plain?(): LinesOfKinds | undefined
  /** After the last line. */
  end?(say: Reporter): void
  /** What the lines tell of the machine, besides names and numbers; asked for where a call tells none. */
  machine?(): MachineTold
}

export interface MachineTold {
  /** Those that it can be; none where the lines contradict each other, or show a machine that is none of ours. */
  readonly possible: readonly Architecture[]
  /** Whether it is that one for certain. */
  readonly isShown: boolean
}

/** Lines of which some stand for others. */
export interface LinesOfKinds {
  /** Reads lines of bytes[line, end), which ends with "\n", until one has no kind; returns how many had one. */
  read(bytes: Uint8Array, line: number, end: number): number
  /**
   * Of each line that was read: a number that two lines of a source share only if line() tells the same call of both,
   * and says nothing besides but evidence; 0 for lines ignored in silence.
   */
  readonly kinds: Int32Array
  /** Where the line after the one with this index starts, in the bytes given. */
  next(index: number): number
}

export interface Grammar {
  readonly format: string
  readonly logger: Logger
  /** What every source of the format is. */
  readonly evidence: readonly Evidence[]
  /** Whether flags and requests are printed as words, and clone's flags first on every machine: see as-passed.ts. */
  readonly inWords?: true
  /** Whether a line can only be of this format. */
  recognises(line: string): boolean
  open(): LineGrammar
}
