// Edits JSON texts. A new item gets the spacing of its neighbour, everything else the file's indentation.
import { applyEdits, findNodeAtLocation, modify, parseTree, type JSONPath, type Node } from 'jsonc-parser'
import type { JsonValue } from '../print/json-text.ts'
import type { TextEdits } from './text-edits.ts'

export const jsonEdits: TextEdits = {
  insert: (text, path, index, item) => {
    const items = nodeAt(text, path)?.children ?? []
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
  // jsonc-parser's modify() is not used: it removes one quote too many if the last item shares a line with what
  // follows.
  remove: (text, path, index) => {
    const array = nodeAt(text, path)
    const items = array?.children ?? []
    const [before, item, after] = [items[index - 1], items[index], items[index + 1]]
    if (array === undefined || item === undefined) return undefined
    if (before !== undefined) return text.slice(0, endOf(before)) + text.slice(endOf(item))
    const [start, end] =
      after === undefined ? [array.offset + 1, endOf(array) - 1] : [item.offset, after.offset]
    return text.slice(0, start) + text.slice(end)
  },
}

/** The string at a path; undefined if there is none. */
export function jsonString(text: string, path: JSONPath): string | undefined {
  const value: unknown = nodeAt(text, path)?.value
  return typeof value === 'string' ? value : undefined
}

function nodeAt(text: string, path: JSONPath): Node | undefined {
  const tree = parseTree(text)
  return tree && findNodeAtLocation(tree, path)
}

function endOf({ offset, length }: Node): number {
  return offset + length
}

function gapBefore(text: string, offset: number): string {
  return /\s*$/.exec(text.slice(0, offset))?.[0] ?? ''
}

function change(text: string, path: JSONPath, value: JsonValue, isArrayInsertion = false): string {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
  const edits = modify(text, path, inNumbers(value), {
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

/** Writes 64-bit numbers as strings, because a JavaScript number would lose digits. `change` removes the quotes. */
function inNumbers(value: JsonValue): unknown {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? `exactly ${each}` : each,
  )
  return JSON.parse(text) as unknown
}
