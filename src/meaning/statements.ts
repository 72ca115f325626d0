// Proposes rules for the wanted answers to a call: the rules of one of the profiles, the conjunctions of all profiles'
// rules, ranges of one argument, masked equalities. combine.ts takes the first proposal that is proved to mean what is
// wanted.
import { answerText, isSameAnswer, type Answer } from './answer.ts'
import type { Partition, CombinedRule } from './combine.ts'
import { callsOf, comparesEachOnce, conjunction } from './condition-sets.ts'
import { casesOf, mostRules, rangesOf } from './covers.ts'
import type { CallSet, Diagrams } from './diagram.ts'
import type { Meaning } from './meaning.ts'

/** The proposals, the simplest first. */
export function* statements(
  wanted: readonly { readonly diagrams: Diagrams; readonly partition: Partition }[],
  meanings: readonly Meaning[],
  call: string,
  fallback: Answer,
): Generator<readonly CombinedRule[]> {
  // The first architecture is the host's and has the widest words.
  const [host] = wanted
  if (host === undefined) return yield []
  const { diagrams, partition } = host
  const parts = [...partition.values()].filter(({ answer }) => !isSameAnswer(answer, fallback))
  if (parts.length === 0) return yield []
  if (partition.size === 1) return yield parts.map(({ answer }) => ({ answer, args: [] }))
  const own = meanings.map(({ resolved, filter }) =>
    resolved.rules
      .filter(({ names, answer }) => names.includes(call) && !isSameAnswer(answer, filter.defaultAnswer))
      .map(({ answer, args }): CombinedRule => ({ answer, args })),
  )
  yield* own
  const both = own
    .slice(1)
    .reduce<readonly CombinedRule[] | undefined>((one, other) => one && conjunctions(one, other), own[0])
  if (both !== undefined) yield both
  for (const inRanges of [true, false]) {
    const stated = parts.map(({ answer, set }) =>
      (inRanges ? rangesOf(set) : casesOf(set))?.map((args): CombinedRule => ({ answer, args })),
    )
    if (stated.every((each) => each !== undefined)) yield stated.flat()
  }
  const kept = parts.map((part) => keeping(diagrams, part, own.flat()))
  if (kept.every((each) => each !== undefined)) yield kept.flat()
}

/** The profiles' rules that cover only wanted calls, and cases for the rest. */
function keeping(
  diagrams: Diagrams,
  { answer, set }: { readonly answer: Answer; readonly set: CallSet },
  own: readonly CombinedRule[],
): readonly CombinedRule[] | undefined {
  let rest = set
  const kept = own.filter((rule) => {
    if (!isSameAnswer(rule.answer, answer) || !comparesEachOnce(rule.args)) return false
    const its = callsOf(diagrams, rule.args)
    if (diagrams.choose(set, false, its) !== false) return false
    rest = diagrams.choose(its, false, rest)
    return true
  })
  const cases = casesOf(rest)
  return cases && [...kept, ...cases.map((args): CombinedRule => ({ answer, args }))]
}

/**
 * The conjunction of every rule of one with every rule of the other; undefined if a conjunction is not a single rule.
 */
function conjunctions(
  one: readonly CombinedRule[],
  other: readonly CombinedRule[],
): readonly CombinedRule[] | undefined {
  const found = new Map<string, CombinedRule>()
  for (const a of one) {
    for (const b of other) {
      if (answerText(a.answer) !== answerText(b.answer)) return undefined
      const args = conjunction(a.args, b.args)
      if (args === undefined) return undefined
      if (args === 'never') continue
      found.set(
        args.map(({ index, op, value, valueTwo }) => `${index} ${op} ${value} ${valueTwo ?? 0n}`).join(),
        {
          answer: a.answer,
          args,
        },
      )
      if (found.size > mostRules) return undefined
    }
  }
  return [...found.values()]
}
