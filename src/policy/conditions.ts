// Keys and conjunctions of conditions on arguments. Every condition is a masked equality: see policy.ts.
import type { MaskedCondition } from './policy.ts'

/** A text that is equal for equal conditions and sorts in numeric order. */
export function conditionsKey(conditions: readonly MaskedCondition[]): string {
  return conditions.map(({ index, mask, value }) => `${index} ${wide(mask)} ${wide(value)}`).join(' ')
}

function wide(value: bigint): string {
  return value.toString(16).padStart(16, '0')
}

/** The conjunction, one condition an argument, sorted by argument; undefined if no call satisfies both. */
export function both(
  one: readonly MaskedCondition[],
  other: readonly MaskedCondition[],
): readonly [readonly MaskedCondition[]] | undefined {
  const joined = new Map(one.map((each) => [each.index, each]))
  for (const { index, mask, value } of other) {
    const before = joined.get(index) ?? { index, mask: 0n, value: 0n }
    if (((before.value ^ value) & before.mask & mask) !== 0n) return undefined
    joined.set(index, { index, mask: before.mask | mask, value: before.value | value })
  }
  return [[...joined.values()].sort((a, b) => a.index - b.index)]
}
