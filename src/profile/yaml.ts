// Reads YAML into the same tree as JSON. Profiles are written in YAML only as Kubernetes objects. Aliases are followed
// within a budget.
import type { Document, Node } from 'yaml'
import type { DocumentFault } from '../errors/documents.ts'
import { goYaml, tooDeep, whyNotYaml, yaml } from './bounded-yaml.ts'
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

/** The documents of a stream, or why and where it is not YAML. */
export type YamlReading =
  | { readonly ok: true; readonly documents: readonly TreeNode[] }
  | { readonly ok: false; readonly at: Place; readonly why: DocumentFault }

/** Reads a whole text as Kubernetes reads a YAML stream. Empty documents are skipped. */
export function parseYaml(text: string): YamlReading {
  const place = placesOf(text)
  const refuse = (offset: number, why: DocumentFault): YamlReading => ({ ok: false, at: place(offset), why })
  const hostile = whyNotYaml(text)
  if (hostile !== undefined) return refuse(hostile.offset, hostile.why)

  const { LineCounter, parseAllDocuments } = yaml()
  const parsed: unknown = parseAllDocuments(text, { ...goYaml, lineCounter: new LineCounter() })
  const documents: TreeNode[] = []
  const budget = { left: nodeLimit }
  // For an empty stream parseAllDocuments returns an empty array with extra members.
  for (const document of Array.from(parsed as Iterable<Document.Parsed>)) {
    const [error] = document.errors
    if (error !== undefined) return refuse(error.pos[0], parserFault(error.message))
    try {
      const root = treeOf(document.contents, { anchors: new Map(), place, budget }, '', 0)
      if (root.kind !== 'null') documents.push(root)
    } catch (thrown) {
      if (!(thrown instanceof YamlRefusal)) throw thrown
      return refuse(thrown.offset, thrown.why)
    }
  }
  return { ok: true, documents }
}

class YamlRefusal extends Error {
  readonly offset: number
  readonly why: DocumentFault
  constructor(offset: number, why: DocumentFault) {
    super(why.fault)
    this.offset = offset
    this.why = why
  }
}

interface TreeContext {
  /** The latest node of each anchor so far. Alias.resolve() would search the whole document for each alias. */
  readonly anchors: Map<string, Node>
  readonly place: (offset: number) => Place
  readonly budget: { left: number }
}

function treeOf(given: unknown, context: TreeContext, pointer: string, depth: number, from = 0): TreeNode {
  const { isAlias, isMap, isScalar, isSeq } = yaml()
  const node = given as Node | null
  const offset = node?.range?.[0] ?? from
  if (--context.budget.left < 0) throw new YamlRefusal(offset, { fault: 'too-many-with-aliases' })
  if (depth > depthLimit) throw new YamlRefusal(offset, tooDeep)
  const at = context.place(offset)
  if (node === null) return { kind: 'null', at, pointer }
  if (isAlias(node)) {
    const target = context.anchors.get(node.source)
    if (target === undefined) throw new YamlRefusal(offset, { fault: 'unknown-anchor' })
    return treeOf(target, context, pointer, depth + 1, offset)
  }
  if (node.anchor !== undefined) context.anchors.set(node.anchor, node)
  if (isSeq(node)) {
    const items = node.items.map((item, index) =>
      treeOf(item, context, below(pointer, index), depth + 1, offset),
    )
    return { kind: 'array', at, pointer, items }
  }
  if (isMap(node)) {
    const members: Member[] = []
    const merged: Member[] = []
    for (const pair of node.items) {
      const key = pair.key as Node | null
      const keyOffset = key?.range?.[0] ?? offset
      if (key !== null && !isScalar(key)) throw new YamlRefusal(keyOffset, { fault: 'key-not-plain' })
      // The parser turns a merge key into a symbol.
      const isMerge = typeof key?.value === 'symbol'
      const name = key === null ? '' : String(key.value)
      const inside = isMerge ? pointer : below(pointer, name)
      const value = treeOf(pair.value, context, inside, depth + 1, keyOffset)
      if (isMerge) merged.push(...mergedMembers(value))
      else members.push({ name, nameAt: context.place(keyOffset), value })
    }
    return { kind: 'object', at, pointer, members: withMerged(members, merged) }
  }
  if (!isScalar(node)) throw new YamlRefusal(offset, { fault: 'not-json' })
  const value = node.value
  if (value === null) return { kind: 'null', at, pointer }
  if (typeof value === 'boolean') return { kind: 'boolean', at, pointer, value }
  if (typeof value === 'bigint')
    return { kind: 'number', at, pointer, text: node.source ?? String(value), integer: value }
  if (typeof value === 'number') {
    const digits = node.source ?? String(value)
    return { kind: 'number', at, pointer, text: digits, integer: exactInteger(digits) }
  }
  return { kind: 'string', at, pointer, value: String(value) }
}

/** The members that `<<` merges, of one mapping or several. */
function mergedMembers(value: TreeNode): readonly Member[] {
  if (value.kind === 'object') return value.members
  if (value.kind === 'array' && value.items.every(({ kind }) => kind === 'object'))
    return value.items.flatMap(mergedMembers)
  throw new YamlRefusal(value.at.offset, { fault: 'merge-not-map' })
}

/**
 * A mapping's own members win over merged ones, earlier merged ones over later ones (https://yaml.org/type/merge.html).
 */
function withMerged(own: readonly Member[], merged: readonly Member[]): readonly Member[] {
  const names = new Set(own.map(({ name }) => name))
  return [...own, ...merged.filter(({ name }) => !names.has(name) && names.add(name))]
}

/**
 * The parser's message as one clause. Nested `? &a ? &a …` in one line overflows the parser's stack, which counts as
 * too deep.
 */
function parserFault(message: string): DocumentFault {
  if (/call stack/.test(message)) return tooDeep
  const first = message.split('\n', 1)[0] as string
  return { fault: 'parser', words: first.charAt(0).toLowerCase() + first.slice(1) }
}
