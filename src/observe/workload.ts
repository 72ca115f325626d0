// Recognizes containers of one workload: those whose pods a controller named. Their names differ only in random or
// counted parts, which no later pod shares. Authority: apimachinery util/rand (five characters after a generateName; a
// template's hash by SafeEncodeString), batch/v1 (indexes of an Indexed Job), apps/v1 StatefulSet (ordinals).

const part = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?'
const drawn = '[bcdfghjklmnpqrstvwxz2456789]{5}'
/** Decimal digits of a 32-bit number, as SafeEncodeString spells them. A shorter text may be a word. */
const hash = '[456789bcdf]{8,10}'
const container = new RegExp(
  `^(${part})/([a-z0-9](?:[a-z0-9.-]*?[a-z0-9])?)-(?:(?:${hash}-|\\d+-)?${drawn}|\\d+|\\*)/(${part})$`,
)

/** `namespace/web-7d9f8c6b5-x2k4p/container` becomes `namespace/web-*` and the container; any other name stays. */
export function workloadOf(name: string): string {
  const [, namespace, workload, ofIt] = container.exec(name) ?? []
  return namespace === undefined ? name : `${namespace}/${workload}-*/${ofIt}`
}
