// What a recorder knows about a filter, and the calls that the filter may have refused. verify/refusals.ts finds out
// which of them it did refuse, by the filter's answer to their arguments.
import type { Architecture } from '../abi/architectures.ts'
import type { BpfProgram } from '../meaning/index.ts'

/** Which calls a filter may refuse, and how. */
export interface Watch {
  /** The results of refused calls: 0 or a negative errno. */
  readonly results: readonly number[]
  /** The filter answers some calls with TRAP. */
  readonly traps: boolean
  /** The calls that are allowed for at least some arguments. All other calls are watched. */
  readonly calls: readonly {
    readonly architecture: Architecture
    readonly number: number
    /** The arguments that decide the answer: calls that differ only in others count as one. Empty: never refused. */
    readonly arguments: readonly number[]
  }[]
}

/** A call that may have been refused: one call of one process with one result, counted. */
export interface Suspect {
  readonly architecture: Architecture
  /** Undefined: the filter ended a thread, and this kernel does not report for which call. */
  readonly number: number | undefined
  /** The six arguments of the first such call; undefined if the recorder does not see them. */
  readonly args: readonly bigint[] | undefined
  /** `logged`: a filter for audit logged and allowed the call instead of refusing it. */
  readonly result: number | 'trapped' | 'ended' | 'logged'
  readonly pid: number
  readonly comm: string
  readonly count: number
  /** The filters that the program has set itself, the newest first. Empty: it has some, and they cannot be read. */
  readonly ownFilters?: readonly BpfProgram[]
}

export interface Refusals {
  readonly suspects: readonly Suspect[]
  /** How many suspects found no room. */
  readonly lost: number
  /** The calls that failed and that the kernel did not run: some filter refused them, or its supervisor did. */
  readonly unentered?: readonly Pick<Suspect, 'architecture' | 'number'>[]
  /** The program set a filter itself, and this recorder does not tell its refusals from those of the watched filter. */
  readonly ownUnknown?: true
}
