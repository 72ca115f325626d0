// The reports for the library: one function for each kind of result. A file of its own, because the types of formats.ts
// include `verify`, and users of the pure library need no types of Node.js.
import type { Observations } from '../observe/index.ts'
import type { Compared } from './changes.ts'
import type { Explained } from './explained.ts'
import type { Results } from './format.ts'
import { formatsOf, printReport, type FormatName } from './formats.ts'
import { flag, objectOf, oneOf, readOptions, text, wholeFrom, type OptionTable } from '../options.ts'
import { plainMedium, type Medium, type Tool } from './medium.ts'
import type { Screen } from './screen.ts'
import type { Checked } from './problems.ts'
import type { Reviewed } from './reviewed.ts'

const mediumTable: OptionTable<Medium> = {
  screen: objectOf<Screen>({ columns: wholeFrom(1), colour: flag }, 'colour'),
  tool: objectOf<Tool>({ version: text, homepage: text }),
}

function report<Kind extends keyof Results>(
  of: string,
  kind: Kind,
  result: Results[Kind],
  format: FormatName,
  medium: Medium | undefined,
): string {
  const known = oneOf(formatsOf(kind))(format, `${of}: format`)
  const given = medium === undefined ? {} : readOptions(`${of}: medium`, mediumTable, medium)
  const { screen, tool } = { ...plainMedium, ...given }
  return printReport(kind, result, known, { screen, tool })
}

/** The formats of a report of changes, as `--report` names them. */
export type ChangesFormat = 'text' | 'json' | 'markdown' | 'sarif' | 'github' | 'gitlab' | 'html'

/**
 * The report of `diff` about two profiles that `comparedProfiles` compared.
 *
 * @throws UserError for an unknown format or member of the medium.
 */
export function changesReport(compared: Compared, format: ChangesFormat, medium?: Medium): string {
  return report('changesReport', 'changes', compared, format, medium)
}

/**
 * The report of `review` about several comparisons.
 *
 * @throws UserError for an unknown format or member of the medium.
 */
export function reviewReport(reviewed: Reviewed, format: ChangesFormat, medium?: Medium): string {
  return report('reviewReport', 'review', reviewed, format, medium)
}

/**
 * The report of `validate` about the findings of `profileProblems` and `runtimeProblems`.
 *
 * @throws UserError for an unknown format or member of the medium.
 */
export function findingsReport(
  checked: readonly Checked[],
  format: Exclude<ChangesFormat, 'html'>,
  medium?: Medium,
): string {
  return report('findingsReport', 'findings', checked, format, medium)
}

/**
 * The report of `explain` about the result of `explainProfile`.
 *
 * @throws UserError for an unknown format or member of the medium.
 */
export function explanationReport(
  explained: Explained,
  format: 'text' | 'json' | 'markdown' | 'html',
  medium?: Medium,
): string {
  return report('explanationReport', 'explanation', explained, format, medium)
}

/**
 * The report of `observe`: the observations file, or an HTML page.
 *
 * @throws UserError for an unknown format or member of the medium.
 */
export function observationsReport(
  observations: Observations,
  format: 'json' | 'html',
  medium?: Medium,
): string {
  return report('observationsReport', 'observations', observations, format, medium)
}
