// Puts a security context into the user's own manifest: a Kubernetes workload, a compose file or a quadlet. Settings
// that the context does not decide stay, comments included. Authority: Kubernetes API reference (the PodSpec of each
// kind), the Compose Specification, podman-systemd.unit(5).
import { contextValue, type SecurityContext } from '../../harden/context.ts'
import { readOptions, text as anyText } from '../../options.ts'
import { patchTable, type PatchOptions } from './forms.ts'
import { patchQuadlet } from './patch-quadlet.ts'
import { patchYaml } from './patch-yaml.ts'
import type { PatchResult } from './patching.ts'

/**
 * Puts a security context into the containers of a manifest; the rest of the text stays.
 *
 * @throws UserError if the text is not such a manifest, if no container of it has evidence, or if an option or its
 * value is invalid.
 */
export function patchManifest(
  text: string,
  file: string,
  context: SecurityContext,
  given: PatchOptions = {},
): PatchResult {
  anyText(text, 'patchManifest: text')
  anyText(file, 'patchManifest: file')
  contextValue(context, 'patchManifest: context')
  const options = readOptions('patchManifest', patchTable, given)
  // Works on texts with LF line ends; a file with CRLF keeps them.
  if (text.includes('\r\n')) {
    const result = patchManifest(text.replaceAll('\r\n', '\n'), file, context, options)
    return { ...result, text: result.text.replaceAll('\n', '\r\n') }
  }
  const isQuadlet = file.endsWith('.container') || /^\[Container\]\s*$/m.test(text)
  return isQuadlet ? patchQuadlet(text, file, context, options) : patchYaml(text, file, context, options)
}
