// The findings of `validate` for people (text, Markdown), for programs (JSON, SARIF 2.1.0) and for GitHub Actions
// (workflow commands). Everything from the input is escaped for the place it goes to.
import { findingSeverities, type Finding } from '../check/findings.ts'
import type { Severity } from '../profile/flaws.ts'
import { jsonText, type JsonValue } from '../print/json-text.ts'
import { escapeMarkdown, escapeTerminal, escapeWorkflowData, escapeWorkflowProperty } from './escape.ts'
import { findingHint, findingSentence } from './findings.ts'
import { sarifLocations, sarifLog, sarifRule } from './sarif.ts'

export type ReportFormat = 'text' | 'json' | 'markdown' | 'sarif' | 'github'

/** One profile of one file, and what there is to say about it. */
export interface Checked {
  readonly file: string
  /** Where a file holds several, which one. */
  readonly title?: string
  readonly findings: readonly Finding[]
}

/** The report, ending in a newline unless it is empty. */
export function problemsReport(checked: readonly Checked[], format: ReportFormat): string {
  return reports[format](checked)
}

const reports: Readonly<Record<ReportFormat, (checked: readonly Checked[]) => string>> = {
  text: (checked) =>
    each(checked, (file, said) => {
      const { finding } = said
      const { line, column, severity, code } = finding
      const place = `${file}:${line}:${column}`
      return (
        `${escapeTerminal(`${place}: ${severity}: ${sentence(said)} (${code})`)}\n` +
        `    ${escapeTerminal(findingHint(finding))}\n`
      )
    }),

  github: (checked) =>
    each(checked, (file, said) => {
      const { finding } = said
      const command = commands[finding.severity]
      const properties = [
        `file=${escapeWorkflowProperty(file)}`,
        `line=${finding.line}`,
        `col=${finding.column}`,
        `title=${escapeWorkflowProperty(finding.code)}`,
      ].join(',')
      const message = `${sentence(said)}: ${findingHint(finding)}`
      return `::${command} ${properties}::${escapeWorkflowData(message)}\n`
    }),

  markdown: (checked) => {
    if (!checked.some(({ findings }) => findings.length > 0)) return 'Nothing to report.\n'
    const rows = each(checked, (file, said) => {
      const { finding } = said
      const cells = [
        `${file}:${finding.line}`,
        finding.severity,
        finding.code,
        sentence(said),
        findingHint(finding),
      ]
      return `| ${cells.map(escapeMarkdown).join(' | ')} |\n`
    })
    return `| Place | Severity | Code | What | To do |\n|---|---|---|---|---|\n${rows}`
  },

  json: (checked) =>
    document({
      valid: !checked.some(({ findings }) => findings.some(({ severity }) => severity === 'error')),
      profiles: checked.map(({ file, title, findings }) => ({
        file,
        title,
        valid: !findings.some(({ severity }) => severity === 'error'),
        problems: findings.map((finding) => ({
          code: finding.code,
          severity: finding.severity,
          at: `${file}:${finding.line}`,
          line: finding.line,
          column: finding.column,
          pointer: finding.pointer,
          facts: finding.facts,
          message: findingSentence(finding),
          todo: findingHint(finding),
        })),
      })),
    }),

  sarif: (checked) =>
    document(
      sarifLog(
        Object.entries(findingSeverities).map(([id, severity]) =>
          sarifRule(id, { defaultConfiguration: { level: severity } }),
        ),
        checked.flatMap(({ file, findings }) => folded(findings).map((each) => sarifResult(file, each))),
      ),
    ),
}

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' }

function sarifResult(file: string, said: Folded): JsonValue {
  const { finding, times } = said
  return {
    ruleId: finding.code,
    level: finding.severity,
    message: { text: `${sentence(said)}: ${findingHint(finding)}.` },
    ...(times > 1 && { occurrenceCount: times }),
    locations: sarifLocations(file, { startLine: finding.line, startColumn: finding.column }),
  }
}

/** The first of findings that say the same, and how often they do. */
interface Folded {
  readonly finding: Finding
  readonly times: number
}

/** One finding that comes many times, of which a reader needs one: 306 rules, each with `"args": null`. */
function folded(findings: readonly Finding[]): readonly Folded[] {
  const first = new Map<string, { finding: Finding; times: number }>()
  for (const finding of findings) {
    const key = JSON.stringify([
      finding.code,
      finding.severity,
      findingSentence(finding),
      findingHint(finding),
    ])
    const met = first.get(key)
    if (met === undefined) first.set(key, { finding, times: 1 })
    else met.times++
  }
  return [...first.values()]
}

/** The sentence, and how often it is said where that is more than once. */
function sentence({ finding, times }: Folded): string {
  return `${findingSentence(finding)}${times === 1 ? '' : ` (${times} times, first here)`}`
}

function each(checked: readonly Checked[], print: (file: string, folded: Folded) => string): string {
  return checked.flatMap(({ file, findings }) => folded(findings).map((each) => print(file, each))).join('')
}

function document(value: JsonValue): string {
  return `${jsonText(value)}\n`
}
