// Conditions on their way from the ceiling's cases to a rule: as few rules as say the same, and with small numbers, which
// every engine and every tool holds exactly.
import { caseKey, type Case } from '../meaning/index.ts'
import type { Condition } from './policy.ts'

const all64 = 0xffffffffffffffffn

/** More values than these are written as the masks that they came in. */
const few = 64n

/** Equal for equal conditions, in numeric order where sorted as text. */
export function conditionsKey(conditions: readonly Condition[]): string {
  return conditions
    .map((each) => ('below' in each ? `${each.index} < ${wide(each.below)}` : caseKey([each])))
    .join(' ')
}

function wide(value: bigint): string {
  return value.toString(16).padStart(16, '0')
}

/**
 * The same alternatives, written without masks of the whole register where one argument alone decides: the ranges from
 * 0 on as one comparison, other short ranges value by value.
 */
export function shortened(cases: readonly Case[]): readonly (readonly Condition[])[] {
  const ranges = cases.flatMap((each) => rangeOf(each) ?? [])
  const others = cases.filter((each) => rangeOf(each) === undefined)
  const written = [...new Set(ranges.map(({ index }) => index))].flatMap((index) => {
    const its = ranges.filter((each) => each.index === index).sort((a, b) => (a.low < b.low ? -1 : 1))
    let below = 0n
    for (const { low, size } of its) if (low <= below && low + size > below) below = low + size
    if (below > all64) return [[]]
    return [
      ...(below > 1n ? [[{ index, below }]] : []),
      ...its.filter(({ low }) => below <= 1n || low >= below).flatMap(valuesOfRange),
    ]
  })
  return [...written, ...others]
}

interface Range {
  readonly index: number
  readonly low: bigint
  readonly size: bigint
}

/** The range of a case that compares the upper bits of one argument and no lower ones. */
function rangeOf(conditions: Case): Range | undefined {
  const [only, ...others] = conditions
  if (only === undefined || others.length > 0) return undefined
  const size = (all64 & ~only.mask) + 1n
  // A power of two: the mask has its bits in one piece, the highest among them.
  return only.mask >> 63n === 1n && (size & (size - 1n)) === 0n
    ? { index: only.index, low: only.value, size }
    : undefined
}

function valuesOfRange({ index, low, size }: Range): readonly Case[] {
  if (size > few) return [[{ index, mask: all64 & ~(size - 1n), value: low }]]
  return Array.from({ length: Number(size) }, (_, offset) => [
    { index, mask: all64, value: low + BigInt(offset) },
  ])
}
