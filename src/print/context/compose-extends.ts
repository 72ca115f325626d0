// Finds what a compose service gets from the services that it extends. Its own scalars win, mappings merge, and lists
// add up, so a service cannot remove an inherited item. Authority: Compose Specification, "extends".
import { mapping, scalar, scalars, type ManifestShape } from './shapes.ts'
import type { YamlMap } from './yaml-map.ts'

/** What a patch reads or changes of a service. */
export const composeServiceShape: ManifestShape = mapping({
  user: scalar,
  network_mode: scalar,
  privileged: scalar,
  read_only: scalar,
  extends: { ...mapping({ service: scalar, file: scalar }), kinds: ['scalar', 'mapping'] },
  cap_add: scalars,
  cap_drop: scalars,
  group_add: scalars,
  security_opt: scalars,
  sysctls: { ...scalars, kinds: ['mapping', 'list'] },
  tmpfs: { ...scalars, kinds: ['scalar', 'list'] },
  volumes: { kinds: ['list'], items: { kinds: ['scalar', 'mapping'] } },
})

export interface ExtendedService {
  /** The value that holds for the service. */
  scalar(key: string): unknown
  /** The items that the service gets from others. */
  inherited(key: string): readonly unknown[]
  /** All items, the service's own among them. */
  list(key: string): readonly unknown[]
  /** The file of an extended service if that is another file, which is then not read. */
  readonly unread: string | undefined
}

export function extendedService(services: YamlMap, service: YamlMap): ExtendedService {
  const bases: YamlMap[] = []
  let unread: string | undefined
  for (let each: YamlMap | undefined = service; each !== undefined;) {
    const { file, name } = baseOf(each)
    unread = file
    if (name !== undefined && file === undefined) services.check(mapping({ [name]: composeServiceShape }))
    const next: YamlMap | undefined =
      name === undefined || file !== undefined ? undefined : services.map(name)
    // A service that extends itself ends the search. Compose refuses such a file.
    each = next === undefined || bases.length >= services.keys().length ? undefined : next
    if (each !== undefined) bases.push(each)
  }
  const inherited = (key: string): readonly unknown[] => bases.flatMap((each) => listOf(each.value(key)))
  return {
    scalar: (key) => [service, ...bases].map((each) => each.value(key)).find((value) => value !== undefined),
    inherited,
    list: (key) => [...inherited(key), ...listOf(service.value(key))],
    unread,
  }
}

/** `extends: NAME`, or a mapping with `service` and perhaps `file`. */
function baseOf(service: YamlMap): { readonly file?: string; readonly name?: string } {
  const value = service.value('extends')
  if (typeof value === 'string') return { name: value }
  const { file, service: name } = (value ?? {}) as { readonly file?: unknown; readonly service?: unknown }
  return {
    ...(typeof file === 'string' && { file }),
    ...(typeof name === 'string' && { name }),
  }
}

export function listOf(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]
}
