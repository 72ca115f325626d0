// The interface of a format with one record per line. line-reader.ts makes a Reader of it: places, counts,
// architectures, the user's choice and the account are the same for all.
import type { Architecture } from '../abi/architectures.ts'
import type { Logger } from '../abi/spellings.ts'
import type { Evidence } from './account.ts'
import type { DiagnosticCode } from './diagnostics.ts'
import type { Failure } from './failures.ts'
import type { LineShape } from './line-shapes.ts'
import type { Caller } from './subject.ts'

/** A call that a line reports. */
export interface LoggedCall {
  /** As printed: a name in the logger's spelling, or a number. */
  readonly call: string | number
  /** Given if the record itself states it. A number of x86_64 with bit 30 means x32. */
  readonly architecture?: Architecture | undefined
  /** A 32-bit program made the call. Without `architecture`, the machine's 32-bit architecture counts. */
  readonly isNarrow?: boolean
  /** How often the call was made, if the line is the row of a table. Default 1. */
  readonly count?: number
  readonly failure?: Failure | undefined
  /** By the kernel's index, unsigned 64-bit; undefined if the line does not show the value. Absent: no arguments. */
  readonly argument?: ((index: number) => bigint | undefined) | undefined
  /** Counted only if the source has no calls of the other kind, or if the user chose whose calls to count. */
  readonly secondary?: boolean
  readonly subject?: (() => Caller) | undefined
}

/** `ignored`: understood, but no call. */
export type LineResult = LoggedCall | readonly LoggedCall[] | 'ignored' | 'unparsed'

/** What a grammar may report besides calls. */
export interface Reporter {
  diagnostic(code: DiagnosticCode, facts?: Readonly<Record<string, string>>): void
  /** Records that the recorder says it lost; undefined if the number is unknown. */
  lost(records: number | undefined): void
  /** The loss as a total since the machine started. */
  lostInAll(records: number): void
  evidence(kind: Evidence): void
  /** A filter refused the call, so the calls that would have followed are missing. */
  refused(call: LoggedCall): void
}

/** Reads the lines of one source in order, without their ends. */
export interface LineGrammar {
  line(text: string, say: Reporter): LineResult
  /** The fast path for lines that come by the million; undefined if line() must read the next line. */
  plain?(): LinesOfKinds | undefined
  /**
   * The shape of the lines of which line() would now say the same as of this one, which it has just read, and which
   * would change nothing in this object; undefined if there is none. Asked only if the line was ignored or told calls,
   * and nothing but evidence was reported.
   */
  shape?(text: string, told: Exclude<LineResult, 'unparsed'>): LineShape | undefined
  /** Changes if shapes no longer hold. Only line() changes it. */
  readonly stage?: number
  /** Called after the last line. */
  end?(say: Reporter): void
  /** What the lines show of the machine besides names and numbers, for calls that state no architecture. */
  machine?(): MachineTold
}

export interface MachineTold {
  /** The possible machines; none if the lines contradict each other or show an unsupported machine. */
  readonly possible: readonly Architecture[]
  /** Whether the one possible machine is certain. */
  readonly isShown: boolean
}

/** Lines by kinds: one line of a kind stands for the others. */
export interface LinesOfKinds {
  /** Reads lines of bytes[line, end), which ends with "\n", up to the first without a kind. Returns their number. */
  read(bytes: Uint8Array, line: number, end: number): number
  /**
   * The kind of each line that was read. Two lines of a source share a number only if line() returns the same call for
   * both, and reports nothing but evidence and the refusal of that call. 0 for lines that are ignored without a report.
   */
  readonly kinds: Int32Array
  /** The offset, in the given bytes, of the line after the one with this index. */
  next(index: number): number
}

export interface Grammar {
  readonly format: string
  readonly logger: Logger
  /** The evidence of every source of the format. */
  readonly evidence: readonly Evidence[]
  /** Flags and requests are printed as words, and clone's flags first on every machine: see as-passed.ts. */
  readonly inWords?: true
  /** Whether a line can only be of this format. */
  recognises(line: string): boolean
  /** Whether a recognised line reports no call and also stands in logs of other formats. */
  isBeside?(line: string): boolean
  open(): LineGrammar
}
