// Which containers are of one workload: those whose pods a controller named. Their names differ in what the API server or
// the controller drew, so that a name with it says nothing that lasts.
// Authority: apimachinery util/rand (five characters behind a generateName; a template's hash by SafeEncodeString),
// batch/v1 (indexes of an Indexed Job), apps/v1 StatefulSet (ordinals).

const part = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?'
const drawn = '[bcdfghjklmnpqrstvwxz2456789]{5}'
/** Decimal digits of a 32-bit number, as SafeEncodeString spells them. What is shorter may be a word. */
const hash = '[456789bcdf]{8,10}'
const container = new RegExp(
  `^(${part})/([a-z0-9](?:[a-z0-9.-]*?[a-z0-9])?)-(?:(?:${hash}-|\\d+-)?${drawn}|\\d+|\\*)/(${part})$`,
)

/** Of `namespace/web-7d9f8c6b5-x2k4p/container` `namespace/web-*` and the container; any other name is itself. */
export function workloadOf(name: string): string {
  const [, namespace, workload, ofIt] = container.exec(name) ?? []
  return namespace === undefined ? name : `${namespace}/${workload}-*/${ofIt}`
}
