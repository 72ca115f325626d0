// What changes between two profiles, exactly. For each call this file follows every pair of ways through both filters,
// collects what the comparisons say about the words of the arguments, and keeps the pairs that some call takes. That
// call is the witness. kernel-view.ts decides whether the kernel sees the difference.
import { architectureNames, architectures, type Architecture } from '../abi/architectures.ts'
import { unlistedNumber } from '../abi/numbers.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { ascending } from '../order.ts'
import { answerText, directionOf, isSameAnswer, type Answer, type Direction } from './answer.ts'
import { TooManyConditions } from './diagram.ts'
import { passes } from './evaluate.ts'
import { decisionOn } from './filter.ts'
import { callOpened, comparesDropped, droppedWords } from './kernel-view.ts'
import type { Meaning } from './meaning.ts'
import { comparedBy, isAnswer, type Accumulator, type Block, type Branch } from './program.ts'
import { wordWith, type WordFact } from './words.ts'

/** One difference in meaning. */
export interface Difference {
  /** `sideways` also if one profile permits more, but only for upper halves that the kernel drops. */
  readonly direction: Direction
  readonly architecture: Architecture
  /** libseccomp's name. One number stands for all numbers that are in no table. */
  readonly syscall: string
  readonly number: number
  /** Whether the arguments matter on at least one side. */
  readonly conditional: boolean
  readonly before: Answer
  readonly after: Answer
  /** Six arguments for which the profiles answer `before` and `after`. */
  readonly args: readonly bigint[]
}

/**
 * How much work one comparison of two profiles may take. A step costs as many units as there are facts about its word.
 * Profiles written by people need far less.
 */
const workLimit = 5_000_000

/**
 * Every difference, ordered by architecture and number: at most one for each call and pair of answers. The list is
 * empty exactly if both profiles answer every call alike. Throws a UserError if a call has too many conditions to
 * follow.
 */
export function differencesOf(before: Meaning, after: Meaning): readonly Difference[] {
  const work = { left: workLimit }
  return callsOfBoth(before, after).flatMap(({ architecture, name, number }) =>
    differencesOfCall(before, after, architecture, name, number, work),
  )
}

/** Whether both profiles answer every call alike. Stops at the first difference. */
export function isSameMeaning(one: Meaning, other: Meaning): boolean {
  const work = { left: workLimit }
  return callsOfBoth(one, other).every(
    ({ architecture, name, number }) =>
      differencesOfCall(one, other, architecture, name, number, work).length === 0,
  )
}

/** Every call of the architectures of either filter, and for each architecture one number that is in no table. */
function callsOfBoth(
  before: Meaning,
  after: Meaning,
): readonly { readonly architecture: Architecture; readonly name: string; readonly number: number }[] {
  return (
    architectureNames
      // A kernel only accepts the calls of its own host's architectures.
      .filter((each) => architectures[each].host === before.context.host)
      .filter((each) => before.filter.architectures.has(each) || after.filter.architectures.has(each))
      .flatMap((architecture) => {
        const other = unlistedNumber(architecture)
        return [...syscallTable(architecture).entries, { name: String(other), number: other }].map(
          ({ name, number }) => ({ architecture, name, number }),
        )
      })
  )
}

/** Every answer that a filter gives to a call for some arguments, each with six such arguments. */
export function answersTo(
  { filter }: Meaning,
  architecture: Architecture,
  syscall: string,
  number: number,
): readonly { readonly answer: Answer; readonly args: readonly bigint[] }[] {
  const decision = decisionOn(filter, architecture, number)
  const found = new Map<string, { answer: Answer; args: readonly bigint[] }>()
  for (const [answer, words] of ways(decision, new Map(), {
    work: { left: workLimit },
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
  work = { left: workLimit },
): readonly Difference[] {
  const one = decisionOn(before.filter, architecture, number)
  const other = decisionOn(after.filter, architecture, number)
  if (isAnswer(one) && isAnswer(other)) {
    const direction = directionOf(one, other)
    if (direction === undefined) return []
    // prettier-ignore
    return [{ direction, architecture, syscall, number, conditional: false, before: one, after: other, args: zeros }]
  }
  if (isSameDecision(one, other)) return []
  const budget = { work, syscall, architecture }
  const found = new Map<string, Difference>()
  for (const [first, words] of ways(one, new Map(), budget)) {
    for (const [second, both] of ways(other, words, budget)) {
      const direction = directionOf(first, second)
      if (direction === undefined) continue
      const key = `${first.action} ${first.errno} ${second.action} ${second.errno}`
      if (found.has(key)) continue
      found.set(key, {
        direction,
        architecture,
        syscall,
        number,
        conditional: true,
        before: first,
        after: second,
        args: argumentsOf(both),
      })
    }
  }
  return [...found.entries()]
    .sort(([a], [b]) => ascending(a, b))
    .map(([, difference]) => asTheKernelSees(difference, one, other))
}

/** Whether both filters are equal from here on, block by block. False does not prove a difference. */
function isSameDecision(one: Branch, other: Branch): boolean {
  const met = new Map<Block, Block>()
  const open: (readonly [Branch, Branch])[] = [[one, other]]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [a, b] = pair
    if (isAnswer(a) || isAnswer(b)) {
      if (!isAnswer(a) || !isAnswer(b) || !isSameAnswer(a, b)) return false
      continue
    }
    if (met.get(a) === b) continue
    // One block corresponds to two blocks of the other filter, so ways() decides.
    if (met.has(a)) return false
    met.set(a, b)
    const same =
      a.word === b.word &&
      a.mask === b.mask &&
      a.test === b.test &&
      a.datum === b.datum &&
      a.reloads === b.reloads &&
      a.expects?.word === b.expects?.word &&
      a.expects?.mask === b.expects?.mask
    if (!same) return false
    open.push([a.whenTrue, b.whenTrue], [a.whenFalse, b.whenFalse])
  }
  return true
}

/** The difference with a witness that the kernel distinguishes; if there is none, the difference is sideways. */
function asTheKernelSees(difference: Difference, one: Branch, other: Branch): Difference {
  const { direction, architecture, syscall } = difference
  const before = { target: one, answer: difference.before }
  const after = { target: other, answer: difference.after }
  const [lesser, greater] = direction === 'wider' ? [before, after] : [after, before]
  const dropped = droppedWords(architecture, syscall)
  // If the stricter filter ignores the dropped halves, the difference is real.
  if (direction === 'sideways' || !comparesDropped(lesser.target, dropped)) return difference
  try {
    const args = callOpened(lesser, greater, dropped)
    return args === undefined ? { ...difference, direction: 'sideways' } : { ...difference, args }
  } catch (error) {
    throw error instanceof TooManyConditions ? tooMany(syscall, architecture) : error
  }
}

function tooMany(syscall: string, architecture: Architecture): UserError {
  return new UserError('conditions-beyond-comparing', { call: syscall, architecture, bound: workLimit })
}

/** For each word the facts about it, and one value that satisfies them. Nothing is known about a missing word. */
type WordFacts = ReadonlyMap<number, { readonly facts: readonly WordFact[]; readonly word: number }>

interface Budget {
  readonly work: { left: number }
  readonly syscall: string
  readonly architecture: Architecture
}

/** Every answer that a filter can give to a call, with the facts about the words that lead to it. */
function* ways(start: Branch, known: WordFacts, budget: Budget): Generator<readonly [Answer, WordFacts]> {
  const open: {
    readonly target: Branch
    readonly words: WordFacts
    readonly accumulator: Accumulator | undefined
  }[] = [{ target: start, words: known, accumulator: undefined }]
  for (let way = open.pop(); way !== undefined; way = open.pop()) {
    const { target, words } = way
    if (isAnswer(target)) {
      yield [target, words]
      continue
    }
    const accumulator = comparedBy(target, way.accumulator)
    for (const holds of [false, true]) {
      const next = learn(words, accumulator, target, holds, budget)
      if (next === undefined) continue
      open.push({ target: holds ? target.whenTrue : target.whenFalse, words: next, accumulator })
    }
  }
}

/** The facts after a comparison; undefined if no value of the word satisfies them. */
function learn(
  words: WordFacts,
  { word: index, mask }: Accumulator,
  { test, datum }: Block,
  holds: boolean,
  { work, syscall, architecture }: Budget,
): WordFacts | undefined {
  const { facts, word } = words.get(index) ?? { facts: [], word: 0 }
  const next = [...facts, { mask, test, datum, holds }]
  work.left -= next.length
  const still = passes({ test, datum }, (word & mask) >>> 0) === holds ? word : wordWith(next, work)
  if (work.left < 0) throw tooMany(syscall, architecture)
  return still === undefined ? undefined : new Map(words).set(index, { facts: next, word: still })
}

const zeros: readonly bigint[] = [0n, 0n, 0n, 0n, 0n, 0n]

function argumentsOf(words: WordFacts): readonly bigint[] {
  const word = (index: number): bigint => BigInt(words.get(index)?.word ?? 0)
  return Array.from({ length: 6 }, (_, index) => (word(index * 2 + 1) << 32n) | word(index * 2))
}
