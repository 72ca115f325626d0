// Sets of calls, exactly: decision diagrams over the bits of the arguments. The diagrams are reduced and share one
// order of bits, so equal sets are one node. Authority: R. E. Bryant, Graph-Based Algorithms for Boolean Function
// Manipulation (1986).
import type { Block } from './program.ts'

/** `true`: every call from here on; `false`: none. */
export type CallSet = boolean | DiagramNode

export interface DiagramNode {
  /** Ordered by argument, then from the highest bit down: see bitAt. */
  readonly variable: number
  readonly zero: CallSet
  readonly one: CallSet
  readonly id: number
}

/** Thrown if a set has more nodes than are worth following. */
export class TooManyConditions extends Error {
  override readonly name = 'TooManyConditions'
}

/** No profile written by people comes near it. */
export const nodeLimit = 20_000

/** One bit of one argument. */
export function bitAt(variable: number): { readonly index: number; readonly bit: bigint } {
  return { index: variable >> 6, bit: 1n << BigInt(63 - (variable & 63)) }
}

/** `word`: twice the index of the argument, plus one for the upper half. `bit`: 0 is the lowest of the word. */
function variableOf(word: number, bit: number): number {
  return (word >> 1) * 64 + (word % 2 === 1 ? 31 : 63) - bit
}

/** Makes sets. Only sets of one instance can be compared with each other. */
export class Diagrams {
  readonly #made = new Map<string, DiagramNode>()
  readonly #chosen = new Map<string, CallSet>()

  /** The calls whose word, masked, passes the comparison. */
  passing(word: number, mask: number, { test, datum }: Pick<Block, 'test' | 'datum'>): CallSet {
    let set: CallSet = test !== 'gt'
    for (let bit = 0; bit < 32; bit++) {
      const wanted = (datum >>> bit) & 1
      if (((mask >>> bit) & 1) === 0) {
        if (wanted === 1) set = false
        continue
      }
      const variable = variableOf(word, bit)
      if (wanted === 1) set = this.branch(variable, false, set)
      else set = this.branch(variable, set, test !== 'eq')
    }
    return set
  }

  branch(variable: number, zero: CallSet, one: CallSet): CallSet {
    if (zero === one) return zero
    const key = `${variable} ${name(zero)} ${name(one)}`
    const known = this.#made.get(key)
    if (known !== undefined) return known
    if (this.#made.size >= nodeLimit) throw new TooManyConditions()
    const made = { variable, zero, one, id: this.#made.size }
    this.#made.set(key, made)
    return made
  }

  /** The calls that are in both `test` and `yes`, or in `no` but not in `test`. */
  choose(test: CallSet, yes: CallSet, no: CallSet): CallSet {
    if (typeof test === 'boolean') return test ? yes : no
    if (yes === no) return yes
    if (yes === true && no === false) return test
    const key = `${name(test)} ${name(yes)} ${name(no)}`
    const known = this.#chosen.get(key)
    if (known !== undefined) return known
    if (this.#chosen.size >= nodeLimit * 4) throw new TooManyConditions()
    const variable = Math.min(...[test, yes, no].map(first))
    const half = (one: boolean): CallSet =>
      this.choose(after(test, variable, one), after(yes, variable, one), after(no, variable, one))
    const chosen = this.branch(variable, half(false), half(true))
    this.#chosen.set(key, chosen)
    return chosen
  }

  /** The calls that some values of these words would put into the set. */
  whateverIn(words: ReadonlySet<number>, set: CallSet): CallSet {
    return this.#forgetting(words, set, (zero, one) => this.choose(zero, true, one))
  }

  /** The calls that zeros in these words would put into the set. */
  zeroIn(words: ReadonlySet<number>, set: CallSet): CallSet {
    return this.#forgetting(words, set, (zero) => zero)
  }

  /** A set that no longer depends on these words. */
  #forgetting(
    words: ReadonlySet<number>,
    set: CallSet,
    join: (zero: CallSet, one: CallSet) => CallSet,
  ): CallSet {
    const found = new Map<DiagramNode, CallSet>()
    const forget = (part: CallSet): CallSet => {
      if (typeof part === 'boolean') return part
      const known = found.get(part)
      if (known !== undefined) return known
      const { variable } = part
      const [zero, one] = [forget(part.zero), forget(part.one)]
      const made = words.has(wordOf(variable)) ? join(zero, one) : this.branch(variable, zero, one)
      found.set(part, made)
      return made
    }
    return forget(set)
  }
}

function wordOf(variable: number): number {
  return (variable >> 6) * 2 + ((variable & 63) < 32 ? 1 : 0)
}

function name(set: CallSet): string {
  return typeof set === 'boolean' ? String(set) : String(set.id)
}

function first(set: CallSet): number {
  return typeof set === 'boolean' ? Infinity : set.variable
}

function after(set: CallSet, variable: number, one: boolean): CallSet {
  if (typeof set === 'boolean' || set.variable !== variable) return set
  return one ? set.one : set.zero
}
