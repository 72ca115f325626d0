// Reports for code scanning. Authority: SARIF 2.1.0 (OASIS), sections 3.14, 3.19, 3.28 and 3.49.
import { findingSeverities } from '../../check/findings.ts'
import { jsonText, type JsonValue } from '../../print/json-text.ts'
import { changeSentence, placeOf } from '../changes.ts'
import { findingHint } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { folded, foldedSentence, type Folded } from '../problems.ts'

export const sarif: ReportFormat = {
  changes: (compared) =>
    document(
      sarifLog(
        [...new Set(compared.changes.map(({ id }) => id))].map((id) => sarifRule(id)),
        compared.changes.map((change) => {
          const { file, line } = placeOf(change)
          return {
            ruleId: change.id,
            level: change.direction === 'narrower' ? 'note' : 'warning',
            message: { text: `${changeSentence(change, compared)}.` },
            partialFingerprints: { 'seccompGen/v1': change.fingerprint },
            locations: sarifLocations(file, { startLine: line }),
          }
        }),
      ),
    ),

  findings: (checked) =>
    document(
      sarifLog(
        Object.entries(findingSeverities).map(([id, severity]) =>
          sarifRule(id, { defaultConfiguration: { level: severity } }),
        ),
        checked.flatMap(({ file, findings }) => folded(findings).map((each) => sarifResult(file, each))),
      ),
    ),
}

function document(value: JsonValue): string {
  return `${jsonText(value)}\n`
}

function sarifResult(file: string, said: Folded): JsonValue {
  const { finding, times } = said
  return {
    ruleId: finding.code,
    level: finding.severity,
    message: { text: `${foldedSentence(said)}: ${findingHint(finding)}.` },
    ...(times > 1 && { occurrenceCount: times }),
    locations: sarifLocations(file, { startLine: finding.line, startColumn: finding.column }),
  }
}

function sarifLog(rules: readonly JsonValue[], results: readonly JsonValue[]): JsonValue {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'seccomp-gen', rules } }, columnKind: 'utf16CodeUnits', results }],
  }
}

/** What kind of result there is, and where to read about it. */
function sarifRule(id: string, more: Readonly<Record<string, JsonValue>> = {}): JsonValue {
  return { id, help: { text: `docs/messages.md of seccomp-gen, under ${id}, says what it means.` }, ...more }
}

/** The place of a result; a file's name is a URI there. */
function sarifLocations(file: string, region: JsonValue): JsonValue {
  // Half of a surrogate pair has no bytes to encode: Buffer puts U+FFFD in its place.
  const uri = Buffer.from(file).toString().split('/').map(encodeURIComponent).join('/')
  return [{ physicalLocation: { artifactLocation: { uri }, region } }]
}
