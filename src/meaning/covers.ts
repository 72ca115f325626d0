// A set of calls as conditions that cover it: in ranges, or in masked equalities, as few as are simply found.
import type { OciArgument } from '../profile/document.ts'
import { bitAt, type CallSet } from './diagram.ts'

/** More rules than that for one call nobody would read. */
export const mostRules = 256

const all64 = 0xffffffffffffffffn

/**
 * By ranges of the first argument that decides, and in each by the arguments after it; undefined where they are too
 * many. Ranges of one argument for which the others decide alike are one.
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

/** All but one value is one comparison. */
function conditionsOf(index: number, ranges: readonly ValueRange[]): readonly OciArgument[] {
  const [first, second] = ranges
  if (ranges.length === 2 && first?.from === 0n && second?.to === all64 && first.to + 2n === second.from)
    return [{ index, op: 'SCMP_CMP_NE', value: first.to + 1n }]
  return ranges.flatMap(({ from, to }) => rangeOf(index, from, to))
}

/** One comparison where it is open to a side, else blocks of a power of two. */
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

/** Every way to `true`: the bits of the first argument that decides as masked equalities, the others after it in ranges. */
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
