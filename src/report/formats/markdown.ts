// Reports for step summaries, comments and pages: Markdown with GitHub's tables.
import { escapeMarkdown } from '../escape.ts'
import { explanationRow, explanationTitles, riskLines, scanLines } from '../explanation.ts'
import { findingHint } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { eachFolded, foldedSentence } from '../problems.ts'
import { comparedMarkdown, reviewMarkdown } from '../review-markdown.ts'
import {
  escapedLines,
  patchOf,
  refusalRow,
  refusalTitles,
  repairLines,
  verificationSentences,
} from '../verification.ts'
import { watchedRow, watchedSentences, watchedTitles } from '../watched.ts'

export const markdown: ReportFormat = {
  changes: comparedMarkdown,
  review: reviewMarkdown,

  findings: (checked) => {
    if (!checked.some(({ findings }) => findings.length > 0)) return 'Nothing to report.\n'
    const rows = eachFolded(checked, (file, said) => {
      const { finding } = said
      const cells = [
        `${file}:${finding.line}`,
        finding.severity,
        finding.code,
        foldedSentence(said),
        findingHint(finding),
      ]
      return `| ${cells.map(escapeMarkdown).join(' | ')} |\n`
    })
    return `| Place | Severity | Code | What | To do |\n|---|---|---|---|---|\n${rows}`
  },

  explanation: ({ calls }) => {
    if (calls.length === 0) return 'No rule names a call.\n'
    const row = (words: readonly string[]): string => `| ${words.map(escapeMarkdown).join(' | ')} |\n`
    const lines = [...riskLines(calls), ...scanLines(calls)].map((line) => `- ${escapeMarkdown(line)}\n`)
    const table = `${row(explanationTitles)}|${'---|'.repeat(explanationTitles.length)}\n${calls.map((call) => row(explanationRow(call))).join('')}`
    return `${table}${lines.length === 0 ? '' : `\n${lines.join('')}`}`
  },

  watched: (watched) => {
    const row = (words: readonly string[]): string => `| ${words.map(escapeMarkdown).join(' | ')} |\n`
    const { rows } = watched
    const table =
      rows.length === 0
        ? ''
        : `${row(watchedTitles)}|${'---|'.repeat(watchedTitles.length)}\n${rows.map((each) => row(watchedRow(each))).join('')}\n`
    const sentences = watchedSentences(watched).map((line) => `- ${escapeMarkdown(line)}\n`)
    const repair = repairLines(watched).map((line) => `- ${escapeMarkdown(line.replace(/^# /, ''))}\n`)
    const patch = escapedLines(patchOf(watched))
    return `${table}${sentences.join('')}${repair.join('')}${patch === '' ? '' : `\n${fenced(patch)}`}`
  },

  verification: (verified) => {
    const row = (words: readonly string[]): string => `| ${words.map(escapeMarkdown).join(' | ')} |\n`
    const { refusals } = verified
    const table =
      refusals.length === 0
        ? ''
        : `${row(refusalTitles)}|${'---|'.repeat(refusalTitles.length)}\n${refusals.map((each) => row(refusalRow(each, verified.within))).join('')}\n`
    const [verdict = '', ...sentences] = verificationSentences(verified).map(escapeMarkdown)
    const lines = sentences.map((line) => `${line}\n\n`)
    const repair = repairLines(verified).map((line) => `- ${escapeMarkdown(line.replace(/^# /, ''))}\n`)
    const patch = escapedLines(patchOf(verified))
    return `**${verdict}**\n\n${table}${table === '' ? '' : '\n'}${lines.join('')}${repair.join('')}${patch === '' ? '' : `\n${fenced(patch)}`}`.replace(
      /\n+$/,
      '\n',
    )
  },
}

/** A code block whose fence is longer than any run of backquotes inside. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}diff\n${text}${fence}\n`
}
