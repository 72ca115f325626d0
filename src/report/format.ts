// What a report format can print: one function a kind of result, each to a text that ends in a newline unless it is empty.
// Everything that comes from a profile, a trace or a workload is escaped for the place it goes to.
import type { Observations } from '../observe/index.ts'
import type { Compared } from './changes.ts'
import type { Explained } from './explained.ts'
import type { Medium } from './medium.ts'
import type { Checked } from './problems.ts'
import type { Reviewed } from './reviewed.ts'
import type { Verified } from './verification.ts'
import type { Watched } from './watched.ts'

/** What each kind of result is made of. */
export interface Results {
  /** Of `diff`. */
  readonly changes: Compared
  /** Of `review`. */
  readonly review: Reviewed
  /** Of `validate`. */
  readonly findings: readonly Checked[]
  /** Of `explain`. */
  readonly explanation: Explained
  /** Of `verify`. */
  readonly verification: Verified
  /** Of `watch`, at its end. */
  readonly watched: Watched
  /** Of `observe`. */
  readonly observations: Observations
}

/** `medium`: default a file, written by a program that does not say which. */
export type ReportFormat = {
  readonly [Kind in keyof Results]?: (result: Results[Kind], medium?: Medium) => string
}
