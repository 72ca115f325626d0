// What the files of containers are called: the name that the user gave, or the image's, and a number where that is taken.
import { fileName } from '../file-name.ts'
import type { Described } from './engines.ts'

/** By id, in the order in which the containers came. */
export function fileNames(
  containers: readonly (readonly [id: string, described: Described])[],
): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  const services = new Map<string, string>()
  const free = (base: string): string => {
    const name = fileName(base)
    let found = name
    for (let number = 2; taken.has(found); number++) found = `${name}-${number}`
    taken.add(found)
    return found
  }
  return new Map(
    containers.map(([id, { base, service }]) => {
      const name = (service === undefined ? undefined : services.get(service)) ?? free(base)
      if (service !== undefined) services.set(service, name)
      return [id, name]
    }),
  )
}
