// The interface of a report format: one function for each kind of result that the format prints. The text ends in a
// newline unless it is empty. Everything from a profile, a trace or a workload is escaped for its target.
import type { Observations } from '../observe/index.ts'
import type { Compared } from './changes.ts'
import type { Explained } from './explained.ts'
import type { Medium } from './medium.ts'
import type { Checked } from './problems.ts'
import type { Reviewed } from './reviewed.ts'
import type { Verified } from './verification.ts'
import type { WatchReport } from './watched.ts'

/** The input of each kind of result. */
export interface Results {
  /** `diff` */
  readonly changes: Compared
  /** `review` */
  readonly review: Reviewed
  /** `validate` */
  readonly findings: readonly Checked[]
  /** `explain` */
  readonly explanation: Explained
  /** `verify` */
  readonly verification: Verified
  /** `watch`, at its end */
  readonly watched: WatchReport
  /** `observe` */
  readonly observations: Observations
}

/** The default of `medium` is a file, without the program's name. */
export type ReportFormat = {
  readonly [Kind in keyof Results]?: (result: Results[Kind], medium?: Medium) => string
}
