// What a report format can print: one function a kind of result, each to a text that ends in a newline unless it is empty.
// Everything that comes from a profile, a trace or a workload is escaped for the place it goes to.
import type { ExplainedCall } from '../explain/index.ts'
import type { Compared } from './changes.ts'
import type { Checked } from './problems.ts'
import type { Verified } from './verification.ts'

export interface ReportFormat {
  /** Of `diff`. */
  readonly changes?: (compared: Compared) => string
  /** Of `validate`. */
  readonly findings?: (checked: readonly Checked[]) => string
  /** Of `explain`. */
  readonly explanation?: (calls: readonly ExplainedCall[]) => string
  /** Of `verify`. */
  readonly verification?: (verified: Verified) => string
}
