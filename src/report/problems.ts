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
    each(checked, (file, finding) => {
      const { line, column, severity, code } = finding
      const place = `${file}:${line}:${column}`
      return (
        `${escapeTerminal(`${place}: ${severity}: ${findingSentence(finding)} (${code})`)}\n` +
        `    ${escapeTerminal(findingHint(finding))}\n`
      )
    }),

  github: (checked) =>
    each(checked, (file, finding) => {
      const command = commands[finding.severity]
      const properties = [
        `file=${escapeWorkflowProperty(file)}`,
        `line=${finding.line}`,
        `col=${finding.column}`,
        `title=${escapeWorkflowProperty(finding.code)}`,
      ].join(',')
      const message = `${findingSentence(finding)}: ${findingHint(finding)}`
      return `::${command} ${properties}::${escapeWorkflowData(message)}\n`
    }),

  markdown: (checked) => {
    if (!checked.some(({ findings }) => findings.length > 0)) return 'Nothing to report.\n'
    const rows = each(checked, (file, finding) => {
      const cells = [
        `${file}:${finding.line}`,
        finding.severity,
        finding.code,
        findingSentence(finding),
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
        checked.flatMap(({ file, findings }) => findings.map((finding) => sarifResult(file, finding))),
      ),
    ),
}

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' }

function sarifResult(file: string, finding: Finding): JsonValue {
  return {
    ruleId: finding.code,
    level: finding.severity,
    message: { text: `${findingSentence(finding)}: ${findingHint(finding)}.` },
    locations: sarifLocations(file, { startLine: finding.line, startColumn: finding.column }),
  }
}

function each(checked: readonly Checked[], print: (file: string, finding: Finding) => string): string {
  return checked.flatMap(({ file, findings }) => findings.map((finding) => print(file, finding))).join('')
}

function document(value: JsonValue): string {
  return `${jsonText(value)}\n`
}
