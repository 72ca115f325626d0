// The findings about a profile: a closed set of codes, each with a place and facts. The reader of the document finds
// the first group (flaws), the checks of this room find the others. report/findings.ts has the sentence for each code.
// profile/flaws.ts defines the severities.
import { flawSeverities, placed, type Flaw, type Severity, type Standing } from '../profile/flaws.ts'

/** Every code with its usual severity. */
export const findingSeverities = {
  ...flawSeverities,
  // --- found by the schema alone
  schema: 'error',
  // --- which dialect
  'docker-dialect': 'note',
  'containers-dialect': 'note',
  'docker-key-ignored': 'warning',
  'arch-map-with-architectures': 'error',
  'key-unknown-to-older': 'warning',
  'min-kernel-ignored': 'warning',
  'unknown-capability': 'warning',
  'unknown-engine-architecture': 'warning',
  'operator-key-ignored': 'warning',
  'value-beyond-int64': 'error',
  // --- names of architectures and flags
  'unknown-architecture': 'error',
  'architecture-unknown-to-runc': 'error',
  'unknown-flag': 'error',
  'empty-flags': 'note',
  'no-architectures': 'note',
  // --- numbers
  'errno-zero': 'warning',
  'errno-unused': 'error',
  'unknown-errno': 'error',
  'errno-differs': 'warning',
  // --- notification
  'notify-default': 'error',
  'notify-write': 'error',
  'notify-without-listener': 'error',
  'metadata-without-listener': 'error',
  // --- calls
  'empty-name': 'error',
  'repeated-name': 'note',
  'unknown-call': 'warning',
  'call-case': 'warning',
  'call-elsewhere': 'note',
  'call-renamed': 'warning',
  'same-effect-allowed': 'warning',
  'call-newer-than-libseccomp': 'warning',
  'no-execve': 'warning',
  'no-exit': 'warning',
  'thread-exit-refused': 'warning',
  'clone3-refused': 'warning',
  'allows-by-default': 'note',
  // --- conditions
  'repeated-index': 'warning',
  'conditions-beyond-six': 'warning',
  'never-matches': 'warning',
  'narrow-argument': 'warning',
  // --- rules that interact
  'duplicate-rule': 'note',
  'first-rule-wins': 'warning',
  'condition-without-effect': 'warning',
  'rule-equals-default': 'note',
  // --- what a runtime, an engine or libseccomp refuses
  'rules-clash': 'error',
  'rules-endless': 'error',
  // This program's own bound: the container may start.
  'rules-beyond': 'warning',
  'rules-lost': 'error',
  'filter-too-long': 'error',
  'architectures-mixed': 'error',
  'architecture-not-known': 'error',
  'action-not-known': 'error',
  'flag-not-known': 'error',
  'flags-not-read': 'error',
  'default-rule-refused': 'error',
  // --- what a named container runtime needs
  'floor-needed': 'error',
  'floor-killed': 'error',
  'floor-made': 'warning',
  'floor-sometimes': 'warning',
  'floor-published': 'warning',
  'floor-conditional': 'warning',
  'floor-older-kernel': 'note',
  'floor-unchecked': 'note',
  'runtime-not-measured': 'note',
} as const satisfies Readonly<Record<string, Severity>>

/** The code of a finding. docs/messages.md has a heading for each. */
export type FindingCode = keyof typeof findingSeverities

/** A mistake or a fact worth knowing about a place of a profile. findingSentence and findingHint give the sentences. */
export type Finding = Flaw<FindingCode>

export function finding(
  code: FindingCode,
  where: Standing,
  facts: Readonly<Record<string, string>> = {},
  severity: Severity = findingSeverities[code],
): Finding {
  return placed(code, severity, where, facts)
}

/** Sorted by place in the text, then by severity and code. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 }
  return [...findings].sort(
    (one, other) =>
      one.line - other.line ||
      one.column - other.column ||
      rank[one.severity] - rank[other.severity] ||
      (one.code < other.code ? -1 : one.code > other.code ? 1 : 0),
  )
}
