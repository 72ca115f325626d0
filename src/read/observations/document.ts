// Observations: the calls that were seen, folded by architecture and call. Their order does not matter, and two
// observations merge into one. Authority for the shape: contract.md and schemas/observations.schema.json.
import { isObject, valueOf } from '../../options.ts'
import type { Architecture } from '../../abi/architectures.ts'
import type { SourceSummary } from '../account.ts'
import type { Diagnostic } from '../diagnostics.ts'
import type { RefusalErrno } from '../failures.ts'
import type { ObservedContext } from './context.ts'

/** Folded records: calls, counts and values (schemas/observations.schema.json). Two observations merge in any order. */
export interface Observations {
  readonly version: 1
  /**
   * The number of runs. Each source or set of `strace -ff` is one run; a profile is none, and neither is a source that
   * shows a part of a run, such as a log of refused calls. Absent for one run.
   */
  readonly runs?: number
  /** Calls by architecture, then by libseccomp's name on it. */
  readonly architectures: Readonly<Partial<Record<Architecture, Readonly<Record<string, ObservedCall>>>>>
  /** Calls that no table knows, by number (a decimal string) or name. They never reach a profile. */
  readonly unknown: Readonly<Partial<Record<Architecture, Readonly<Record<string, ObservedCall>>>>>
  /** By container, the evidence for its security context; absent if no recorder collected any. */
  readonly context?: readonly ObservedContext[]
  readonly sources: readonly SourceSummary[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Observations. */
export const observationsValue = valueOf<Observations>(
  'observations: give what observe returns',
  (value) => isObject(value) && isObject(value['architectures']) && isObject(value['unknown']),
)

/** One call on one architecture. Argument values are decimal strings, because JSON numbers cannot hold 64 bits. */
export interface ObservedCall {
  /** How often the call was entered, at least 1. */
  readonly count: number
  /** `source:line` of the first entry; lines count from 1. */
  readonly first: string
  /** In how many of the runs the call was seen; absent if there is only one run, or none. */
  readonly runs?: number
  /** How many of these calls failed with ENOSYS; absent for none. If all did, the kernel never ran the call. */
  readonly enosys?: number
  /** How many of these calls failed with EPERM, and with EACCES; absent for none. */
  readonly eperm?: number
  readonly eacces?: number
  /** How many of these calls never reached the kernel, because the recorder made up their results; absent for none. */
  readonly injected?: number
  /**
   * By argument index "0" to "5": the distinct values seen, unsigned 64-bit, as decimal strings in numeric order;
   * null if the value of at least one call is unknown. Only requested arguments are included.
   */
  readonly args?: Readonly<Record<string, readonly string[] | null>>
  /** By argument index: the values of `args` with which every call failed with EPERM or EACCES, each with its errno. */
  readonly refused?: Readonly<Record<string, Readonly<Record<string, RefusalErrno>>>>
}
