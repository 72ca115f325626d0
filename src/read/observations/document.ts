// Observations: what was seen, folded per architecture and call. The shape is contract.md's and
// schemas/observations.schema.json's; it is order-free and two of them merge into one.
import type { Architecture } from '../../abi/architectures.ts'
import type { SourceSummary } from '../account.ts'
import type { Diagnostic } from '../diagnostics.ts'
import type { RefusalErrno } from '../failures.ts'
import type { ObservedContext } from './context.ts'

/** Records folded: what was called, how often, with which values (schemas/observations.schema.json). Two of them merge in any order. */
export interface Observations {
  readonly version: 1
  /** How many runs of the program are in it: each source is one, a set of `strace -ff` as a whole, a profile none. Absent for one. */
  readonly runs?: number
  /** Per architecture, by libseccomp's name of the call there. */
  readonly architectures: Readonly<Partial<Record<Architecture, Readonly<Record<string, ObservedCall>>>>>
  /** Numbers (decimal strings) or names that no table knows. They never reach a profile. */
  readonly unknown: Readonly<Partial<Record<Architecture, Readonly<Record<string, ObservedCall>>>>>
  /** By container, what a security context follows from; absent where no recorder looked. */
  readonly context?: readonly ObservedContext[]
  readonly sources: readonly SourceSummary[]
  readonly diagnostics: readonly Diagnostic[]
}

/** One call on one architecture, counted. Argument values are decimal strings, because 64-bit values do not fit a JSON number; null where a value is unknown. */
export interface ObservedCall {
  /** How often it was entered, at least 1. */
  readonly count: number
  /** `source:line` of the first time it was entered; lines count from 1. */
  readonly first: string
  /** In how many of the runs it was seen; absent where that is the only one, or there is none. */
  readonly runs?: number
  /** How many of them failed with ENOSYS; absent for none. Equal to `count`: the kernel never ran it. */
  readonly enosys?: number
  /** How many of them failed with EPERM, and with EACCES; absent for none. */
  readonly eperm?: number
  readonly eacces?: number
  /** How many of them never reached the kernel, because the recorder made their results up; absent for none. */
  readonly injected?: number
  /**
   * By argument index "0" to "5": the distinct values seen, unsigned 64-bit, as decimal strings in numeric order;
   * null when at least one call's value is not known. Only for arguments that were asked for.
   */
  readonly args?: Readonly<Record<string, readonly string[] | null>>
  /** By argument index: those of `args` with which every call failed with EPERM or EACCES, and with which. */
  readonly refused?: Readonly<Record<string, Readonly<Record<string, RefusalErrno>>>>
}
