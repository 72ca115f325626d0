// What there is to say about a profile: a closed set of codes, a place, facts. The sentence for each code stands in
// report/findings.ts, once.
//   error    some runtime or loader of this dialect refuses the document, or the specification forbids it
//   warning  it is accepted, and does something else than it says, or not everywhere the same
//   note     worth knowing; it works
import type { Place } from '../profile/tree.ts'

export type Severity = 'error' | 'warning' | 'note'

export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** RFC 6901, into the file; within a ConfigMap, into the profile it carries. */
  readonly pointer: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** What the sentence needs: names, numbers, pieces of input (raw, to be escaped by whoever prints them). */
  readonly facts: Readonly<Record<string, string>>
}

/** Every code with the severity it has unless the place says otherwise. */
export const findingSeverities = {
  // --- the document
  'duplicate-key': 'error',
  'key-case': 'warning',
  'unknown-key': 'note',
  'null-value': 'note',
  'wrong-type': 'error',
  'missing-key': 'error',
  'no-default-action': 'error',
  schema: 'error',
  // --- which dialect
  'docker-dialect': 'note',
  'containers-dialect': 'note',
  'docker-key-ignored': 'warning',
  'arch-map-with-architectures': 'error',
  'name-with-names': 'error',
  'min-kernel-form': 'error',
  'unknown-capability': 'warning',
  'unknown-engine-architecture': 'warning',
  'operator-key-ignored': 'warning',
  'value-beyond-int64': 'error',
  // --- words
  'unknown-action': 'error',
  'unknown-operator': 'error',
  'unknown-architecture': 'error',
  'architecture-unknown-to-runc': 'error',
  'unknown-flag': 'error',
  'empty-flags': 'note',
  'no-architectures': 'note',
  // --- numbers
  'not-unsigned': 'error',
  'out-of-range': 'error',
  'rounded-elsewhere': 'warning',
  'argument-index': 'error',
  'errno-range': 'error',
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
  'empty-names': 'error',
  'empty-name': 'error',
  'repeated-name': 'note',
  'unknown-call': 'warning',
  'call-case': 'warning',
  'call-elsewhere': 'note',
  'no-execve': 'warning',
  'no-exit': 'warning',
  'clone3-refused': 'warning',
  'allows-by-default': 'note',
  // --- conditions
  'repeated-index': 'warning',
  'conditions-beyond-six': 'warning',
  'never-matches': 'warning',
  'narrow-argument': 'warning',
  // --- rules among each other
  'duplicate-rule': 'note',
  'conflicting-rules': 'error',
  'first-rule-wins': 'warning',
  'condition-without-effect': 'warning',
  'rule-equals-default': 'note',
  // --- what a container runtime needs, where one is named
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

export type FindingCode = keyof typeof findingSeverities

/** Anything that stands in a document. */
export interface Standing {
  readonly at: Place
  readonly pointer: string
}

export function finding(
  code: FindingCode,
  where: Standing,
  facts: Readonly<Record<string, string>> = {},
  severity: Severity = findingSeverities[code],
): Finding {
  return { code, severity, pointer: where.pointer, line: where.at.line, column: where.at.column, facts }
}

/** In the order of the text, then by severity and code. */
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
