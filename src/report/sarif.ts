// What every SARIF report of ours has in common. Authority: SARIF 2.1.0 (OASIS), sections 3.14, 3.19, 3.28 and 3.49.
import type { JsonValue } from '../print/json-text.ts'

export function sarifLog(rules: readonly JsonValue[], results: readonly JsonValue[]): JsonValue {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'seccomp-gen', rules } }, columnKind: 'utf16CodeUnits', results }],
  }
}

/** What kind of result there is, and where to read about it. */
export function sarifRule(id: string, more: Readonly<Record<string, JsonValue>> = {}): JsonValue {
  return { id, help: { text: `docs/messages.md of seccomp-gen, under ${id}, says what it means.` }, ...more }
}

/** The place of a result; a file's name is a URI there. */
export function sarifLocations(file: string, region: JsonValue): JsonValue {
  // Half of a surrogate pair has no bytes to encode: Buffer puts U+FFFD in its place.
  const uri = Buffer.from(file).toString().split('/').map(encodeURIComponent).join('/')
  return [{ physicalLocation: { artifactLocation: { uri }, region } }]
}
