// Whether a 32-bit word can pass some comparisons and fail others, decided exactly: ranges and masked equalities, digit
// by digit from the top, with what each rest of digits can still become remembered.

/** What is known of one word. */
export interface WordFacts {
  readonly least: number
  readonly most: number
  /** `(word & mask) === value` */
  readonly mask: number
  readonly value: number
  /** None of these `(word & mask) === value`. */
  readonly not: readonly (readonly [mask: number, value: number])[]
}

export const anyWord: WordFacts = { least: 0, most: 0xffffffff, mask: 0, value: 0, not: [] }

/** A word of which all of it holds, the smallest; undefined where there is none. */
export function wordWith(facts: WordFacts): number | undefined {
  const { least, most, mask, value, not } = facts
  if (least > most || (value & ~mask) !== 0) return undefined
  const dead = new Set<string>()
  const search = (
    bit: number,
    word: number,
    low: boolean,
    high: boolean,
    alive: readonly number[],
  ): number | undefined => {
    if (bit < 0) return alive.length === 0 ? word >>> 0 : undefined
    const key = `${bit} ${low} ${high} ${alive.join()}`
    if (dead.has(key)) return undefined
    for (const digit of [0, 1]) {
      const at = digit === 1 ? (1 << bit) >>> 0 : 0
      if (digitOf(mask, bit) === 1 && digitOf(value, bit) !== digit) continue
      if (low && digit < digitOf(least, bit)) continue
      if (high && digit > digitOf(most, bit)) continue
      const still = alive.filter((each) => {
        const [itsMask, itsValue] = not[each] as readonly [number, number]
        return digitOf(itsMask, bit) === 0 || digitOf(itsValue, bit) === digit
      })
      const found = search(
        bit - 1,
        (word | at) >>> 0,
        low && digit === digitOf(least, bit),
        high && digit === digitOf(most, bit),
        still,
      )
      if (found !== undefined) return found
    }
    dead.add(key)
    return undefined
  }
  // A value with digits outside its mask is never equal: such a comparison excludes nothing.
  const alive = not.flatMap(([itsMask, itsValue], index) => ((itsValue & ~itsMask) === 0 ? [index] : []))
  return search(31, 0, true, true, alive)
}

function digitOf(word: number, bit: number): number {
  return (word >>> bit) & 1
}
