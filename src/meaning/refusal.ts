// Why a profile has no meaning in a context: a runtime or libseccomp refuses it, and the container does not start. Only
// this room decides that, for `validate` and for every command that needs a meaning. errors/refusals.ts has the
// sentences.
import { UserError } from '../errors.ts'
import type { RefusalCode } from '../errors/refusals.ts'
import type { Standing } from '../profile/flaws.ts'

/** `facts`: the unescaped values for the sentence. */
export interface ProfileRefusal extends Standing {
  readonly code: RefusalCode
  readonly facts: Readonly<Record<string, string>>
}

/** The error for commands that need the profile's meaning. */
export function refused(file: string, { code, at, facts }: ProfileRefusal): UserError {
  const { line, column } = at
  return new UserError('refused-profile', { file, line, column, refusal: code, about: facts })
}

export type { RefusalCode }
