// Reports as annotations of GitHub Actions: workflow commands, one a line (docs.github.com, "Workflow commands for GitHub
// Actions").
import type { Severity } from '../../profile/flaws.ts'
import { changeSentence, placeOf } from '../changes.ts'
import { escapeWorkflowData, escapeWorkflowProperty } from '../escape.ts'
import { findingHint } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { eachFolded, foldedSentence } from '../problems.ts'

export const github: ReportFormat = {
  changes: (compared) =>
    compared.changes
      .map((change) => {
        const { file, line } = placeOf(change)
        const command = change.direction === 'narrower' ? 'notice' : 'warning'
        return `::${command} file=${escapeWorkflowProperty(file)},line=${line},title=${escapeWorkflowProperty(change.id)}::${escapeWorkflowData(changeSentence(change, compared))}\n`
      })
      .join(''),

  findings: (checked) =>
    eachFolded(checked, (file, said) => {
      const { finding } = said
      const command = commands[finding.severity]
      const properties = [
        `file=${escapeWorkflowProperty(file)}`,
        `line=${finding.line}`,
        `col=${finding.column}`,
        `title=${escapeWorkflowProperty(finding.code)}`,
      ].join(',')
      const message = `${foldedSentence(said)}: ${findingHint(finding)}`
      return `::${command} ${properties}::${escapeWorkflowData(message)}\n`
    }),
}

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' }
