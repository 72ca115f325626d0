// Reads a runtime, or one version of it, as the command line names it. A file of its own: few commands need the facts
// about runtimes (runtimes.ts).
import { isVersion } from '../versions.ts'

export type RuntimeName = 'runc' | 'crun'

/** "runc", "runc@1.3.6". */
export type RuntimeVersion = RuntimeName | `${RuntimeName}@${string}`

/** Undefined for an unknown runtime and for a malformed version. */
export function readRuntimeVersion(
  word: string,
): { readonly runtime: RuntimeName; readonly version: string | undefined } | undefined {
  const [, runtime, , version] = /^(runc|crun)(@v?(.+))?$/.exec(word) ?? []
  if (runtime !== 'runc' && runtime !== 'crun') return undefined
  if (version !== undefined && !isVersion(version)) return undefined
  return { runtime, version }
}
