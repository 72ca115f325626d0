// Checks which paths a form can hold. An unprintable path is an error and is never altered: a missing or misplaced
// mount breaks the workload.
import { UserError } from '../../errors.ts'
import { escapeTerminal } from '../../escape.ts'
import type { ContainerContext } from '../../harden/context.ts'
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
  const wanted = partsOf(path)
  return partsOf(place).every((part, at) => part === wanted[at])
}

function partsOf(path: string): readonly string[] {
  return path
    .split('/')
    .reduce<readonly string[]>(
      (parts, part) =>
        part === '..' ? parts.slice(0, -1) : part === '' || part === '.' ? parts : [...parts, part],
      [],
    )
}
