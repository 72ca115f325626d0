// A security context put into the user's own manifest: a Kubernetes workload, a compose file or a quadlet. What the
// context does not speak of stays as it is, comments as well; what the manifest has tighter stays so. Authority: Kubernetes API
// reference (where a kind has its PodSpec), the Compose Specification, podman-systemd.unit(5).
import type { SecurityContext } from '../../harden/context.ts'
import type { PrintContextOptions } from './forms.ts'
import { patchQuadlet } from './patch-quadlet.ts'
import { patchYaml } from './patch-yaml.ts'
import type { PatchResult } from './patching.ts'

/**
 * Puts a security context into the containers of a manifest; the rest of its text stays.
 *
 * @throws UserError for a text that is no such manifest, and for one none of whose containers has evidence.
 */
export function patchManifest(
  text: string,
  file: string,
  context: SecurityContext,
  options: PrintContextOptions = {},
): PatchResult {
  // Lines are compared and written with one end; the file keeps its own.
  if (text.includes('\r\n')) {
    const result = patchManifest(text.replaceAll('\r\n', '\n'), file, context, options)
    return { ...result, text: result.text.replaceAll('\n', '\r\n') }
  }
  const isQuadlet = file.endsWith('.container') || /^\[Container\]\s*$/m.test(text)
  return isQuadlet ? patchQuadlet(text, file, context, options) : patchYaml(text, file, context, options)
}
