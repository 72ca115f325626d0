// A filter that holds in a process in the place of a profile: whatever is asked of a profile's meaning is answered by the
// filter, so that it is compared and explained as a profile is. It has no rules and no context of its own.
import type { ParsedProfile } from '../profile/dialects.ts'
import { parseProfile } from '../profile/parse.ts'
import { appliedMeaning, type AppliedFilter } from './applied.ts'
import type { Context } from './context.ts'
import type { Meaning } from './meaning.ts'

const held = new WeakMap<ParsedProfile, AppliedFilter>()

/** `name`: for messages, such as `process 17`. */
export function appliedProfile(applied: AppliedFilter, name: string): ParsedProfile {
  const { action, errno } = applied.answer(applied.host, 2000, [])
  const text = JSON.stringify({
    defaultAction: action,
    ...(errno !== undefined && { defaultErrnoRet: errno }),
  })
  const profile = parseProfile(text, { name })
  held.set(profile, applied)
  return profile
}

/** Undefined for a profile. */
export function heldMeaning(profile: ParsedProfile, context: Context): Meaning | undefined {
  const applied = held.get(profile)
  return applied && appliedMeaning(applied, profile.name, context)
}
