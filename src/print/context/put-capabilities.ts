// A list of capabilities in a manifest. Docker and Podman read their names in any case, with and without `CAP_`, so a
// manifest may spell one otherwise than a context does: it is renamed, and keeps its comments. Authority: moby
// oci/caps, NormalizeLegacyCapabilities(); containers/common pkg/capabilities, NormalizeCapabilities().
import { shortName } from './forms.ts'
import type { YamlMap } from './yaml-map.ts'

/** `names`: short names. Without any, the list is removed. */
export function putCapabilities(map: YamlMap, key: string, names: readonly string[]): void {
  if (names.length === 0) return map.remove(key, [])
  const renamed = (item: unknown): unknown => names.find((each) => each === shortNameIn(item)) ?? item
  if (Array.isArray(map.value(key))) map.replaceItems(key, renamed)
  map.put(key, names)
}

function shortNameIn(item: unknown): string | undefined {
  return typeof item === 'string' ? shortName(item.toUpperCase()) : undefined
}
