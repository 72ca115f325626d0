// Edits YAML texts at the places that the yaml package reports, so that comments, order, quotes and indentation stay:
// it inserts or removes a line of a block, or words between the brackets of a flow sequence. Other forms (an alias, a
// sequence that begins on another's line) are left alone.
import type { JSONPath } from 'jsonc-parser'
import type { Document, Node, Scalar } from 'yaml'
import type { JsonValue } from '../print/json-text.ts'
import { goYaml, yaml } from '../profile/bounded-yaml.ts'
import type { TextEdits } from './text-edits.ts'

export const yamlEdits: TextEdits = {
  insert: (text, path, index, item) => {
    const { isSeq } = yaml()
    const sequence = nodeAt(text, path)
    if (!isSeq(sequence)) return undefined
    const items = sequence.items as readonly Node[]
    const neighbour = items[Math.max(0, index - 1)]
    if (sequence.flow === true) {
      const words = flowText(item, neighbour)
      const next = items[index]
      if (next !== undefined) return spliced(text, startOf(next), startOf(next), `${words}, `)
      if (neighbour === undefined) return spliced(text, startOf(sequence) + 1, startOf(sequence) + 1, words)
      return spliced(text, endOf(neighbour), endOf(neighbour), `, ${words}`)
    }
    const dash = neighbour && dashBefore(text, neighbour)
    if (neighbour === undefined || dash === undefined) return undefined
    const first = ' '.repeat(dash.column)
    const lines = blockLines(text, item, neighbour)
    const block = lines.map((line, number) => `${first}${number === 0 ? '- ' : '  '}${line}`)
    return withLines(text, index === 0 ? dash.line : lineAfter(text, neighbour), block)
  },

  set: (text, path, name, value) => {
    const { isMap, isScalar } = yaml()
    const map = nodeAt(text, path, name)
    if (!isMap(map)) return undefined
    const before = map.get(name, true) as Node | undefined
    if (isScalar(before) && before.type === 'BLOCK_LITERAL' && typeof value === 'string')
      return withLiteral(text, before, value)
    if (before !== undefined) return spliced(text, startOf(before), endOf(before), flowText(value))
    const key = map.items[0]?.key as Node | undefined
    if (key === undefined || map.flow === true) return undefined
    const first = ' '.repeat(columnOf(text, startOf(key)))
    const block = blockLines(text, { [name]: value }, undefined).map((line) => `${first}${line}`)
    return withLines(text, lineAfter(text, map), block)
  },

  remove: (text, path, index) => {
    const { isSeq } = yaml()
    const sequence = nodeAt(text, path)
    if (!isSeq(sequence)) return undefined
    const items = sequence.items as readonly Node[]
    const [before, item, after] = [items[index - 1], items[index], items[index + 1]]
    if (item === undefined) return undefined
    if (sequence.flow === true)
      return before === undefined
        ? spliced(text, startOf(item), after === undefined ? endOf(item) : startOf(after), '')
        : spliced(text, endOf(before), endOf(item), '')
    const dash = dashBefore(text, item)
    // The last item stays, because a block cannot be empty.
    return dash === undefined || items.length === 1
      ? undefined
      : spliced(text, dash.line, lineAfter(text, item), '')
  },
}

/** The string at a path, such as a value of a ConfigMap; undefined if there is none. */
export function yamlString(text: string, path: JSONPath): string | undefined {
  const { isScalar } = yaml()
  const node = nodeAt(text, path)
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined
}

/** The node at a path in an object of the stream that can hold a profile: the one with `member`, else the first. */
function nodeAt(text: string, path: JSONPath, member?: string): unknown {
  const { parseAllDocuments } = yaml()
  const parsed = parseAllDocuments(text, goYaml)
  const documents = Array.from(parsed as Iterable<Document.Parsed>).filter(
    (each) => /^(?:SeccompProfile|ConfigMap)$/.test(String(each.get('kind'))) && each.hasIn(path),
  )
  const found = documents.find((each) => member !== undefined && each.hasIn([...path, member]))
  return (found ?? documents[0])?.getIn(path, true)
}

function startOf({ range }: Node): number {
  return range?.[0] ?? 0
}

/** The offset after the node's last character or, for a block, after the last character of its last value. */
function endOf(node: Node): number {
  const { isMap, isSeq } = yaml()
  const last =
    isSeq(node) && node.flow !== true
      ? node.items.at(-1)
      : isMap(node) && node.flow !== true
        ? (node.items.at(-1)?.value ?? node.items.at(-1)?.key)
        : undefined
  return last === undefined || last === null ? (node.range?.[1] ?? 0) : endOf(last as Node)
}

/** The start of the line after a node. A comment after the node belongs to it. */
function lineAfter(text: string, node: Node): number {
  const end = endOf(node)
  if (text[end - 1] === '\n') return end
  const newline = text.indexOf('\n', end)
  return newline < 0 ? text.length : newline + 1
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

/** The start of the line with an item's dash; undefined if other text stands before or between. */
function dashBefore(
  text: string,
  item: Node,
): { readonly line: number; readonly column: number } | undefined {
  const dash = text.lastIndexOf('-', startOf(item) - 1)
  const line = text.lastIndexOf('\n', dash - 1) + 1
  const plain = dash >= 0 && text.slice(dash + 1, startOf(item)).trim() === ''
  return plain && text.slice(line, dash).trim() === '' ? { line, column: dash - line } : undefined
}

function spliced(text: string, start: number, end: number, put: string): string {
  return text.slice(0, start) + put + text.slice(end)
}

function withLines(text: string, offset: number, lines: readonly string[]): string {
  const eol = newlineOf(text)
  // The last line of a file may lack its newline.
  return offset > 0 && text[offset - 1] !== '\n'
    ? spliced(text, offset, offset, lines.map((line) => eol + line).join(''))
    : spliced(text, offset, offset, lines.map((line) => line + eol).join(''))
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

/** The lines of a value: quoted like its neighbour, sequences indented like the file's. */
function blockLines(text: string, value: JsonValue, neighbour: Node | undefined): readonly string[] {
  const { isScalar, stringify } = yaml()
  const quotes = isScalar(neighbour) ? quotesOf(neighbour) : undefined
  const indentSeq = !/^( *)(?!- )\S[^\n]*:[ \t]*(?:#[^\n]*)?\r?\n\1- /m.test(text)
  return stringify(value, {
    version: '1.1',
    lineWidth: 0,
    indentSeq,
    ...(quotes && { defaultStringType: quotes }),
  })
    .trimEnd()
    .split('\n')
}

function quotesOf({ type }: Scalar): 'QUOTE_DOUBLE' | 'QUOTE_SINGLE' | undefined {
  return type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE' ? type : undefined
}

/** The text of a value in a flow: JSON, or a plain word beside plain words. */
function flowText(value: JsonValue, neighbour?: Node): string {
  const { isScalar } = yaml()
  if (typeof value === 'string' && /^[a-z_]\w*$/i.test(value) && isScalar(neighbour)) {
    const quotes = quotesOf(neighbour)
    if (quotes === undefined) return value
    if (quotes === 'QUOTE_SINGLE') return `'${value}'`
  }
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((each: JsonValue) => flowText(each)).join(', ')}]`
  const members = Object.entries(value).map(
    ([name, each]) => `${JSON.stringify(name)}: ${flowText(each as JsonValue)}`,
  )
  return `{${members.join(', ')}}`
}

/** The lines of a literal block, indented as they were. */
function withLiteral(text: string, literal: Node, value: string): string {
  const body = text.indexOf('\n', startOf(literal)) + 1
  const indent = /^ */.exec(text.slice(body).replace(/^\s*\n/, ''))?.[0] ?? ''
  const lines = value.replace(/\n$/, '').split('\n')
  const eol = newlineOf(text)
  const put = lines.map((line) => (line === '' ? '' : indent + line) + eol).join('')
  return spliced(text, body, lineAfter(text, literal), put)
}
