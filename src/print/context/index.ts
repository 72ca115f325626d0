// Prints a security context for the tool that starts the workload, each line with its evidence as a comment.
import { UserError } from '../../errors.ts'
import { contextValue, printContext, type SecurityContext } from '../../harden/index.ts'
import { oneOf, readOptions } from '../../options.ts'
import { derivePolicy } from '../../policy/index.ts'
import type { Observations } from '../../observe/index.ts'
import { observationsValue } from '../../read/observations/document.ts'
import { apparmorText } from './apparmor.ts'
import { composeText } from './compose.ts'
import { engineText } from './engine.ts'
import { contextForms, printContextTable, type ContextForm, type PrintContextOptions } from './forms.ts'
import { podContextText } from './kubernetes.ts'
import { systemdText } from './systemd.ts'

export {
  contextForms,
  type ContextForm,
  type DropIn,
  type PatchOptions,
  type PrintContextOptions,
} from './forms.ts'
export { patchManifest } from './patch.ts'
export { dropInDirectories, podOfQuadlet } from './quadlet.ts'
export type { PatchResult } from './patching.ts'

/**
 * The text of a context in a form. The same context gives the same bytes. `observations`: the source of the context.
 * AppArmor needs their files, systemd their calls.
 *
 * @throws UserError if the form cannot hold the context, or if the form, an option or its value is invalid.
 */
export function printContextAs(
  context: SecurityContext,
  form: ContextForm,
  given: PrintContextOptions = {},
  observations?: Observations,
): string {
  contextValue(context, 'printContextAs: context')
  if (observations !== undefined) observationsValue(observations, 'printContextAs: observations')
  const options = readOptions('printContextAs', printContextTable, given)
  const known = oneOf(contextForms)(form, 'printContextAs: form')
  switch (known) {
    case 'json':
      return printContext(context)
    case 'kubernetes':
      return podContextText(context, options)
    case 'docker':
    case 'podman':
      return engineText(context, known, options)
    case 'compose':
      return composeText(context, options)
    case 'systemd':
      return systemdText(context, observations && allowedCalls(observations))
    case 'apparmor':
      if (observations === undefined) throw new UserError('form-needs-observations', { form })
      return apparmorText(context, observations)
  }
}

/**
 * The calls for systemd's filter. It knows only names, so a call allowed under conditions is allowed. It has one errno
 * for all other calls, so clone3 cannot be answered with ENOSYS and is allowed. No container runtime needs calls.
 */
function allowedCalls(observations: Observations): readonly string[] | undefined {
  const { rules } = derivePolicy(observations, { runtime: 'none', allowClone3: true })
  const calls = rules.filter(({ action }) => action.type === 'allow').map(({ syscall }) => syscall)
  return calls.length === 0 ? undefined : [...new Set(calls)].sort()
}
