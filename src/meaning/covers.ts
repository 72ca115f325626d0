// States a set of calls as conditions: in ranges or in masked equalities. The result is short, not always the shortest.
import type { OciArgument } from '../profile/document.ts'
import { bitAt, type CallSet } from './diagram.ts'

/** Nobody would read more rules for one call. */
export const mostRules = 256

const all64 = 0xffffffffffffffffn

/**
 * The set in ranges of the first argument that matters, and below each range in conditions on later arguments. Ranges
 * with the same conditions on later arguments are joined. Undefined if there are too many.
 */
export function rangesOf(set: CallSet): readonly (readonly OciArgument[])[] | undefined {
  if (set === false) return []
  if (set === true) return [[]]
  const { index } = bitAt(set.variable)
  const ranges: { readonly from: bigint; to: bigint; readonly rest: CallSet }[] = []
  const open: { readonly at: CallSet; readonly from: bigint; readonly bits: bigint }[] = [
    { at: set, from: 0n, bits: 64n },
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, from, bits } = next
    if (at === false) continue
    if (at === true || bitAt(at.variable).index !== index) {
      const to = from + (1n << bits) - 1n
      const last = ranges.at(-1)
      if (last !== undefined && last.to + 1n === from && last.rest === at) last.to = to
      else ranges.push({ from, to, rest: at })
      if (ranges.length > mostRules) return undefined
      continue
    }
    const half = bits - 1n
    const decides = bitAt(at.variable).bit === 1n << half
    open.push({ at: decides ? at.one : at, from: from | (1n << half), bits: half })
    open.push({ at: decides ? at.zero : at, from, bits: half })
  }
  const stated: (readonly OciArgument[])[] = []
  for (const [rest, its] of byRest(ranges)) {
    const others = rangesOf(rest)
    if (others === undefined) return undefined
    for (const condition of conditionsOf(index, its))
      for (const other of others) stated.push([condition, ...other])
    if (stated.length > mostRules) return undefined
  }
  return stated
}

interface ValueRange {
  readonly from: bigint
  readonly to: bigint
}

function byRest(
  ranges: readonly (ValueRange & { readonly rest: CallSet })[],
): ReadonlyMap<CallSet, readonly ValueRange[]> {
  const groups = new Map<CallSet, ValueRange[]>()
  for (const { from, to, rest } of ranges) groups.set(rest, [...(groups.get(rest) ?? []), { from, to }])
  return groups
}

/** The conditions for ranges of one argument. If they exclude a single value, they are one NE. */
function conditionsOf(index: number, ranges: readonly ValueRange[]): readonly OciArgument[] {
  const [first, second] = ranges
  if (ranges.length === 2 && first?.from === 0n && second?.to === all64 && first.to + 2n === second.from)
    return [{ index, op: 'SCMP_CMP_NE', value: first.to + 1n }]
  return ranges.flatMap(({ from, to }) => rangeOf(index, from, to))
}

/** One comparison if the range has an end at 0 or at the largest value; else blocks of powers of two. */
function rangeOf(index: number, from: bigint, to: bigint): readonly OciArgument[] {
  if (from === to) return [{ index, op: 'SCMP_CMP_EQ', value: from }]
  if (from === 0n) return [{ index, op: 'SCMP_CMP_LE', value: to }]
  if (to === all64) return [{ index, op: 'SCMP_CMP_GE', value: from }]
  const blocks: OciArgument[] = []
  for (let at = from; at <= to;) {
    let size = 1n
    while ((at & (size * 2n - 1n)) === 0n && at + size * 2n - 1n <= to) size *= 2n
    blocks.push(
      size === 1n
        ? { index, op: 'SCMP_CMP_EQ', value: at }
        : { index, op: 'SCMP_CMP_MASKED_EQ', value: all64 & ~(size - 1n), valueTwo: at },
    )
    at += size
  }
  return blocks
}

/** The set in masked equalities of the first argument that matters, and below each in ranges of later arguments. */
export function casesOf(set: CallSet): readonly (readonly OciArgument[])[] | undefined {
  if (set === false) return []
  if (set === true) return [[]]
  const { index } = bitAt(set.variable)
  const cases: (readonly OciArgument[])[] = []
  const open: { readonly at: CallSet; readonly mask: bigint; readonly value: bigint }[] = [
    { at: set, mask: 0n, value: 0n },
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, mask, value } = next
    if (at === false) continue
    if (at === true || bitAt(at.variable).index !== index) {
      const rest = rangesOf(at) ?? casesOf(at)
      if (rest === undefined) return undefined
      const condition: OciArgument =
        mask === all64
          ? { index, op: 'SCMP_CMP_EQ', value }
          : { index, op: 'SCMP_CMP_MASKED_EQ', value: mask, valueTwo: value }
      cases.push(...rest.map((each) => [condition, ...each]))
      if (cases.length > mostRules) return undefined
      continue
    }
    const { bit } = bitAt(at.variable)
    open.push({ at: at.one, mask: mask | bit, value: value | bit })
    open.push({ at: at.zero, mask: mask | bit, value })
  }
  return cases
}
