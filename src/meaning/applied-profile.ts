// Lets an applied filter stand in for a profile, so that it can be compared and explained like one: the filter answers
// every question about the profile's meaning. It has no rules and no context of its own.
import { unlistedNumber } from '../abi/numbers.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parseProfile } from '../profile/parse.ts'
import { appliedMeaning, type AppliedFilter } from './applied.ts'
import type { Context } from './context.ts'
import type { Meaning } from './meaning.ts'

const held = new WeakMap<ParsedProfile, AppliedFilter>()

/** `name`: the name in messages, such as `process 17`. */
export function appliedProfile(applied: AppliedFilter, name: string): ParsedProfile {
  const { action, errno } = applied.answer(applied.host, unlistedNumber(applied.host), [])
  const text = JSON.stringify({
    defaultAction: action,
    ...(errno !== undefined && { defaultErrnoRet: errno }),
  })
  const profile = parseProfile(text, { name })
  held.set(profile, applied)
  return profile
}

/** The meaning of the filter that the profile describes; undefined for a real profile. */
export function heldMeaning(profile: ParsedProfile, context: Context): Meaning | undefined {
  const applied = held.get(profile)
  return applied && appliedMeaning(applied, profile.name, context)
}
