// The profile that `watch --patch` and `generate --add` edit, and the ceiling of their additions.
import { UserError } from '../errors.ts'
import type { PatchSubject } from '../watch/index.ts'
import { loadProfile } from './profiles.ts'
import type { World } from './world.ts'

/** `within`: a profile, or `none` for no ceiling. Throws UserError for a built-in profile, which has no text. */
export async function patchSubject(
  profile: string,
  within: string,
  world: World,
): Promise<Pick<PatchSubject, 'name' | 'text' | 'within'>> {
  const { name, text } = await loadProfile(profile, world)
  if (text === undefined) throw new UserError('patch-needs-file', { profile })
  return { name, text, within: within === 'none' ? undefined : (await loadProfile(within, world)).profile }
}
