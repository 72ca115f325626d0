// Why a profile has no meaning somewhere: what libseccomp or a runtime refuses, so that the container does not start, as
// data. Decided in this room alone: `validate` and every command that needs a meaning ask. Sentences: errors/refusals.ts.
import { UserError } from '../errors.ts'
import type { RefusalCode } from '../errors/refusals.ts'
import type { Standing } from '../profile/flaws.ts'

/** `facts` are what the sentence needs, raw. */
export interface ProfileRefusal extends Standing {
  readonly code: RefusalCode
  readonly facts: Readonly<Record<string, string>>
}

/** For those who need the profile's meaning. */
export function refused(file: string, { code, at, facts }: ProfileRefusal): UserError {
  const { line, column } = at
  return new UserError('refused-profile', { file, line, column, refusal: code, about: facts })
}

export type { RefusalCode }
