// What the default profile says of a refused call, and the cases in which it allows the call: one without conditions
// where it has none, and the same as `generate` writes where it has.
import {
  answerAlways,
  isPermitted,
  level,
  makeMeaning,
  permittedCases,
  type Answer,
  type Context,
} from '../meaning/index.ts'
import type { Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { OciArgument } from '../profile/document.ts'
import type { RefusedCall } from './refusals.ts'

/** Conditions of which any one's being met is enough; of one all must be. None: whatever the arguments. */
export type RuleCases = readonly [readonly OciArgument[], ...(readonly OciArgument[])[]]

export interface RepairCeiling {
  /** What the default answers; undefined where there is no ceiling, or the arguments are not known and decide. */
  readonly answerTo: (refusal: RefusedCall) => Answer | undefined
  /** The cases in which the call may be added to a filter of these architectures; undefined: it may not. */
  readonly casesFor: (refusal: RefusedCall, architectures: readonly Architecture[]) => RuleCases | undefined
}

export const always: RuleCases = [[]]

/** `within` undefined: no ceiling. */
export function ceilingOf(within: ParsedProfile | undefined, context: Context): RepairCeiling {
  if (within === undefined) return { answerTo: () => undefined, casesFor: () => always }
  const meaning = makeMeaning(within, context)
  const meanings = [meaning]
  const answerTo = ({ architecture, number, args }: RefusedCall): Answer | undefined => {
    if (number === undefined) return undefined
    return answerAlways(meaning, architecture, number) ?? (args && meaning.answer(architecture, number, args))
  }
  return {
    answerTo,
    casesFor: (refusal, architectures) => {
      const answer = answerTo(refusal)
      const { architecture, syscall } = refusal
      if (answer === undefined || syscall === undefined || level(answer) < 2) return undefined
      const others = architectures.filter(
        (each) =>
          each !== architecture &&
          syscallTable(each).byName(syscall) !== undefined &&
          permittedCases(meanings, each, syscall).length > 0,
      )
      // A rule holds on every architecture of its filter.
      const [first, ...rest] = permittedCases(meanings, architecture, syscall)
        .filter((each) => others.every((other) => isPermitted(meanings, other, syscall, each)))
        .map((each) =>
          each.map(({ index, mask, value }): OciArgument => ({
            index,
            value: mask,
            valueTwo: value,
            op: 'SCMP_CMP_MASKED_EQ',
          })),
        )
      return first === undefined ? undefined : [first, ...rest]
    },
  }
}
