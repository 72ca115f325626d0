// Applies a change of a value to its JSON text: only what the change touches is written anew, in the text's layout.
import { applyEdits, modify, type FormattingOptions, type JSONPath } from 'jsonc-parser'

/** `before` is the value of the text, `after` the value that the result has. Both hold JSON values only. */
export function withJsonChanges(text: string, before: unknown, after: unknown): string {
  const [, indent = '  '] = /^[[{]\r?\n([ \t]+)/.exec(text) ?? []
  const formattingOptions: FormattingOptions = {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.length,
    eol: '\n',
  }
  const result = changesOf(before, after, []).reduce(
    (edited, { path, value }) => applyEdits(edited, modify(edited, path, value, { formattingOptions })),
    text,
  )
  // Meaning goes before layout, as in YAML: modify() can remove a quote too many.
  return isValue(result, after) ? result : `${JSON.stringify(after, null, indent)}\n`
}

interface JsonChange {
  readonly path: JSONPath
  /** Undefined: the member is removed. */
  readonly value: unknown
}

function changesOf(before: unknown, after: unknown, path: JSONPath): readonly JsonChange[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (isList(before) && isList(after) && after.length >= before.length)
    return after.flatMap((each, index) =>
      index < before.length
        ? changesOf(before[index], each, [...path, index])
        : [{ path: [...path, index], value: each }],
    )
  if (!isObject(before) || !isObject(after)) return [{ path, value: after }]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    changesOf(before[key], after[key], [...path, key]),
  )
}

function isValue(text: string, value: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value)
  } catch {
    return false
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isList(value)
}
