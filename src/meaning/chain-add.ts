// Adds a rule's conditions to those that a call already has, as libseccomp does. It prunes old conditions that the new
// ones make redundant, drops new ones that repeat old ones, and refuses the same condition with another answer.
// Authority: libseccomp 2.5.4, src/db.c. The steps keep libseccomp's order, because the result depends on it.
import { isSameAnswer, type Answer } from './answer.ts'
import {
  comesAfter,
  firstOfLevel,
  held,
  isLeaf,
  isSame,
  release,
  releaseLevel,
  remove,
  type ChainNode,
  type Chains,
  type ChainLink,
} from './chain.ts'

/**
 * `clash`: libseccomp refuses the rule (EEXIST). `endless`: libseccomp 2.5.4 inserts a node into the level that already
 * holds it, and never returns. This happens if two rules with two conditions share a GT, GE, LT, LE or NE and then
 * compare different arguments.
 */
export type Added = 'added' | 'clash' | 'endless'

/** How many more nodes may be visited. The bound is needed: for some rules libseccomp's time grows without limit. */
export interface Work {
  left: number
}

/** Thrown when no work is left. */
export class BeyondBound extends Error {
  override readonly name = 'BeyondBound'
}

/**
 * Adds the chain of one rule that answers `answer`. `replaced`: the new chain made all old conditions redundant. Throws
 * BeyondBound.
 */
export function addChain(chains: Chains, added: Chains, answer: Answer, work: Work): Added | 'replaced' {
  const match = new Match(chains, answer, work)
  const pruned = prune(chains, added.node, match)
  chains.nodes -= pruned
  if (pruned > 0) {
    if (chains.node === undefined) {
      chains.node = added.node
      chains.nodes = added.nodes
      return 'replaced'
    }
  } else if (match.now && match.oldEnds && match.newIsLonger) {
    releaseLevel(added)
    return 'added'
  }
  const outcome = merge(chains, chains, added.node as ChainNode, work)
  if (outcome === 'added') chains.nodes += added.nodes - releaseLevel(added)
  return outcome
}

/** The state of comparing the new chain with the old one. */
class Match {
  now = false
  once = false
  oldEnds = false
  newEnds = false
  oldIsLonger = false
  newIsLonger = false
  readonly chains: ChainLink
  readonly answer: Answer
  readonly work: Work

  constructor(chains: ChainLink, answer: Answer, work: Work) {
    this.chains = chains
    this.answer = answer
    this.work = work
  }

  copy(): Match {
    return Object.assign(new Match(this.chains, this.answer, this.work), this)
  }

  join(other: Match): void {
    this.now ||= other.now
    this.once ||= other.once
    this.oldEnds ||= other.oldEnds
    this.newEnds ||= other.newEnds
    this.oldIsLonger ||= other.oldIsLonger
    this.newIsLonger ||= other.newIsLonger
  }
}

/** Returns how many nodes it removed. */
function prune(existing: ChainLink, added: ChainNode | undefined, match: Match): number {
  if (added === undefined || existing.node === undefined || (match.once && !match.now)) {
    return 0
  }
  const here = match.copy()
  const count = pruneLevel(firstOfLevel(existing.node), added, match, here)
  if (here.now) match.join(here)
  else match.now = false
  return count
}

function pruneLevel(first: ChainNode, added: ChainNode, match: Match, here: Match): number {
  let count = 0
  let next: ChainNode | undefined
  for (let node: ChainNode | undefined = first; node !== undefined; node = next) {
    next = node.after
    spend(match.work)
    if (isSame(node, added)) {
      here.now = true
      here.once = true
      if (isLeaf(added)) here.newEnds = true
      if (isLeaf(node)) here.oldEnds = true
      if (goesOn(node, 'True') && !goesOn(added, 'True')) return count
      if (goesOn(node, 'False') && !goesOn(added, 'False')) return count
      if (
        here.newEnds &&
        here.oldEnds &&
        !(
          isSameAnswer(added.answerTrue, node.answerTrue) && isSameAnswer(added.answerFalse, node.answerFalse)
        )
      ) {
        return count
      }
      let gone = false
      for (const branch of ['whenTrue', 'whenFalse'] as const) {
        if (added[branch].node === undefined || gone) continue
        const below = match.copy()
        below.now = true
        below.once = true
        const step = descend(node, node[branch], added[branch].node, below)
        count += step.count
        if (below.now) here.join(below)
        gone = step.gone
      }
      if (gone) continue
      if (answersAll(node, here.answer, match.work) && here.now) {
        if (here.newEnds && here.oldIsLonger) {
          count += remove(match.chains, node)
          if (match.chains.node === undefined) return count
        } else if (here.oldEnds && here.newIsLonger) {
          return count
        }
      }
    } else {
      const after = comesAfter(node, added)
      if (after ? match.newIsLonger : match.oldIsLonger) return count
      for (const branch of ['whenTrue', 'whenFalse'] as const) {
        if ((after ? node : added)[branch].node === undefined) continue
        const below = match.copy()
        below.now = false
        if (after) below.oldIsLonger = true
        else below.newIsLonger = true
        const step = after
          ? descend(node, node[branch], added, below)
          : descend(node, { node }, added[branch].node, below)
        count += step.count
        if (below.now) {
          here.join(below)
          return count
        }
        if (step.gone) break
      }
    }
  }
  here.now = false
  return count
}

/** Prunes below the node. An extra link keeps the node alive meanwhile. */
function descend(
  node: ChainNode,
  below: ChainLink,
  added: ChainNode | undefined,
  match: Match,
): { readonly count: number; readonly gone: boolean } {
  const own: ChainLink = { node: held(node) }
  const count = prune(below, added, match)
  const released = release(own)
  return { count: count + released, gone: own.node === undefined }
}

function goesOn(node: ChainNode, branch: 'True' | 'False'): boolean {
  return node[`answer${branch}`] !== undefined || node[`when${branch}`].node !== undefined
}

/** Whether every answer in the node's level and below it equals `answer`. */
function answersAll(tree: ChainNode | undefined, answer: Answer, work: Work): boolean {
  if (tree === undefined) return true
  for (let node: ChainNode | undefined = firstOfLevel(tree); node !== undefined; node = node.after) {
    spend(work)
    if (node.answerTrue !== undefined && !isSameAnswer(node.answerTrue, answer)) return false
    if (node.answerFalse !== undefined && !isSameAnswer(node.answerFalse, answer)) return false
    if (!answersAll(node.whenTrue.node, answer, work)) return false
    if (!answersAll(node.whenFalse.node, answer, work)) return false
  }
  return true
}

function spend(work: Work): void {
  if (--work.left < 0) throw new BeyondBound()
}

function merge(chains: Chains, existing: ChainLink, added: ChainNode, work: Work): Added {
  for (let node = existing.node as ChainNode; ; node = node.after as ChainNode) {
    spend(work)
    if (isSame(node, added)) return mergeSame(chains, node, added, work)
    const place = comesAfter(node, added) ? 'before' : node.after === undefined ? 'after' : undefined
    if (place !== undefined && isInLevel(node, added, work)) return 'endless'
    if (place === undefined) continue
    if (place === 'after') {
      added.before = held(node)
      node.after = held(added)
      return 'added'
    }
    if (node.before !== undefined) {
      node.before.after = held(added)
      added.before = node.before
      node.before = held(added)
      added.after = node
    } else {
      node.before = held(added)
      added.after = held(node)
    }
    if (existing.node === node) {
      existing.node = held(added)
      release({ node })
    }
    return 'added'
  }
}

function mergeSame(chains: Chains, node: ChainNode, added: ChainNode, work: Work): Added {
  for (const branch of ['True', 'False'] as const) {
    const answer = added[`answer${branch}`]
    if (answer === undefined) continue
    const had = node[`answer${branch}`]
    if (had === undefined) {
      if (!answersAll(node[`when${branch}`].node, answer, work)) return 'clash'
      chains.nodes -= release(node[`when${branch}`])
      node[`when${branch}`].node = undefined
      node[`answer${branch}`] = answer
    } else if (!isSameAnswer(had, answer)) {
      // If both compare the same upper half, the condition with the larger number answers. For LT and LE libseccomp
      // means to take the smaller number, but it writes to the other branch, which has no answer here.
      if (branch === 'True' && added.high && added.whole > node.whole) node.answerTrue = answer
      if (isLeaf(node) || isLeaf(added)) return 'clash'
    }
  }
  for (const branch of ['True', 'False'] as const) {
    const below = added[`when${branch}`].node
    if (below === undefined) continue
    const own = node[`when${branch}`]
    if (own.node !== undefined) {
      const outcome = merge(chains, own, below, work)
      if (outcome !== 'added') return outcome
    } else if (node[`answer${branch}`] === undefined) {
      own.node = held(below)
    } else {
      return 'added'
    }
  }
  return 'added'
}

function isInLevel(level: ChainNode, node: ChainNode, work: Work): boolean {
  for (let each: ChainNode | undefined = firstOfLevel(level); each !== undefined; each = each.after) {
    spend(work)
    if (each === node) return true
  }
  return false
}
