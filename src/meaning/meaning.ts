// A profile in a context: the filter that is installed there, and its answers.
import type { Architecture } from '../abi/architectures.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { Answer } from './answer.ts'
import type { Context } from './context.ts'
import { heldMeaning } from './applied-profile.ts'
import { answerTo } from './evaluate.ts'
import { decisionOn, makeFilter, type Filter } from './filter.ts'
import { isAnswer } from './program.ts'
import { refused, type ProfileRefusal } from './refusal.ts'
import { refusedActions } from './refused-actions.ts'
import { refusedWords } from './refused-words.ts'
import { resolve, type Resolved } from './resolve.ts'

/** A profile in a context. */
export interface Meaning {
  readonly context: Context
  readonly resolved: Resolved
  readonly filter: Filter
  answer(architecture: Architecture, number: number, args: readonly bigint[]): Answer
}

const made = new WeakMap<ParsedProfile, Map<string, Meaning | ProfileRefusal>>()

/**
 * The meaning of a profile in a context. It is made once for both: many callers ask, and making the filter takes longer
 * than most questions.
 *
 * @throws UserError for a profile that its loader, the runtime or libseccomp refuses.
 */
export function makeMeaning(parsed: ParsedProfile, context: Context): Meaning {
  const meaning = meaningOf(parsed, context)
  if ('code' in meaning) throw refused(parsed.name, meaning)
  return meaning
}

/**
 * The same with refusals of the runtime and libseccomp as data. @throws UserError for a profile that its loader
 * refuses.
 */
export function meaningOf(parsed: ParsedProfile, context: Context): Meaning | ProfileRefusal {
  const known = made.get(parsed) ?? new Map<string, Meaning | ProfileRefusal>()
  made.set(parsed, known)
  const { host, kernel, runtime, library, engine, capabilities } = context
  const key = [host, kernel.join('.'), runtime, library, engine, ...[...capabilities].sort()].join(' ')
  const meaning = known.get(key) ?? heldMeaning(parsed, context) ?? meaningIn(parsed, context)
  known.set(key, meaning)
  return meaning
}

function meaningIn(parsed: ParsedProfile, context: Context): Meaning | ProfileRefusal {
  const resolved = resolve(parsed, context)
  const [refusal] = [...refusedActions(parsed, context), ...refusedWords(resolved, context)]
  if (refusal !== undefined) return refusal
  const filter = makeFilter(resolved, context)
  if ('code' in filter) return filter
  return {
    context,
    resolved,
    filter,
    answer: (architecture, number, args) => answerTo(filter, architecture, number, args),
  }
}

/** The answer to a call if it is the same for all arguments; else undefined. */
export function answerAlways(
  { filter }: Meaning,
  architecture: Architecture,
  number: number,
): Answer | undefined {
  const decision = decisionOn(filter, architecture, number)
  return isAnswer(decision) ? decision : undefined
}
