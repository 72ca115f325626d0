// Reads strings, words of a closed set and unsigned numbers from a tree. Authority for numbers: Go's uint32 and uint64
// (encoding/json refuses 1.0, 1e3, signs and numbers that do not fit); libseccomp for the lower limits.
import { flaw, type Flaw } from './flaws.ts'
import { nearest } from './nearest.ts'
import { wrongType } from './read-members.ts'
import type { StringNode, TreeNode } from './tree.ts'
import { actions, errnoLimit, operators } from './words.ts'
import type { Action, Operator } from './document.ts'

export const uint64Limit = 2n ** 64n - 1n

export function readString(node: TreeNode | undefined, flaws: Flaw[]): string | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'string') return node.value
  flaws.push(wrongType(node, 'a string'))
  return undefined
}

/** The strings of an array. Other items become flaws and are skipped. */
export function readStrings(node: TreeNode | undefined, flaws: Flaw[]): readonly StringNode[] | undefined {
  return readItems(node, flaws)?.filter((item): item is StringNode => {
    if (item.kind !== 'string') flaws.push(wrongType(item, 'a string'))
    return item.kind === 'string'
  })
}

export function readItems(node: TreeNode | undefined, flaws: Flaw[]): readonly TreeNode[] | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'array') return node.items
  flaws.push(wrongType(node, 'an array'))
  return undefined
}

export function readAction(node: TreeNode | undefined, flaws: Flaw[]): Action | undefined {
  return readWord(node, actions, 'unknown-action', flaws)
}

export function readOperator(node: TreeNode | undefined, flaws: Flaw[]): Operator | undefined {
  return readWord(node, operators, 'unknown-operator', flaws)
}

function readWord<Word extends string>(
  node: TreeNode | undefined,
  words: readonly Word[],
  code: 'unknown-action' | 'unknown-operator',
  flaws: Flaw[],
): Word | undefined {
  const text = readString(node, flaws)
  if (node === undefined || text === undefined) return undefined
  const word = words.find((each) => each === text)
  if (word !== undefined) return word
  const prefix = code === 'unknown-action' ? 'SCMP_ACT_' : 'SCMP_CMP_'
  const meant = nearest(text, words) ?? nearest(prefix + text, words)
  flaws.push(flaw(code, node, { word: text, ...(meant === undefined ? {} : { meant }) }))
  return undefined
}

/** An unsigned number no larger than `limit`. */
export function readUnsigned(node: TreeNode | undefined, limit: bigint, flaws: Flaw[]): bigint | undefined {
  if (node === undefined) return undefined
  if (node.kind !== 'number') {
    flaws.push(wrongType(node, 'a number'))
    return undefined
  }
  const { integer, text } = node
  if (integer === undefined || text.startsWith('-')) {
    // exactInteger makes no value of more than 1000 digits.
    if (/^\d{1001}/.test(text))
      flaws.push(flaw('out-of-range', node, { text: `${text.slice(0, 30)}…`, limit: String(limit) }))
    else flaws.push(flaw('not-unsigned', node, { text: text.slice(0, 60) }))
    return undefined
  }
  if (integer > limit) {
    flaws.push(flaw('out-of-range', node, { text: text.slice(0, 60), limit: String(limit) }))
    return undefined
  }
  return integer
}

/** A 64-bit value of a condition. A value that other programs would round becomes a flaw. */
export function readComparand(node: TreeNode | undefined, flaws: Flaw[]): bigint | undefined {
  const value = readUnsigned(node, uint64Limit, flaws)
  if (node !== undefined && value !== undefined && value > BigInt(Number.MAX_SAFE_INTEGER)) {
    flaws.push(flaw('rounded-elsewhere', node, { value: String(value) }))
  }
  return value
}

/** An argument index, 0 to 5. */
export function readIndex(node: TreeNode | undefined, flaws: Flaw[]): number | undefined {
  const index = readUnsigned(node, 2n ** 32n - 1n, flaws)
  if (node === undefined || index === undefined) return undefined
  if (index <= 5n) return Number(index)
  flaws.push(flaw('argument-index', node, { index: String(index) }))
  return undefined
}

export function readErrno(node: TreeNode | undefined, flaws: Flaw[]): number | undefined {
  const number = readUnsigned(node, 2n ** 32n - 1n, flaws)
  if (node === undefined || number === undefined) return undefined
  if (number <= BigInt(errnoLimit)) return Number(number)
  flaws.push(flaw('errno-range', node, { number: String(number), limit: String(errnoLimit) }))
  return undefined
}
