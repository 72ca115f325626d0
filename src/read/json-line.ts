// A JSON object on a line of its own, as loggers write them.

/** Undefined for what is no JSON object. */
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

/** A member of a member of …; undefined where one is missing. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  )
}

/** Journal values are text, or a list of bytes where they are not UTF-8. */
export function journalText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const bytes =
    Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 0 && each < 256)
  return bytes ? Buffer.from(value as number[]).toString('latin1') : undefined
}
