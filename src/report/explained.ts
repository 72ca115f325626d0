// What a report of `explain` is made of.
import type { ExplainedCall } from '../explain/index.ts'
import type { Observations } from '../observe/index.ts'

/** An explanation with all that a report of it says. */
export interface Explained {
  /** The profile's name. */
  readonly profile: string
  readonly calls: readonly ExplainedCall[]
  /** What the calls were explained with; undefined: no trace was given. */
  readonly observations?: Observations
}
