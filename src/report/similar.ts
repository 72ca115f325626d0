// Finds the known words that a mistyped word may mean: words one error away (a letter added, missing or wrong, or two
// swapped), and longer words with such a beginning. Two errors would be too many: they often turn one call's name into
// another's. An error in a short word leaves too little of it: `foo` is no beginning of `loong64`.
import { ascending } from '../order.ts'

/** Longer words are not compared, because the work grows with the length. */
const longest = 40

/** Shorter words are compared without errors, and their beginnings too. Letters. */
const shortestWord = 3
const shortestStart = 4

/** At most three of `known`, the nearest first, then the shortest. */
export function similarWords(word: string, known: readonly string[]): readonly string[] {
  if (word === '' || word.length > longest) return []
  const wanted = word.toLowerCase()
  return known
    .map((each) => ({
      each,
      slips: Math.min(
        slips(wanted, each.toLowerCase(), shortestWord),
        slips(wanted, each.toLowerCase().slice(0, wanted.length), shortestStart) + 0.5,
      ),
    }))
    .filter(({ slips }) => slips <= 1.5)
    .sort((a, b) => a.slips - b.slips || a.each.length - b.each.length || ascending(a.each, b.each))
    .slice(0, 3)
    .map(({ each }) => each)
}

/**
 * The optimal string alignment distance (Damerau-Levenshtein, each letter moves at most once). Infinite for a word `a`
 * shorter than `least` that differs.
 */
function slips(a: string, b: string, least: number): number {
  if (a.length < least) return a === b ? 0 : Infinity
  let before: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + same,
        swapped ? at(before, j - 2) + 1 : Infinity,
      )
    }
    before = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
