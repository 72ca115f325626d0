// What libseccomp keeps for each call of an architecture: one answer, or comparisons that lead to answers.
// Authority: libseccomp 2.5.4, src/db.c (db_rule_add).
import type { Answer } from './answer.ts'
import { addChain, type Added, type Work } from './chain-add.ts'
import { makeChain } from './chain-make.ts'
import type { Chains } from './chain.ts'
import type { Condition } from './conditions.ts'

export interface FilterEntry extends Chains {
  /** Undefined if the architecture lacks the call: libseccomp then keeps a pseudo number. */
  readonly number: number | undefined
  /** The answer for all arguments; undefined if comparisons decide. */
  answer: Answer | undefined
  /** Unsigned, 32 bits; a call of higher priority stands earlier in the filter. The lower half counts comparisons. */
  priority: number
}

/** Keyed by the call's number, or by its name if it has no number. */
export type Entries = ReadonlyMap<number | string, FilterEntry>

/** Adds a rule to the entries of an architecture. Throws BeyondBound. */
export function addRule(
  entries: Map<number | string, FilterEntry>,
  key: number | string,
  conditions: readonly Condition[],
  answer: Answer,
  bits: 64 | 32,
  work: Work,
): Added {
  const made = makeChain(conditions, answer, bits)
  const entry = entries.get(key)
  if (entry === undefined) {
    const always = made.node === undefined ? answer : undefined
    const number = typeof key === 'number' ? key : undefined
    const { node, nodes } = made
    entries.set(key, { node, nodes, number, answer: always, priority: priorityOf(0, nodes) })
    return 'added'
  }
  // The first rule without conditions wins, and a rule without conditions makes all conditions redundant.
  if (entry.answer !== undefined) return 'added'
  if (made.node === undefined) {
    entry.node = undefined
    entry.nodes = 0
    entry.answer = answer
  } else {
    const outcome = addChain(entry, made, answer, work)
    if (outcome === 'clash' || outcome === 'endless') return outcome
    if (outcome === 'replaced') entry.priority = 0
  }
  entry.priority = priorityOf(entry.priority, entry.nodes)
  return 'added'
}

/** Calls with few comparisons come first. A negative count carries into the upper half and stays there. */
function priorityOf(before: number, nodes: number): number {
  return ((before & 0xffff0000) | (0xffff - nodes)) >>> 0
}
