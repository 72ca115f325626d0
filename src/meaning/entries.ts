// What libseccomp keeps of each call of an architecture: an answer for every call, or comparisons.
// Authority: libseccomp 2.5.4, src/db.c (db_rule_add).
import type { Answer } from './answer.ts'
import { addChain, type Added, type Work } from './chain-add.ts'
import { makeChain } from './chain-make.ts'
import type { Chains } from './chain.ts'
import type { Condition } from './conditions.ts'

export interface FilterEntry extends Chains {
  /** Undefined where the architecture does not have the call: libseccomp keeps a number of its own for it. */
  readonly number: number | undefined
  /** Whatever the arguments; undefined where comparisons decide. */
  answer: Answer | undefined
  /** The higher, the earlier the call stands in the filter: unsigned, 32 bits, of which the count is the lower half. */
  priority: number
}

/** By number, or by name where there is none. */
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
    entries.set(key, { ...made, number, answer: always, priority: priorityOf(0, made.nodes) })
    return 'added'
  }
  // Of two rules for every call the first counts, and one for every call makes conditions needless.
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

/** Few comparisons come first. A count below zero spills into the upper half and stays there. */
function priorityOf(before: number, nodes: number): number {
  return ((before & 0xffff0000) | (0xffff - nodes)) >>> 0
}
