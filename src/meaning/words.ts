// Decides exactly whether a 32-bit word can pass some comparisons and fail others, bit by bit from the top. A
// comparison stays open while the masked word has the bits of its number; the first different bit decides it. Only the
// set of open comparisons matters for the lower bits, so the search remembers which sets failed.
import { passes } from './evaluate.ts'
import type { Block } from './program.ts'

/** A comparison of a word and its outcome. */
export interface WordFact {
  readonly mask: number
  readonly test: Block['test']
  readonly datum: number
  readonly holds: boolean
}

/**
 * The smallest word for which all facts are true; undefined if there is none. Subtracts each visited fact from `work`.
 */
export function wordWith(facts: readonly WordFact[], work: { left: number }): number | undefined {
  const dead = new Set<string>()
  const search = (bit: number, word: number, open: readonly number[]): number | undefined => {
    work.left -= open.length + 1
    if (work.left < 0) return undefined
    const factAt = (index: number): WordFact => facts[index] as WordFact
    if (bit < 0) return open.every((each) => agrees(factAt(each), 0)) ? word : undefined
    const key = `${bit} ${open.join()}`
    if (dead.has(key)) return undefined
    for (const digit of [0, 1]) {
      const still: number[] = []
      const possible = open.every((each) => {
        const fact = factAt(each)
        const difference = (digit & digitOf(fact.mask, bit)) - digitOf(fact.datum, bit)
        if (difference === 0) still.push(each)
        return difference === 0 || agrees(fact, difference)
      })
      const found = possible ? search(bit - 1, (word | (digit << bit)) >>> 0, still) : undefined
      if (found !== undefined) return found
    }
    dead.add(key)
    return undefined
  }
  return search(31, 0, [...facts.keys()])
}

/** Whether the fact is true if the word is less than the number (negative), equal (0) or greater (positive). */
function agrees({ test, holds }: WordFact, difference: number): boolean {
  return passes({ test, datum: 1 }, difference + 1) === holds
}

function digitOf(word: number, bit: number): number {
  return (word >>> bit) & 1
}
