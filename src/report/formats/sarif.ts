// Reports for code scanning. Authority: SARIF 2.1.0 (OASIS), sections 3.14, 3.19, 3.27, 3.28 and 3.49; docs.github.com,
// "SARIF support for code scanning", for security-severity and which properties GitHub reads.
import type { RiskSeverity } from '../../abi/risks.ts'
import { findingSeverities } from '../../check/findings.ts'
import { gravestOf } from '../review.ts'
import type { ChangeId } from '../../meaning/changes.ts'
import { jsonText, type JsonValue } from '../../print/json-text.ts'
import { sha256 } from '../../sha256.ts'
import { isBuiltinName } from '../../meaning/builtin-name.ts'
import { fileOf, itemSentence, lineIn, type Compared } from '../changes.ts'
import { findingHint, findingSentence } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { plainMedium, type Tool } from '../medium.ts'
import { folded, foldedSentence, type Folded } from '../problems.ts'
import { reviewItems } from '../review.ts'
import type { ReviewedProfile } from '../reviewed.ts'
import { encodedPath } from '../uri.ts'

export const sarif: ReportFormat = {
  changes: (compared, { tool } = plainMedium) => changesLog([{ compared, file: fileOf(compared) }], tool),

  review: ({ profiles }, { tool } = plainMedium) => changesLog(profiles, tool),

  findings: (checked, { tool } = plainMedium) =>
    document(
      sarifLog(
        Object.entries(findingSeverities).map(([id, severity]) =>
          sarifRule(tool, id, `${capital(id.replaceAll('-', ' '))}.`, {
            defaultConfiguration: { level: severity },
          }),
        ),
        checked.flatMap(({ file, findings }) => folded(findings).map((each) => sarifResult(file, each))),
        tool,
      ),
    ),
}

const descriptions: Readonly<Record<ChangeId, string>> = {
  'call-allowed': 'A call is carried out that was refused.',
  'call-refused': 'A call is refused that was carried out.',
  'call-answered-otherwise': 'A call is refused or carried out in another way.',
  'arguments-allowed': 'A call is carried out with arguments with which it was refused.',
  'arguments-refused': 'A call is refused with arguments with which it was carried out.',
  'arguments-answered-otherwise': 'A call is refused or carried out in another way with some arguments.',
}

/** GitHub shows 7.0 and more as high, 4.0 and more as medium. */
const scores: Readonly<Record<RiskSeverity, string>> = {
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '1.0',
  none: '1.0',
}

function changesLog(profiles: readonly ReviewedProfile[], tool: Tool): string {
  const all = profiles.flatMap(({ compared }) => compared?.changes ?? [])
  const rules = [...new Set(all.map(({ id }) => id))].map((id) => {
    const severity = gravestOf(all.filter((change) => change.id === id))
    return sarifRule(tool, id, descriptions[id], {
      properties: {
        tags: ['security', 'seccomp'],
        ...(severity !== undefined && { 'security-severity': scores[severity] }),
      },
    })
  })
  const broken = profiles.filter(({ compared }) => compared === undefined)
  return document(
    sarifLog(
      [
        ...rules,
        ...(broken.length === 0 ? [] : [sarifRule(tool, 'not-compared', 'A profile cannot be compared.')]),
      ],
      profiles.flatMap((profile) =>
        profile.compared === undefined
          ? [
              {
                ruleId: 'not-compared',
                level: 'error',
                message: { text: `${profile.problem}.` },
                locations: sarifLocations(profile.file, { startLine: profile.line ?? 1 }),
              },
            ]
          : changeResults(profile.compared, profile),
      ),
      tool,
    ),
  )
}

/** One result a change: code scanning identifies each by its fingerprint. */
function changeResults(compared: Compared, { file }: ReviewedProfile): readonly JsonValue[] {
  return compared.changes.map((change) => {
    const line = lineIn(file, change)
    const [item] = reviewItems([change])
    const fails = compared.failing?.includes(change.direction) === true
    return {
      ruleId: change.id,
      level: fails ? 'error' : change.direction === 'narrower' ? 'note' : 'warning',
      message: {
        text: `${change.direction}: ${item === undefined ? change.syscall : itemSentence(item, compared)}.`,
      },
      partialFingerprints: { 'seccompGen/v1': change.fingerprint },
      locations: isBuiltinName(file) ? [] : sarifLocations(file, { startLine: line }),
    }
  })
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
    partialFingerprints: {
      'seccompGen/v1': sha256(JSON.stringify([finding.code, findingSentence(finding)])).slice(0, 12),
    },
    locations: sarifLocations(file, { startLine: finding.line, startColumn: finding.column }),
  }
}

function sarifLog(
  rules: readonly JsonValue[],
  results: readonly JsonValue[],
  { version, homepage }: Tool,
): JsonValue {
  const driver = {
    name: 'seccomp-gen',
    ...(version !== undefined && { version, semanticVersion: version }),
    ...(homepage !== undefined && { informationUri: homepage }),
    rules,
  }
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  }
}

/** A rule of SARIF: a kind of result, with a link to its page. */
function sarifRule(
  { homepage }: Tool,
  id: string,
  short: string,
  more: Readonly<Record<string, JsonValue>> = {},
): JsonValue {
  const help = `docs/messages.md of seccomp-gen, under ${id}, says what it means.`
  return {
    id,
    shortDescription: { text: short },
    fullDescription: { text: `${short} ${capital(help)}` },
    help: { text: help },
    ...(homepage !== undefined && { helpUri: `${homepage}/blob/main/docs/messages.md#${id}` }),
    ...more,
  }
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

/** The place of a result. SARIF wants a file's name as a URI. */
function sarifLocations(file: string, region: JsonValue): JsonValue {
  return [{ physicalLocation: { artifactLocation: { uri: encodedPath(file) }, region } }]
}
