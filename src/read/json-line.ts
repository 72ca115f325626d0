// Reads the JSON object of a line, as loggers write it, and its members.
import { latin1 } from './byte-text.ts'

/** The line as a JSON object; undefined if the line is anything else. */
export function jsonObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The member at a path of keys; undefined if one is missing. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  )
}

/** The text of a journal value: a string or, if it is not UTF-8, a list of bytes. Undefined for other values. */
export function journalText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const bytes =
    Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 0 && each < 256)
  return bytes ? latin1(Uint8Array.from(value as number[])) : undefined
}

/** A string, or the digits of a number; empty for any other value. An object can have its own `toString`. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
