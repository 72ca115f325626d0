// Conditions as sets of calls, and the conjunction of two rules' conditions. All comparisons are those of 64-bit
// architectures.
import type { OciArgument } from '../profile/document.ts'
import type { CallSet, Diagrams } from './diagram.ts'

/** False if an argument is compared twice: the runtime then makes two rules (conditions.ts). */
export function comparesEachOnce(args: readonly OciArgument[]): boolean {
  return new Set(args.map(({ index }) => index)).size === args.length
}

/** The calls that satisfy all conditions. */
export function callsOf(diagrams: Diagrams, args: readonly OciArgument[]): CallSet {
  return args.reduce<CallSet>((set, each) => diagrams.choose(passing(diagrams, each), set, false), true)
}

function passing(diagrams: Diagrams, { index, op, value, valueTwo = 0n }: OciArgument): CallSet {
  const halves = (number: bigint): readonly [number, number] => [
    Number(number >> 32n),
    Number(number & 0xffffffffn),
  ]
  const word = (high: boolean, mask: number, test: 'eq' | 'gt' | 'ge', datum: number): CallSet =>
    diagrams.passing(index * 2 + (high ? 1 : 0), mask, { test, datum })
  const all32 = 0xffffffff
  const [high, low] = halves(value)
  const isMasked = op === 'SCMP_CMP_MASKED_EQ'
  const [maskHigh, maskLow] = isMasked ? [high, low] : [all32, all32]
  const [wantedHigh, wantedLow] = isMasked ? halves(valueTwo) : [high, low]
  const equal = diagrams.choose(
    word(true, maskHigh, 'eq', wantedHigh),
    word(false, maskLow, 'eq', wantedLow),
    false,
  )
  const above = (test: 'gt' | 'ge'): CallSet =>
    diagrams.choose(
      word(true, all32, 'gt', high),
      true,
      diagrams.choose(word(true, all32, 'eq', high), word(false, all32, test, low), false),
    )
  const not = (set: CallSet): CallSet => diagrams.choose(set, false, true)
  switch (op) {
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_MASKED_EQ':
      return equal
    case 'SCMP_CMP_NE':
      return not(equal)
    case 'SCMP_CMP_GT':
      return above('gt')
    case 'SCMP_CMP_GE':
      return above('ge')
    case 'SCMP_CMP_LT':
      return not(above('ge'))
    case 'SCMP_CMP_LE':
      return not(above('gt'))
  }
}

/** The conditions of both rules together. `never`: no call satisfies both. Undefined: one rule cannot state them. */
export function conjunction(
  one: readonly OciArgument[],
  other: readonly OciArgument[],
): readonly OciArgument[] | 'never' | undefined {
  if (!comparesEachOnce(one) || !comparesEachOnce(other)) return undefined
  const args = new Map(one.map((each) => [each.index, each]))
  for (const each of other) {
    const before = args.get(each.index)
    const both = before === undefined ? each : oneCondition(before, each)
    if (both === undefined || both === 'never') return both
    args.set(each.index, both)
  }
  return [...args.values()].sort((a, b) => a.index - b.index)
}

function oneCondition(a: OciArgument, b: OciArgument): OciArgument | 'never' | undefined {
  if (a.op === b.op && a.value === b.value && (a.valueTwo ?? 0n) === (b.valueTwo ?? 0n)) return a
  if (a.op === 'SCMP_CMP_EQ') return holds(b, a.value) ? a : 'never'
  if (b.op === 'SCMP_CMP_EQ') return holds(a, b.value) ? b : 'never'
  if (a.op !== 'SCMP_CMP_MASKED_EQ' || b.op !== 'SCMP_CMP_MASKED_EQ') {
    // Of two upper or two lower limits the stricter one decides.
    if (a.op !== b.op || a.op === 'SCMP_CMP_NE') return undefined
    const upper = a.op === 'SCMP_CMP_LT' || a.op === 'SCMP_CMP_LE'
    return a.value < b.value === upper ? a : b
  }
  const [x, y] = [a.valueTwo ?? 0n, b.valueTwo ?? 0n]
  if ((x & b.value & a.value) !== (y & a.value & b.value)) return 'never'
  return { index: a.index, op: 'SCMP_CMP_MASKED_EQ', value: a.value | b.value, valueTwo: x | y }
}

function holds({ op, value, valueTwo = 0n }: OciArgument, given: bigint): boolean {
  switch (op) {
    case 'SCMP_CMP_EQ':
      return given === value
    case 'SCMP_CMP_NE':
      return given !== value
    case 'SCMP_CMP_LT':
      return given < value
    case 'SCMP_CMP_LE':
      return given <= value
    case 'SCMP_CMP_GT':
      return given > value
    case 'SCMP_CMP_GE':
      return given >= value
    case 'SCMP_CMP_MASKED_EQ':
      return (given & value) === valueTwo
  }
}
