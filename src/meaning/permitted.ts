// For which arguments a filter carries a call out, said in masked equalities alone: the one comparison that is right for
// `int` arguments, and of which libseccomp takes any number together. Never more than the filter carries out. Where it
// refuses some arguments and an order of libseccomp's comparisons would let them through after all, it is less; so it
// is for NE, GT and GE on `int` arguments, which here look at the half of the register that the kernel looks at.
import type { Architecture } from '../abi/architectures.ts'
import { isNarrowArgument } from '../abi/narrow-arguments.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import type { Operator } from '../profile/document.ts'
import { isSameAnswer, level, type Answer } from './answer.ts'
import { alternativesOf, type Condition } from './conditions.ts'
import { callsOf, decisionOn, memberConditions } from './filter.ts'
import type { Meaning } from './meaning.ts'
import { isAnswer } from './program.ts'

/** `(argument & mask) == value`. */
export interface MaskedEquality {
  readonly index: number
  readonly mask: bigint
  readonly value: bigint
}

/** All of them hold; in the order of arguments, one an argument. None: whatever the arguments. */
export type Case = readonly MaskedEquality[]

const all32 = 0xffffffffn
const all64 = 0xffffffffffffffffn

/** No ceiling written by people comes near it, and one call with more rules would slow every other one down. */
const caseLimit = 512

/**
 * The cases in which a call is carried out: none where it never is, one empty case where it always is.
 *
 * `also32`: they are to hold in a filter that has 32-bit architectures as well, where libseccomp forgets the upper half
 * of every comparison: a case that speaks of an upper half alone is left out.
 *
 * @throws UserError where they are too many.
 */
export function permittedCases(
  meaning: Meaning,
  architecture: Architecture,
  syscall: string,
  also32: boolean,
): readonly Case[] {
  const { filter, resolved } = meaning
  const number = syscallTable(architecture).byName(syscall)?.number
  if (number === undefined) return []
  const decision = decisionOn(filter, architecture, number)
  if (isAnswer(decision)) return level(decision) === 2 ? [[]] : []
  const rules = rulesOn(meaning, architecture, number)
  const refusing = rules.filter(({ answer }) => level(answer) < 2)
  let cases: readonly Case[] =
    level(resolved.defaultAnswer) === 2
      ? [[]]
      : rules
          .filter(({ answer }) => level(answer) === 2)
          .flatMap(({ conditions }) => conditions.reduce<readonly Case[]>(narrowedBy(syscall), [[]]))
  for (const { conditions } of refusing) {
    // Not all of its conditions hold: the first does not, or the second, …
    cases = distinct(
      conditions.flatMap((each) => {
        const failing = negated(each)
        return failing.flatMap((other) => narrowedBy(syscall)(cases, other))
      }),
    )
    if (cases.length > caseLimit) break
  }
  cases = distinct(cases).filter((each) => !also32 || each.every(({ mask }) => (mask & all32) !== 0n))
  if (cases.length <= caseLimit) return cases
  throw new UserError(
    `${resolved.name}: the conditions on ${syscall} are too many to carry over: take --conditions none, or another ceiling`,
  )
}

/** Whether the call is carried out with the values of a case; the other arguments are 0. */
export function isCarriedOut(
  meaning: Meaning,
  architecture: Architecture,
  syscall: string,
  values: Case,
): boolean {
  const number = syscallTable(architecture).byName(syscall)?.number
  const args = [0, 1, 2, 3, 4, 5].map((each) => values.find(({ index }) => index === each)?.value ?? 0n)
  return number !== undefined && level(meaning.answer(architecture, number, args)) === 2
}

/** What the rules say of a number, those of a family's members on i386 with it. */
function rulesOn(
  { resolved }: Meaning,
  architecture: Architecture,
  number: number,
): readonly { readonly answer: Answer; readonly conditions: readonly Condition[] }[] {
  return resolved.rules
    .filter(({ answer }) => !isSameAnswer(answer, resolved.defaultAnswer))
    .flatMap(({ names, answer, args }) =>
      names
        .flatMap((name) => callsOf(name, architecture))
        .filter(({ call }) => call === number)
        .flatMap(({ member }) =>
          alternativesOf(args).map((conditions) => ({
            answer,
            conditions: member === undefined ? conditions : memberConditions(member, conditions),
          })),
        ),
    )
}

function narrowedBy(syscall: string): (cases: readonly Case[], condition: Condition) => readonly Case[] {
  return (cases, condition) =>
    equalitiesOf(syscall, condition).flatMap((each) => cases.flatMap((one) => both(one, [each]) ?? []))
}

/** What two cases have in common; undefined for nothing. */
export function both(one: Case, other: Case): readonly [Case] | undefined {
  const joined = new Map(one.map((each) => [each.index, each]))
  for (const { index, mask, value } of other) {
    const before = joined.get(index) ?? { index, mask: 0n, value: 0n }
    if (((before.value ^ value) & before.mask & mask) !== 0n) return undefined
    joined.set(index, { index, mask: before.mask | mask, value: before.value | value })
  }
  return [[...joined.values()].filter(({ mask }) => mask !== 0n).sort((a, b) => a.index - b.index)]
}

/** Every case once, in one order, and none that another one holds already. */
export function distinct(cases: readonly Case[]): readonly Case[] {
  const named = new Map(cases.map((each) => [caseKey(each), each]))
  const sorted = [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
  return sorted.filter((each) => !sorted.some((other) => other !== each && holds(other, each)))
}

/** Equal for equal cases, in numeric order where sorted as text. */
export function caseKey(conditions: Case): string {
  const wide = (value: bigint): string => value.toString(16).padStart(16, '0')
  return conditions.map(({ index, mask, value }) => `${index} ${wide(mask)} ${wide(value)}`).join(' ')
}

/** Whether all arguments of the one are in the other. */
function holds(wider: Case, narrower: Case): boolean {
  return wider.every(({ index, mask, value }) => {
    const its = narrower.find((each) => each.index === index)
    return its !== undefined && (its.mask & mask) === mask && (its.value & mask) === value
  })
}

/** The same arguments, or fewer; a condition that always holds has mask 0. */
function equalitiesOf(
  syscall: string,
  { index, operator, mask, value }: Condition,
): readonly MaskedEquality[] {
  if (operator === 'SCMP_CMP_MASKED_EQ') return (value & ~mask) === 0n ? [{ index, mask, value }] : []
  // An upper half that the kernel drops: whatever it holds, a lower one that differs makes the whole differ.
  const isNarrow = isNarrowArgument(syscall, index) && value <= all32
  const [wide, most] = isNarrow ? [all32, highest(syscall, index)] : [all64, all64]
  return rangesOf(operator, value, most).flatMap(([low, high]) => {
    return blocks(low, high, boundsAll.has(operator) ? all64 : wide).map((each) => ({ index, ...each }))
  })
}

/** Small numbers alone pass these: the upper half has to be 0. */
const boundsAll: ReadonlySet<Operator> = new Set(['SCMP_CMP_EQ', 'SCMP_CMP_LT', 'SCMP_CMP_LE'])

function rangesOf(
  operator: Exclude<Operator, 'SCMP_CMP_MASKED_EQ'>,
  value: bigint,
  most: bigint,
): readonly (readonly [low: bigint, high: bigint])[] {
  switch (operator) {
    case 'SCMP_CMP_EQ':
      return [[value, value]]
    case 'SCMP_CMP_LT':
      return [[0n, value - 1n]]
    case 'SCMP_CMP_LE':
      return [[0n, value]]
    case 'SCMP_CMP_GE':
      return [[value, most]]
    case 'SCMP_CMP_GT':
      return [[value + 1n, most]]
    case 'SCMP_CMP_NE':
      return [
        [0n, value - 1n],
        [value + 1n, most],
      ]
  }
}

/**
 * The largest value of an `int` argument. The kernel answers a protocol family from AF_MAX on (46, linux/socket.h) with
 * EAFNOSUPPORT: one beyond 63 is nothing that a program can use.
 */
function highest(syscall: string, index: number): bigint {
  return /^socket(?:pair)?$/.test(syscall) && index === 0 ? 63n : all32
}

/** The fewest masked equalities for the numbers from `low` to `high`, of as many bits as `all` has. */
function blocks(low: bigint, high: bigint, all: bigint): readonly Omit<MaskedEquality, 'index'>[] {
  const found: Omit<MaskedEquality, 'index'>[] = []
  for (let start = low; start <= high;) {
    let size = 1n
    while (start % (size * 2n) === 0n && start + size * 2n - 1n <= high) size *= 2n
    found.push({ mask: all & ~(size - 1n), value: start })
    start += size
  }
  return found
}

const opposites = {
  SCMP_CMP_EQ: 'SCMP_CMP_NE',
  SCMP_CMP_NE: 'SCMP_CMP_EQ',
  SCMP_CMP_LT: 'SCMP_CMP_GE',
  SCMP_CMP_GE: 'SCMP_CMP_LT',
  SCMP_CMP_LE: 'SCMP_CMP_GT',
  SCMP_CMP_GT: 'SCMP_CMP_LE',
} as const

/** Conditions of which one holds exactly where this one does not. */
function negated(condition: Condition): readonly Condition[] {
  const { operator, mask, value } = condition
  if (operator !== 'SCMP_CMP_MASKED_EQ') return [{ ...condition, operator: opposites[operator] }]
  if ((value & ~mask) !== 0n) return [{ ...condition, mask: 0n, value: 0n }]
  return Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit))
    .filter((bit) => (mask & bit) !== 0n)
    .map((bit) => ({ ...condition, mask: bit, value: ~value & bit }))
}
