// Checks which paths a form can hold. An unprintable path is an error and is never altered: a missing or misplaced
// mount breaks the workload.
import { UserError } from '../../errors.ts'
import { escapeTerminal } from '../../escape.ts'
import type { ContainerContext } from '../../harden/context.ts'
import { isWithin, normal } from '../../harden/paths.ts'
import type { ContextForm } from './forms.ts'

/** Throws a UserError for a path with a character that `form` cannot write. */
export function checkPaths(
  { mounts }: ContainerContext,
  form: ContextForm | 'quadlet',
  refused: RegExp,
): void {
  for (const { path } of mounts)
    if (refused.test(path) || escapeTerminal(path) !== path.replaceAll('\\', '\\\\'))
      throw new UserError('path-not-in-form', { path, form })
}

/** Whether a mount at `place` is at the path or above it: at it, an empty mount would hide what the mount holds. */
export function isMountedAt(place: string, path: string): boolean {
  const absolute = (each: string): string => normal(`/${each}`) ?? '/'
  return isWithin(absolute(path), absolute(place))
}
