// Writes JSON: two spaces, one value a line, numbers with all their digits. The layout is that of `JSON.stringify(…,
// null, 2)` and of jq, so a file stays canonical whichever tool wrote it, and a changed call is one changed line.
import { harmlessJson } from '../json-string.ts'

export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

/** The JSON text of a value, without a newline at the end. Undefined members are omitted. */
export function jsonText(value: JsonValue, indent = ''): string {
  if (typeof value === 'string') return jsonString(value)
  if (typeof value !== 'object') return String(value)
  const inner = `${indent}  `
  if (isArray(value)) {
    return enclosed(
      '[',
      value.map((item) => jsonText(item, inner)),
      ']',
      indent,
    )
  }
  const members = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : [`${jsonString(key)}: ${jsonText(member, inner)}`],
  )
  return enclosed('{', members, '}', indent)
}

function enclosed(open: string, lines: readonly string[], close: string, indent: string): string {
  if (lines.length === 0) return open + close
  return `${open}\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}${close}`
}

function jsonString(text: string): string {
  return harmlessJson(JSON.stringify(text))
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
