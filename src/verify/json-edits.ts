// Edits of JSON: an item among others is spaced as its neighbour is, everything else as the file is indented.
import { applyEdits, findNodeAtLocation, modify, parseTree, type JSONPath } from 'jsonc-parser'
import type { JsonValue } from '../profile/json-text.ts'
import type { TextEdits } from './text-edits.ts'

export const jsonEdits: TextEdits = {
  insert: (text, path, index, item) => {
    const tree = parseTree(text)
    const items = (tree && findNodeAtLocation(tree, path))?.children ?? []
    if (typeof item !== 'string' || items.length === 0) return change(text, [...path, index], item, true)
    const offset = (at: number): number => items[at]?.offset ?? 0
    const quoted = JSON.stringify(item)
    if (index < items.length) {
      const gap = gapBefore(text, offset(index === 0 && items.length > 1 ? 1 : index))
      return `${text.slice(0, offset(index))}${quoted},${gap}${text.slice(offset(index))}`
    }
    const last = offset(items.length - 1)
    const end = last + (items.at(-1)?.length ?? 0)
    const gap = items.length > 1 || text[last - 1] !== '[' ? gapBefore(text, last) : ' '
    return `${text.slice(0, end)},${gap}${quoted}${text.slice(end)}`
  },
  set: (text, path, name, value) => change(text, [...path, name], value),
  remove: (text, path, index) => change(text, [...path, index], undefined),
}

/** The string at a path; undefined where there is none. */
export function jsonString(text: string, path: JSONPath): string | undefined {
  const tree = parseTree(text)
  const value: unknown = tree && findNodeAtLocation(tree, path)?.value
  return typeof value === 'string' ? value : undefined
}

function gapBefore(text: string, offset: number): string {
  return /\s*$/.exec(text.slice(0, offset))?.[0] ?? ''
}

function change(
  text: string,
  path: JSONPath,
  value: JsonValue | undefined,
  isArrayInsertion = false,
): string {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
  const edits = modify(text, path, value === undefined ? undefined : inNumbers(value), {
    isArrayInsertion,
    formattingOptions: {
      insertSpaces: !indent.startsWith('\t'),
      tabSize: indent.startsWith('\t') ? 1 : indent.length,
      eol: text.includes('\r\n') ? '\r\n' : '\n',
    },
  })
  const written = edits.map((edit) => ({
    ...edit,
    content: edit.content.replaceAll(/"exactly (\d+)"/g, '$1'),
  }))
  return applyEdits(text, written)
}

/** A JavaScript number would lose digits; `change` takes the quotes away. */
function inNumbers(value: JsonValue): unknown {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? `exactly ${each}` : each,
  )
  return JSON.parse(text) as unknown
}
