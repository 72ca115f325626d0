// The conditions of one call as libseccomp keeps them: levels of comparisons of 32-bit words. The filter tries the
// nodes of a level in order. Each branch of a node (true, false) has an answer, leads to a level below, or has neither;
// if the level below gives no answer, the filter tries the next node. Two nodes can lead to one node, because the upper
// half of a 64-bit comparison can decide alone or leave the decision to the lower half. program.ts writes the filter
// from this.
// Authority: libseccomp 2.5.4 (2.6 is the same here), src/db.c and src/gen_bpf.c. test/meaning/libseccomp.long.test.ts
// proves that the answers equal those of the real library's filters.
import type { Operator } from '../profile/document.ts'
import type { Answer } from './answer.ts'

/** One link to a node. libseccomp counts the links of a node, and its pruning depends on the count. */
export interface ChainLink {
  node: ChainNode | undefined
}

/** The comparisons of a call, and libseccomp's count of them, which is not always right. */
export interface Chains extends ChainLink {
  nodes: number
}

export interface ChainNode {
  /** The index of the argument, 0 to 5. */
  readonly index: number
  readonly high: boolean
  readonly test: 'eq' | 'masked-eq' | 'gt' | 'ge'
  /** The operator of the condition that this node was made from. */
  readonly operator: Operator
  readonly mask: number
  readonly datum: number
  readonly whole: bigint
  readonly whenTrue: ChainLink
  readonly whenFalse: ChainLink
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

/** Drops a link and returns how many nodes lost their last link. The link then names a neighbour, if there is one. */
export function release(link: ChainLink): number {
  const { node } = link
  if (node === undefined || --node.links > 0) return 0
  let count = 0
  const before: ChainLink = { node: node.before }
  const after: ChainLink = { node: node.after }
  if (before.node !== undefined) before.node.after = undefined
  if (after.node !== undefined) after.node.before = undefined
  count += release(before) + release(after)
  if (before.node !== undefined) before.node.after = held(after.node)
  if (after.node !== undefined) after.node.before = held(before.node)
  link.node = before.node ?? after.node
  return count + releaseLevel(node.whenTrue) + releaseLevel(node.whenFalse) + 1
}

/** Drops a link to a whole level. The level goes if only its own nodes still lead to it. */
export function releaseLevel(link: ChainLink): number {
  const count = release(link)
  if (link.node === undefined) return count
  const first = firstOfLevel(link.node)
  for (let node: ChainNode | undefined = first; node !== undefined; node = node.after) {
    const neighbours = (node.before === undefined ? 0 : 1) + (node.after === undefined ? 0 : 1)
    if (node.links > neighbours) return count
  }
  let gone = 0
  // release() moves the link on to a neighbour until none is left.
  for (const level: ChainLink = { node: first }; level.node !== undefined;) gone += release(level)
  return count + gone
}

/** Removes a node, wherever it stands below the link, and every node above it that is left without an answer. */
export function remove(link: ChainLink, target: ChainNode): number {
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

/**
 * Whether `one` comes after `other` in a level. Words descend. For one word EQ, NE and MASKED_EQ come first, GE and GT
 * last. For one kind of operator values descend, but those of LT and LE ascend.
 */
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
