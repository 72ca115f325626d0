// Reports for GitLab's merge requests: an array of issues (docs.gitlab.com, "Code Quality", implement a custom tool).
// GitLab compares the fingerprints of two pipelines, so a fingerprint depends on no line number.
import { jsonText, type JsonValue } from '../../print/json-text.ts'
import type { Severity } from '../../profile/flaws.ts'
import { sha256 } from '../../sha256.ts'
import { fileOf, itemSentence, lineIn } from '../changes.ts'
import { escapeTerminal } from '../escape.ts'
import { findingHint, findingSentence } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { folded, foldedSentence } from '../problems.ts'
import { noticesOf, severityOf, type Notice, type ReviewedProfile } from '../reviewed.ts'

export const gitlab: ReportFormat = {
  // An issue needs a path: if both profiles are built-in, it is a name.
  changes: (compared) => issues([{ file: fileOf(compared), compared }]),

  review: ({ profiles }) => issues(profiles),

  findings: (checked) =>
    document(
      checked.flatMap(({ file, findings }) =>
        folded(findings).map((each) => ({
          description: escapeTerminal(`${foldedSentence(each)}: ${findingHint(each.finding)}`),
          check_name: each.finding.code,
          fingerprint: sha256(JSON.stringify([file, each.finding.code, findingSentence(each.finding)])),
          severity: ofFindings[each.finding.severity],
          location: location(file, each.finding.line),
        })),
      ),
    ),
}

const ofFindings: Readonly<Record<Severity, string>> = { error: 'major', warning: 'minor', note: 'info' }

function issues(profiles: readonly ReviewedProfile[]): string {
  return document(noticesOf(profiles).flatMap(issuesOf))
}

function issuesOf(notice: Notice): readonly JsonValue[] {
  const { profile, items, direction } = notice
  const { file, compared, title = '', event } = profile
  if (compared === undefined)
    return [
      {
        description: escapeTerminal(`not compared: ${profile.problem}`),
        check_name: 'not-compared',
        fingerprint: sha256(JSON.stringify([file, 'not-compared'])),
        severity: 'blocker',
        location: location(file, profile.line ?? 1),
      },
    ]
  const severity =
    direction === 'wider'
      ? severityOf(notice) === 'high'
        ? 'critical'
        : 'major'
      : direction === 'sideways'
        ? 'minor'
        : 'info'
  return items.map((item) => ({
    description: escapeTerminal(
      `${item.direction}: ${itemSentence(item, compared)}${item.risk === undefined ? '' : `: ${item.risk.exposes}`}`,
    ),
    check_name: item.change.id,
    fingerprint: sha256(JSON.stringify([file, title, item.change.fingerprint, ...item.architectures])),
    severity: item.risk === undefined && severity === 'critical' ? 'major' : severity,
    location: location(file, event === undefined ? lineIn(file, item.change) : 1),
  }))
}

function location(path: string, line: number): JsonValue {
  return { path, lines: { begin: line } }
}

function document(value: readonly JsonValue[]): string {
  return `${jsonText(value)}\n`
}
