// Names the files of containers: by the user's name or the image's, with a number if that name is taken.
import { fileName } from '../file-name.ts'
import type { Described } from './engines.ts'

/** The file names by container id. `containers`: in the order in which they came. */
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
