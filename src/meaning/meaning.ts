// A profile in a context: the filter that stands there, and its answers.
import type { Architecture } from '../abi/architectures.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { Answer } from './answer.ts'
import type { Context } from './context.ts'
import { answerTo } from './evaluate.ts'
import { decisionOn, makeFilter, type Filter } from './filter.ts'
import { isAnswer } from './program.ts'
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

/** The answer to a call where no argument changes it; undefined where one may. */
export function answerAlways(
  { filter }: Meaning,
  architecture: Architecture,
  number: number,
): Answer | undefined {
  const decision = decisionOn(filter, architecture, number)
  return isAnswer(decision) ? decision : undefined
}
