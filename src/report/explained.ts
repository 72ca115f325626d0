// The input of a report of `explain`.
import type { ExplainedCall } from '../explain/index.ts'
import type { Observations } from '../observe/index.ts'

/** An explanation with everything that its report prints. */
export interface Explained {
  /** The profile's name. */
  readonly profile: string
  readonly calls: readonly ExplainedCall[]
  /** The trace's observations; undefined without a trace. */
  readonly observations?: Observations
}
