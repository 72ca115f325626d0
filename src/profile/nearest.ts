// Guesses which word was meant. For messages only: no word is ever read as another one.

/** Every known word is shorter. The bound is needed because the work grows with the length. */
const longest = 60

/**
 * The candidate that differs from `word` only by case and punctuation, else by one or two typing errors (one for short
 * words); undefined if there is none.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > longest) return undefined
  const bare = bareForm(word)
  const allowed = word.length < 6 ? 1 : 2
  let best: string | undefined
  let distance = allowed + 1
  for (const candidate of candidates) {
    if (bareForm(candidate) === bare) return candidate
    if (Math.abs(candidate.length - word.length) > allowed) continue
    const found = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (found < distance) {
      distance = found
      best = candidate
    }
  }
  return best
}

/**
 * All candidates that differ only by case and punctuation, else those that differ by one typing error, sorted. Two
 * errors would be too many: they often turn the name of one call into that of another.
 */
export function oneSlipAway(word: string, candidates: Iterable<string>): readonly string[] {
  if (word.length > longest) return []
  const all = [...new Set(candidates)].sort()
  const bare = bareForm(word)
  const same = all.filter((each) => bareForm(each) === bare)
  if (same.length > 0) return same
  return all.filter(
    (each) =>
      Math.abs(each.length - word.length) <= 1 && editDistance(word.toLowerCase(), each.toLowerCase()) <= 1,
  )
}

function bareForm(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/** Damerau-Levenshtein with adjacent transpositions (optimal string alignment). */
function editDistance(one: string, other: string): number {
  let before: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      let cost = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) {
        cost = Math.min(cost, (before[column - 2] as number) + 1)
      }
      current.push(cost)
    }
    before = last
    last = current
  }
  return last[other.length] as number
}
