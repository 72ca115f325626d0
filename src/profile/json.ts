// Reads JSON as it was written: numbers keep their digits (a JavaScript number has 53 bits, a seccomp argument 64),
// every value keeps its place, repeated members stay. The grammar is RFC 8259's, scanned by jsonc-parser. Comments are
// read only if the caller allows them.
import { printParseErrorCode, visit, type JSONVisitor } from 'jsonc-parser'
import { isFault, type DocumentFault } from '../errors/documents.ts'
import {
  below,
  depthLimit,
  exactInteger,
  nodeLimit,
  placesOf,
  type Member,
  type Place,
  type TreeNode,
} from './tree.ts'

export interface JsonOptions {
  /** Allows comments and trailing commas (JSONC). */
  readonly comments?: boolean
}

/** A document, or why and where the text is none. */
export type JsonReading =
  | { readonly ok: true; readonly root: TreeNode }
  | { readonly ok: false; readonly at: Place; readonly why: DocumentFault }

type OpenNode =
  | {
      readonly kind: 'object'
      readonly at: Place
      readonly pointer: string
      readonly members: Member[]
      name: string
      nameAt: Place
    }
  | { readonly kind: 'array'; readonly at: Place; readonly pointer: string; readonly items: TreeNode[] }

/** Reads a whole text as one JSON document and stops at the first fault. A leading byte order mark is skipped. */
export function parseJson(text: string, options: JsonOptions = {}): JsonReading {
  const place = placesOf(text)
  const stack: OpenNode[] = []
  let root: TreeNode | undefined
  // Thrown and caught only in this function, so it need not be an Error.
  let stop: { readonly at: Place; readonly why: DocumentFault } | undefined
  const refuse = (offset: number, why: DocumentFault): never => {
    stop = { at: place(offset), why }
    throw stop
  }

  const pointerHere = (): string => {
    const parent = stack.at(-1)
    if (parent === undefined) return ''
    return below(parent.pointer, parent.kind === 'object' ? parent.name : parent.items.length)
  }
  let nodes = 0
  const take = (node: TreeNode): void => {
    if (++nodes > nodeLimit) refuse(node.at.offset, { fault: 'too-many-values' })
    const parent = stack.at(-1)
    if (parent === undefined) root = node
    else if (parent.kind === 'array') parent.items.push(node)
    else parent.members.push({ name: parent.name, nameAt: parent.nameAt, value: node })
  }
  const open = (offset: number, kind: OpenNode['kind']): void => {
    if (stack.length >= depthLimit) refuse(offset, { fault: 'nested', limit: depthLimit })
    const at = place(offset)
    const pointer = pointerHere()
    stack.push(
      kind === 'object'
        ? { kind, at, pointer, members: [], name: '', nameAt: at }
        : { kind, at, pointer, items: [] },
    )
  }
  const close = (): void => {
    const { at, pointer, ...rest } = stack.pop() as OpenNode
    take(
      rest.kind === 'object'
        ? { kind: 'object', at, pointer, members: rest.members }
        : { kind: 'array', at, pointer, items: rest.items },
    )
  }

  const visitor: JSONVisitor = {
    onObjectBegin: (offset) => open(offset, 'object'),
    onObjectEnd: close,
    onArrayBegin: (offset) => open(offset, 'array'),
    onArrayEnd: close,
    onObjectProperty: (name, offset) => {
      const parent = stack.at(-1)
      if (parent?.kind !== 'object') throw new Error('a member outside an object')
      parent.name = name
      parent.nameAt = place(offset)
    },
    onLiteralValue: (value: unknown, offset, length) => {
      const at = place(offset)
      const pointer = pointerHere()
      if (typeof value === 'string') take({ kind: 'string', at, pointer, value })
      else if (typeof value === 'boolean') take({ kind: 'boolean', at, pointer, value })
      else if (value === null) take({ kind: 'null', at, pointer })
      else {
        const digits = text.slice(offset, offset + length)
        take({ kind: 'number', at, pointer, text: digits, integer: exactInteger(digits) })
      }
    },
    onError: (code, offset) => refuse(offset, { fault: grammarFault(code) }),
  }
  try {
    visit(withoutMark(text), visitor, {
      disallowComments: options.comments !== true,
      allowTrailingComma: options.comments === true,
    })
  } catch (error) {
    if (stop === undefined || error !== stop) throw error
    return { ok: false, ...stop }
  }
  if (root === undefined) return { ok: false, at: place(0), why: { fault: 'no-value' } }
  return { ok: true, root }
}

/** Replaces the byte order mark by a blank, so that offsets stay the same. */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text
}

/** jsonc-parser's name of the fault: `CommaExpected` becomes `comma-expected`. */
function grammarFault(code: number): DocumentFault['fault'] {
  const name = printParseErrorCode(code)
    .replaceAll(/(?!^)[A-Z]/g, '-$&')
    .toLowerCase()
  return isFault(name) ? name : 'grammar'
}
