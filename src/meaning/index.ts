// What a profile means: the answer of libseccomp's filter and the kernel to any call, in a context (host, bounding
// set, kernel, runtime). Decided from the profile alone, on the authority of the loaders (resolve.ts), runc and crun
// (filter.ts, conditions.ts) and libseccomp (chain*.ts). Pure.
import type { Architecture } from '../abi/architectures.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { Answer } from './answer.ts'
import type { Context } from './context.ts'
import { answerTo } from './evaluate.ts'
import { decisionOn, isAnswer, makeFilter, type Filter } from './filter.ts'
import { resolve, type Resolved } from './resolve.ts'

/** A profile in a context. */
export interface Meaning {
  readonly context: Context
  readonly resolved: Resolved
  readonly filter: Filter
  answer(architecture: Architecture, number: number, args: readonly bigint[]): Answer
}

/** @throws UserError for a profile that a loader refuses, or libseccomp. */
export function makeMeaning(parsed: ParsedProfile, context: Context): Meaning {
  const resolved = resolve(parsed, context)
  const filter = makeFilter(resolved, context)
  return {
    context,
    resolved,
    filter,
    answer: (architecture, number, args) => answerTo(filter, architecture, number, args),
  }
}

export { answerText, directionOf, type Answer, type Direction } from './answer.ts'
export { contextOf, dockerCapabilities, type Context, type ContextOptions } from './context.ts'
export { builtin, builtinNames, isBuiltinName, type Builtin } from './builtin.ts'

/** The answer to a call where no argument changes it; undefined where one may. */
export function answerAlways(
  { filter }: Meaning,
  architecture: Architecture,
  number: number,
): Answer | undefined {
  const decision = decisionOn(filter, architecture, number)
  return isAnswer(decision) ? decision : undefined
}
export {
  both,
  caseKey,
  distinct,
  isCarriedOut,
  permittedCases,
  type Case,
  type MaskedEquality,
} from './permitted.ts'
export { differencesOf, type Difference } from './compare.ts'
export {
  changesBetween,
  countsAgainst,
  type Change,
  type ChangeId,
  type Comparison,
  type Counts,
  type Verdict,
} from './changes.ts'
