// Reports for people at a terminal: lines, and tables whose columns stand under each other.
import { answerText } from '../../meaning/answer.ts'
import {
  callsText,
  callText,
  changeGroups,
  contextsText,
  sameCallText,
  summaryLine,
  verdicts,
} from '../changes.ts'
import { escapeTerminal } from '../escape.ts'
import { explanationRow, explanationTitles, riskLines } from '../explanation.ts'
import { findingHint } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { eachFolded, foldedSentence } from '../problems.ts'
import { alignedRows } from '../table.ts'
import {
  escapedLines,
  patchOf,
  refusalRow,
  refusalTitles,
  repairLines,
  verificationSentences,
} from '../verification.ts'

export const text: ReportFormat = {
  changes: (compared) => {
    const lines = changeGroups(compared.changes).map(([change, names]) => {
      const where = contextsText(change, compared)
      const what = `${change.direction} (${change.id}) ${change.architecture}${where}: ${answerText(change.before)} -> ${answerText(change.after)}: ${callsText(names)}`
      const example = change.conditional ? `\n    for example ${callText(change)}${sameCallText(change)}` : ''
      return `${escapeTerminal(what)}${escapeTerminal(example).replace('\\x0a', '\n')}\n`
    })
    return `${lines.join('')}${escapeTerminal(verdicts[compared.verdict])}\n${escapeTerminal(summaryLine(compared))}\n`
  },

  findings: (checked) =>
    eachFolded(checked, (file, said) => {
      const { finding } = said
      const { line, column, severity, code } = finding
      const place = `${file}:${line}:${column}`
      return (
        `${escapeTerminal(`${place}: ${severity}: ${foldedSentence(said)} (${code})`)}\n` +
        `    ${escapeTerminal(findingHint(finding))}\n`
      )
    }),

  explanation: (calls) => {
    if (calls.length === 0) return 'no rule names a call\n'
    const rows = [explanationTitles, ...calls.map(explanationRow)].map((row) => row.map(escapeTerminal))
    const risks = riskLines(calls).map(escapeTerminal)
    return `${[...alignedRows(rows), ...(risks.length === 0 ? [] : ['', ...risks])].join('\n')}\n`
  },

  verification: (verified) => {
    const lines = verificationSentences(verified)
    const rows = verified.refusals.map((each) => refusalRow(each, verified.within))
    const table = rows.length === 0 ? [] : [...alignedRows([refusalTitles, ...rows]), '']
    const repair = repairLines(verified)
    return `${[...table, ...lines, ...repair].map(escapeTerminal).join('\n')}\n${escapedLines(patchOf(verified))}`
  },
}
