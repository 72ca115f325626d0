// A runtime, or one version of it, as the command line names it. Apart from what is known of them, which only few
// commands need.
import { isVersion } from '../versions.ts'

export type RuntimeName = 'runc' | 'crun'

/** "runc", "runc@1.3.6". */
export type RuntimeVersion = RuntimeName | `${RuntimeName}@${string}`

/** undefined for what is no runtime, or no version of one. */
export function readRuntimeVersion(
  word: string,
): { readonly runtime: RuntimeName; readonly version: string | undefined } | undefined {
  const [, runtime, , version] = /^(runc|crun)(@v?(.+))?$/.exec(word) ?? []
  if (runtime !== 'runc' && runtime !== 'crun') return undefined
  if (version !== undefined && !isVersion(version)) return undefined
  return { runtime, version }
}
