// Reports for people at a terminal: lines and aligned tables.
import { contextRow, contextTitles } from '../context-verification.ts'
import { escapeTerminal } from '../escape.ts'
import { explanationRow, explanationTitles, riskLines, scanLines } from '../explanation.ts'
import { findingHint } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { plainMedium } from '../medium.ts'
import { reviewedLines, reviewLines } from '../review-lines.ts'
import { eachFolded, foldedSentence } from '../problems.ts'
import { painted, wrapped } from '../screen.ts'
import { watchedRow, watchedSentences, watchedTitles } from '../watched.ts'
import { alignedRows } from '../table.ts'
import {
  escapedLines,
  patchOf,
  refusalRow,
  refusalTitles,
  repairLines,
  hasPassed,
  verificationSentences,
} from '../verification.ts'

export const text: ReportFormat = {
  changes: (compared, { screen } = plainMedium) => `${reviewLines(compared, screen).join('\n')}\n`,

  review: (reviewed, { screen } = plainMedium) => `${reviewedLines(reviewed, screen).join('\n')}\n`,

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

  explanation: ({ calls }) => {
    if (calls.length === 0) return 'no rule names a call\n'
    const rows = [explanationTitles, ...calls.map(explanationRow)].map((row) => row.map(escapeTerminal))
    const parts = [riskLines(calls), scanLines(calls)].filter((lines) => lines.length > 0)
    const below = parts.flatMap((lines) => ['', ...lines.map(escapeTerminal)])
    return `${[...alignedRows(rows), ...below].join('\n')}\n`
  },

  watched: (watched, { screen } = plainMedium) => {
    const rows = watched.rows.map((each) => watchedRow(each).map(escapeTerminal))
    const table = rows.length === 0 ? [] : ['', ...alignedRows([watchedTitles, ...rows]), '']
    const sentences = watchedSentences(watched).flatMap((each) => wrapped(escapeTerminal(each), '  ', screen))
    const more = repairLines(watched).map(escapeTerminal)
    return `${[...table, ...sentences, ...more].join('\n')}\n${escapedLines(patchOf(watched))}`
  },

  verification: (verified, { screen } = plainMedium) => {
    const [verdict = '', ...sentences] = verificationSentences(verified).map(escapeTerminal)
    const paint = hasPassed(verified) ? 'green' : 'red'
    const [first = '', ...rest] = wrapped(verdict, '  ', screen)
    const rows = verified.refusals.map((each) => refusalRow(each, verified.within).map(escapeTerminal))
    const table = rows.length === 0 ? [] : ['', ...alignedRows([refusalTitles, ...rows]), '']
    const { context } = verified
    const under =
      context === undefined || context.findings.length === 0
        ? []
        : [
            '',
            ...alignedRows([
              contextTitles,
              ...context.findings.map((each) => contextRow(each).map(escapeTerminal)),
            ]),
            '',
          ]
    const more = [
      ...under,
      ...sentences.flatMap((each) => wrapped(each, '  ', screen)),
      ...repairLines(verified).map(escapeTerminal),
    ]
    return `${[painted(first, paint, screen), ...rest, ...table, ...more].join('\n')}\n${escapedLines(patchOf(verified))}`
  },
}
