// What a recorder is told of a filter, and what it saw that the filter may have refused. What the filter answers to the
// arguments says which of them it did refuse: verify/refusals.ts.
import type { Architecture } from '../abi/architectures.ts'

/** Calls that a filter may refuse, and how. */
export interface Watch {
  /** What a refused call returns: 0, or an errno's negative. */
  readonly results: readonly number[]
  /** Some are answered with TRAP. */
  readonly traps: boolean
  /** What is allowed, to some arguments at least; all else is watched. */
  readonly calls: readonly {
    readonly architecture: Architecture
    readonly number: number
    /** The arguments that the answer depends on: calls that differ in others are one. None: never refused. */
    readonly arguments: readonly number[]
  }[]
}

/** What may be a refused call: the same call of one process with the same result, as often as it was made. */
export interface Suspect {
  readonly architecture: Architecture
  /** Undefined: a thread was ended by its filter, and this kernel does not tell for which call. */
  readonly number: number | undefined
  /** The six of the first one; undefined where they are not told. */
  readonly args: readonly bigint[] | undefined
  /** `logged`: a filter for audit let it through instead of refusing it. */
  readonly result: number | 'trapped' | 'ended' | 'logged'
  readonly pid: number
  readonly comm: string
  readonly count: number
}

export interface Refusals {
  readonly suspects: readonly Suspect[]
  /** How many found no room. */
  readonly lost: number
}
