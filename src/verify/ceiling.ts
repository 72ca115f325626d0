// What the default profile says of a refused call, and the narrowest rule of it that allows the call: without conditions
// where the default has none, with the default's own where it has.
import {
  answerAlways,
  level,
  makeMeaning,
  type Answer,
  type Context,
  type Meaning,
} from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { OciArgument } from '../profile/document.ts'
import { architectures, type Architecture } from '../abi/architectures.ts'
import type { Refusal } from './refusals.ts'

export interface Ceiling {
  /** What the default answers; undefined where there is no ceiling, or the arguments are not known and decide. */
  readonly answerTo: (refusal: Refusal) => Answer | undefined
  /** The conditions under which the call may be added; none: whatever the arguments. undefined: it may not. */
  readonly conditionsFor: (refusal: Refusal) => readonly OciArgument[] | undefined
}

/** `within` undefined: no ceiling. */
export function ceilingOf(within: ParsedProfile | undefined, context: Context): Ceiling {
  if (within === undefined) return { answerTo: () => undefined, conditionsFor: () => [] }
  const meaning = makeMeaning(within, context)
  const answerTo = ({ architecture, number, args }: Refusal): Answer | undefined => {
    if (number === undefined) return undefined
    return answerAlways(meaning, architecture, number) ?? (args && meaning.answer(architecture, number, args))
  }
  return {
    answerTo,
    conditionsFor: (refusal) => {
      const answer = answerTo(refusal)
      if (answer === undefined || level(answer) < 2) return undefined
      const { architecture, number, syscall, args } = refusal
      if (number !== undefined && answerAlways(meaning, architecture, number) !== undefined) return []
      return args === undefined ? undefined : allowingRule(meaning, architecture, syscall, args)
    },
  }
}

function allowingRule(
  { resolved }: Meaning,
  architecture: Architecture,
  syscall: string | undefined,
  args: readonly bigint[],
): readonly OciArgument[] | undefined {
  const { bits } = architectures[architecture]
  return resolved.rules.find(
    (rule) =>
      rule.names.includes(syscall ?? '') &&
      level(rule.answer) === 2 &&
      rule.args.length > 0 &&
      rule.args.every((each) => holds(each, args, bits)),
  )?.args
}

/** As libseccomp compares: unsigned, and on 32-bit architectures the lower halves. */
function holds(
  { index, op, value, valueTwo = 0n }: OciArgument,
  args: readonly bigint[],
  bits: 32 | 64,
): boolean {
  const word = (each: bigint): bigint => BigInt.asUintN(bits, each)
  const argument = word(args[index] ?? 0n)
  switch (op) {
    case 'SCMP_CMP_NE':
      return argument !== word(value)
    case 'SCMP_CMP_LT':
      return argument < word(value)
    case 'SCMP_CMP_LE':
      return argument <= word(value)
    case 'SCMP_CMP_EQ':
      return argument === word(value)
    case 'SCMP_CMP_GE':
      return argument >= word(value)
    case 'SCMP_CMP_GT':
      return argument > word(value)
    case 'SCMP_CMP_MASKED_EQ':
      return (argument & word(value)) === word(valueTwo)
  }
}
