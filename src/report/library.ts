// The reports for the library: one function a kind of result. Apart from formats.ts, whose types also know what starts
// processes (`verify`), so that who uses the library alone needs no types of Node.js.
import type { Observations } from '../observe/index.ts'
import type { Compared } from './changes.ts'
import type { Explained } from './explained.ts'
import { printReport } from './formats.ts'
import type { Medium } from './medium.ts'
import type { Checked } from './problems.ts'
import type { Reviewed } from './reviewed.ts'

/** The formats of a report of changes, as `--report` names them. */
export type ChangesFormat = 'text' | 'json' | 'markdown' | 'sarif' | 'github' | 'gitlab' | 'html'

/** What `diff` prints of two profiles that `comparedProfiles` compared. */
export function changesReport(compared: Compared, format: ChangesFormat, medium?: Medium): string {
  return printReport('changes', compared, format, medium)
}

/** What `review` prints of several comparisons. */
export function reviewReport(reviewed: Reviewed, format: ChangesFormat, medium?: Medium): string {
  return printReport('review', reviewed, format, medium)
}

/** What `validate` prints of what `profileProblems` and `runtimeProblems` found. */
export function findingsReport(
  checked: readonly Checked[],
  format: Exclude<ChangesFormat, 'html'>,
  medium?: Medium,
): string {
  return printReport('findings', checked, format, medium)
}

/** What `explain` prints of what `explainProfile` found. */
export function explanationReport(
  explained: Explained,
  format: 'text' | 'json' | 'markdown' | 'html',
  medium?: Medium,
): string {
  return printReport('explanation', explained, format, medium)
}

/** What `observe` prints: the file, or a page to look at. */
export function observationsReport(
  observations: Observations,
  format: 'json' | 'html',
  medium?: Medium,
): string {
  return printReport('observations', observations, format, medium)
}
