// What changes between two profiles, exactly: for each call every way through both filters is followed together, with
// what it says of the words of the arguments, and only ways that some call takes are kept. That call is the witness.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { answerText, directionOf, isSameAnswer, type Answer, type Direction } from './answer.ts'
import { firstOfLevel, type ChainNode } from './chain.ts'
import { passes, wordIndex } from './evaluate.ts'
import { decisionOn, isAnswer, type Decision } from './filter.ts'
import type { Meaning } from './meaning.ts'
import { anyWord, wordWith, type WordFacts } from './words.ts'

/** One difference in meaning. */
export interface Difference {
  readonly direction: Direction
  readonly architecture: Architecture
  /** libseccomp's name; for numbers that no table has, the number that stands for all of them. */
  readonly syscall: string
  readonly number: number
  /** Whether some arguments decide on either side. */
  readonly conditional: boolean
  readonly before: Answer
  readonly after: Answer
  /** Six arguments for which the two answer so. */
  readonly args: readonly bigint[]
}

/** Stands for every number that no table has; no kernel of today comes near it. */
const unlisted = 2000

/** How many steps one call may take: no profile written by people comes near it. */
const stepLimit = 2_000_000

/**
 * Every difference, by architecture and number; of one call at most one for each pair of answers. Nothing is reported
 * exactly where every call is answered the same. Throws a UserError where the conditions of a call are too many to
 * follow.
 */
export function differencesOf(before: Meaning, after: Meaning): readonly Difference[] {
  return architectureNames
    .filter((each) => before.filter.architectures.has(each) || after.filter.architectures.has(each))
    .flatMap((architecture) => {
      const numbers: (readonly [string, number])[] = syscallTable(architecture).entries.map(
        ({ name, number }) => [name, number],
      )
      const other = architecture === 'x32' ? 0x40000000 + unlisted : unlisted
      return [...numbers, [String(other), other] as const].flatMap(([syscall, number]) =>
        differencesOfCall(before, after, architecture, syscall, number),
      )
    })
}

/** Every answer that some arguments get, each with six of them, the first found. */
export function answersTo(
  { filter }: Meaning,
  architecture: Architecture,
  syscall: string,
  number: number,
): readonly { readonly answer: Answer; readonly args: readonly bigint[] }[] {
  const decision = decisionOn(filter, architecture, number)
  const found = new Map<string, { answer: Answer; args: readonly bigint[] }>()
  for (const [answer, words] of ways(decision, filter.defaultAnswer, new Map(), {
    left: stepLimit,
    syscall,
    architecture,
  })) {
    const key = answerText(answer)
    if (!found.has(key)) found.set(key, { answer, args: argumentsOf(words) })
  }
  return [...found.values()]
}

/** The differences of one call. */
export function differencesOfCall(
  before: Meaning,
  after: Meaning,
  architecture: Architecture,
  syscall: string,
  number: number,
): readonly Difference[] {
  const [one, other] = [before, after].map(({ filter }) => decisionOn(filter, architecture, number)) as [
    Decision,
    Decision,
  ]
  if (isAnswer(one) && isAnswer(other) && isSameAnswer(one, other)) return []
  const budget = { left: stepLimit, syscall, architecture }
  const found = new Map<string, Difference>()
  const conditional = !isAnswer(one) || !isAnswer(other)
  for (const [first, words] of ways(one, before.filter.defaultAnswer, new Map(), budget)) {
    for (const [second, both] of ways(other, after.filter.defaultAnswer, words, budget)) {
      const direction = directionOf(first, second)
      if (direction === undefined) continue
      const key = `${first.action} ${first.errno} ${second.action} ${second.errno}`
      if (found.has(key)) continue
      found.set(key, {
        direction,
        architecture,
        syscall,
        number,
        conditional,
        before: first,
        after: second,
        args: argumentsOf(both),
      })
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, difference]) => difference)
}

/** What is known of each word, and one of which it holds; of a word that is not here nothing is known. */
type Words = ReadonlyMap<number, { readonly facts: WordFacts; readonly word: number }>

interface Budget {
  left: number
  readonly syscall: string
  readonly architecture: Architecture
}

/** Every answer of a decision, with what is then known of the words; only what some call can reach. */
function* ways(
  decision: Decision,
  fallback: Answer,
  words: Words,
  budget: Budget,
): Generator<readonly [Answer, Words]> {
  if (isAnswer(decision)) {
    yield [decision, words]
    return
  }
  const start = decision.node === undefined ? undefined : firstOfLevel(decision.node)
  yield* levelWays(start, [], fallback, words, budget)
}

/** `rest`: where the way goes on when a level has no answer, innermost last. */
function* levelWays(
  node: ChainNode | undefined,
  rest: readonly (ChainNode | undefined)[],
  fallback: Answer,
  words: Words,
  budget: Budget,
): Generator<readonly [Answer, Words]> {
  if (--budget.left < 0) {
    throw new UserError(
      `${budget.syscall} on ${budget.architecture} has more conditions than can be compared: write them with fewer arguments`,
    )
  }
  if (node === undefined) {
    if (rest.length === 0) yield [fallback, words]
    else yield* levelWays(rest.at(-1), rest.slice(0, -1), fallback, words, budget)
    return
  }
  for (const holds of [true, false]) {
    const known = learn(words, node, holds)
    if (known === undefined) continue
    const below = (holds ? node.whenTrue : node.whenFalse).node
    const answer = holds ? node.answerTrue : node.answerFalse
    if (below !== undefined) {
      yield* levelWays(firstOfLevel(below), [...rest, node.after], fallback, known, budget)
    } else if (answer !== undefined) yield [answer, known]
    else yield* levelWays(node.after, rest, fallback, known, budget)
  }
}

/** What is known after a comparison; undefined where no word can come out so. */
function learn(words: Words, node: ChainNode, holds: boolean): Words | undefined {
  const index = wordIndex(node)
  const { facts, word } = words.get(index) ?? { facts: anyWord, word: 0 }
  const { mask, datum } = node
  let next: WordFacts | undefined
  switch (node.test) {
    case 'eq':
    case 'masked-eq':
      if (!holds) next = { ...facts, not: [...facts.not, [mask, datum]] }
      else if (((facts.value ^ datum) & facts.mask & mask) === 0) {
        next = { ...facts, mask: (facts.mask | mask) >>> 0, value: (facts.value | datum) >>> 0 }
      }
      break
    case 'gt':
      next = holds
        ? { ...facts, least: Math.max(facts.least, datum + 1) }
        : { ...facts, most: Math.min(facts.most, datum) }
      break
    case 'ge':
      next = holds
        ? { ...facts, least: Math.max(facts.least, datum) }
        : { ...facts, most: Math.min(facts.most, datum - 1) }
      break
  }
  if (next === undefined) return undefined
  const still = passes(node, word) === holds ? word : wordWith(next)
  return still === undefined ? undefined : new Map(words).set(index, { facts: next, word: still })
}

function argumentsOf(words: Words): readonly bigint[] {
  const word = (index: number): bigint => BigInt(words.get(index)?.word ?? 0)
  return Array.from({ length: 6 }, (_, index) => (word(index * 2 + 1) << 32n) | word(index * 2))
}
