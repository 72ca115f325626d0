// The set of argument values for which a filter gives some answer to a call.
import type { Answer } from './answer.ts'
import { TooManyConditions, type CallSet, type Diagrams } from './diagram.ts'
import { passes } from './evaluate.ts'
import { comparedBy, isAnswer, type Accumulator, type Branch } from './program.ts'

/** Deeper than any filter: the kernel takes 4096 instructions (linux/filter.h, BPF_MAXINSNS). */
const depthLimit = 4096

/** The calls whose answer satisfies `holds`. `zero`: words that count as 0. Throws TooManyConditions. */
export function callsAnswered(
  diagrams: Diagrams,
  target: Branch,
  holds: (answer: Answer) => boolean,
  zero: ReadonlySet<number> = new Set(),
): CallSet {
  const found = new Map<Branch, Map<string, CallSet>>()
  const follow = (at: Branch, entered: Accumulator | undefined, depth: number): CallSet => {
    if (isAnswer(at)) return holds(at)
    if (depth > depthLimit) throw new TooManyConditions()
    const compared = comparedBy(at, entered)
    const key = `${compared.word} ${compared.mask}`
    const known = found.get(at)?.get(key)
    if (known !== undefined) return known
    const test = zero.has(compared.word) ? passes(at, 0) : diagrams.passing(compared.word, compared.mask, at)
    const made = diagrams.choose(
      test,
      test === false ? false : follow(at.whenTrue, compared, depth + 1),
      test === true ? false : follow(at.whenFalse, compared, depth + 1),
    )
    found.set(at, (found.get(at) ?? new Map<string, CallSet>()).set(key, made))
    return made
  }
  return follow(target, undefined, 0)
}

/** Every word that the filter compares from this block on. */
export function wordsCompared(target: Branch): ReadonlySet<number> {
  const words = new Set<number>()
  const met = new Set<Branch>()
  const open = [target]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (isAnswer(at) || met.has(at)) continue
    met.add(at)
    words.add(at.word)
    if (at.expects !== undefined) words.add(at.expects.word)
    open.push(at.whenTrue, at.whenFalse)
  }
  return words
}
