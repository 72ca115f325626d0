// The reports for the library: one function for each kind of result. A file of its own, because the types of formats.ts
// include `verify`, and users of the pure library need no types of Node.js.
import type { Observations } from '../observe/index.ts'
import type { Compared } from './changes.ts'
import type { Explained } from './explained.ts'
import { printReport } from './formats.ts'
import type { Medium } from './medium.ts'
import type { Checked } from './problems.ts'
import type { Reviewed } from './reviewed.ts'

/** The formats of a report of changes, as `--report` names them. */
export type ChangesFormat = 'text' | 'json' | 'markdown' | 'sarif' | 'github' | 'gitlab' | 'html'

/** The report of `diff` about two profiles that `comparedProfiles` compared. */
export function changesReport(compared: Compared, format: ChangesFormat, medium?: Medium): string {
  return printReport('changes', compared, format, medium)
}

/** The report of `review` about several comparisons. */
export function reviewReport(reviewed: Reviewed, format: ChangesFormat, medium?: Medium): string {
  return printReport('review', reviewed, format, medium)
}

/** The report of `validate` about the findings of `profileProblems` and `runtimeProblems`. */
export function findingsReport(
  checked: readonly Checked[],
  format: Exclude<ChangesFormat, 'html'>,
  medium?: Medium,
): string {
  return printReport('findings', checked, format, medium)
}

/** The report of `explain` about the result of `explainProfile`. */
export function explanationReport(
  explained: Explained,
  format: 'text' | 'json' | 'markdown' | 'html',
  medium?: Medium,
): string {
  return printReport('explanation', explained, format, medium)
}

/** The report of `observe`: the observations file, or an HTML page. */
export function observationsReport(
  observations: Observations,
  format: 'json' | 'html',
  medium?: Medium,
): string {
  return printReport('observations', observations, format, medium)
}
