// The conditions of one call as libseccomp keeps them: comparisons of 32-bit words in levels. The nodes of a level are
// tried in their order; one that holds (or does not) has an answer, or goes on to a level of its own, and where that
// has none, the next node of the level is tried. A node may be reached from two others: the upper half of a 64-bit
// comparison can decide alone or leave it to the lower half. The filter is written from them (program.ts).
// Authority: libseccomp 2.5.4 (2.6 is the same here), src/db.c and src/gen_bpf.c; held equal to the real library's
// filters by test/meaning/libseccomp.long.test.ts.
import type { Operator } from '../profile/document.ts'
import type { Answer } from './answer.ts'

/** Where a node is linked from. libseccomp counts these links, and what it prunes depends on the count. */
export interface Link {
  node: ChainNode | undefined
}

/** The comparisons of a call, and how many libseccomp takes them for: its count is not always right. */
export interface Chains extends Link {
  nodes: number
}

export interface ChainNode {
  /** 0 to 5. */
  readonly index: number
  readonly high: boolean
  readonly test: 'eq' | 'masked-eq' | 'gt' | 'ge'
  /** Of the condition this node was made from. */
  readonly operator: Operator
  readonly mask: number
  readonly datum: number
  readonly whole: bigint
  readonly whenTrue: Link
  readonly whenFalse: Link
  answerTrue: Answer | undefined
  answerFalse: Answer | undefined
  before: ChainNode | undefined
  after: ChainNode | undefined
  links: number
}

export function held(node: ChainNode): ChainNode
export function held(node: ChainNode | undefined): ChainNode | undefined
export function held(node: ChainNode | undefined): ChainNode | undefined {
  if (node !== undefined) node.links++
  return node
}

export function firstOfLevel(node: ChainNode): ChainNode {
  let first = node
  while (first.before !== undefined) first = first.before
  return first
}

/** Gives a link up; returns how many nodes nothing leads to any more. The link then names a neighbour, if there is one. */
export function release(link: Link): number {
  const { node } = link
  if (node === undefined || --node.links > 0) return 0
  let count = 0
  const before: Link = { node: node.before }
  const after: Link = { node: node.after }
  if (before.node !== undefined) before.node.after = undefined
  if (after.node !== undefined) after.node.before = undefined
  count += release(before) + release(after)
  if (before.node !== undefined) before.node.after = held(after.node)
  if (after.node !== undefined) after.node.before = held(before.node)
  link.node = before.node ?? after.node
  return count + releaseLevel(node.whenTrue) + releaseLevel(node.whenFalse) + 1
}

/** Gives up a link to a whole level: it goes if nothing but its own nodes leads to it. */
export function releaseLevel(link: Link): number {
  const count = release(link)
  if (link.node === undefined) return count
  const first = firstOfLevel(link.node)
  for (let node: ChainNode | undefined = first; node !== undefined; node = node.after) {
    const neighbours = (node.before === undefined ? 0 : 1) + (node.after === undefined ? 0 : 1)
    if (node.links > neighbours) return count
  }
  let gone = 0
  // release() moves the link on to a neighbour until none is left.
  for (const level: Link = { node: first }; level.node !== undefined;) gone += release(level)
  return count + gone
}

/** Takes a node out, wherever it is below the link, and every node left without an answer on the way. */
export function remove(link: Link, target: ChainNode): number {
  if (link.node === undefined) return 0
  let count = 0
  for (
    let node: ChainNode | undefined = firstOfLevel(link.node);
    node !== undefined && count === 0;
    node = node.after
  ) {
    if (node !== target) {
      count += remove(node.whenTrue, target) + remove(node.whenFalse, target)
      const empty = isLeaf(node) && node.answerTrue === undefined && node.answerFalse === undefined
      if (!empty) continue
    }
    if (node === link.node) link.node = node.before ?? node.after
    if (node.before !== undefined) node.before.after = node.after
    if (node.after !== undefined) node.after.before = node.before
    node.before = undefined
    node.after = undefined
    return count + release({ node })
  }
  return count
}

export function isLeaf(node: ChainNode): boolean {
  return node.whenTrue.node === undefined && node.whenFalse.node === undefined
}

/** The same comparison of the same word. */
export function isSame(one: ChainNode, other: ChainNode): boolean {
  return (
    word(one) === word(other) &&
    one.test === other.test &&
    one.datum === other.datum &&
    one.mask === other.mask
  )
}

/** Whether `one` comes after `other` in a level: words and values descending, what is below a value ascending. */
export function comesAfter(one: ChainNode, other: ChainNode): boolean {
  if (word(one) !== word(other)) return word(one) < word(other)
  if (rank(one.operator) !== rank(other.operator)) return rank(one.operator) < rank(other.operator)
  return rank(one.operator) === 2 ? one.datum > other.datum : one.datum < other.datum
}

function word({ index, high }: ChainNode): number {
  return index * 2 + (high ? 1 : 0)
}

function rank(operator: Operator): 1 | 2 | 3 {
  switch (operator) {
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_NE':
    case 'SCMP_CMP_MASKED_EQ':
      return 3
    case 'SCMP_CMP_LE':
    case 'SCMP_CMP_LT':
      return 2
    case 'SCMP_CMP_GE':
    case 'SCMP_CMP_GT':
      return 1
  }
}
