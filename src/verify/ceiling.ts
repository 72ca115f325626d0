// How the default profile answers a refused call, and the cases in which it allows the call. Without conditions there
// is one case for all arguments; with conditions the cases are those that `generate` writes.
import {
  answerAlways,
  isPermitted,
  permissiveness,
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

/**
 * Alternatives: any of them allows the call, and all conditions of one must hold. An empty one covers all arguments.
 */
export type RuleCases = readonly [readonly OciArgument[], ...(readonly OciArgument[])[]]

export interface RepairCeiling {
  /** The default's answer; undefined without a ceiling, and if the arguments decide and are unknown. */
  readonly answerTo: (refusal: RefusedCall) => Answer | undefined
  /** The cases in which the call may be added to a filter of these architectures; undefined if there are none. */
  readonly casesFor: (refusal: RefusedCall, architectures: readonly Architecture[]) => RuleCases | undefined
}

export const always: RuleCases = [[]]

/** `within` undefined: there is no ceiling. */
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
      if (answer === undefined || syscall === undefined || permissiveness(answer) < 2) return undefined
      const others = architectures.filter(
        (each) =>
          each !== architecture &&
          syscallTable(each).byName(syscall) !== undefined &&
          permittedCases(meanings, each, syscall).length > 0,
      )
      // A rule holds on every architecture of its filter, so the ceiling must allow the case on all of them.
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
