// Finds the first value of a manifest that has another kind than its place has. An absent or empty value fits every
// place but an item of a list. Authority: Kubernetes API reference (Container, PodSpec), the Compose Specification.

export type ValueKind = 'mapping' | 'list' | 'scalar'

export interface ManifestShape {
  readonly kinds: readonly ValueKind[]
  /** The members of a mapping that are looked at. */
  readonly members?: Readonly<Record<string, ManifestShape>>
  /** Each item of a list. */
  readonly items?: ManifestShape
}

export const scalar: ManifestShape = { kinds: ['scalar'] }
export const scalars: ManifestShape = { kinds: ['list'], items: scalar }

export function mapping(members: Readonly<Record<string, ManifestShape>>): ManifestShape {
  return { kinds: ['mapping'], members }
}

export function listOfMappings(members: Readonly<Record<string, ManifestShape>>): ManifestShape {
  return { kinds: ['list'], items: mapping(members) }
}

export type ShapePath = readonly (string | number)[]

/** A value of another kind than its place has. */
export interface Misfit {
  readonly path: ShapePath
  /** `a string`. */
  readonly is: string
  /** `a mapping or a list`. */
  readonly expected: string
}

/** `memberOf` reads a member of a mapping, merge keys included. */
export function misfitIn(
  value: unknown,
  shape: ManifestShape,
  memberOf: (mapping: object, key: string) => unknown,
  path: ShapePath = [],
): Misfit | undefined {
  if (value === undefined || (value === null && typeof path.at(-1) !== 'number')) return undefined
  const { kinds, members = {}, items } = shape
  if (!kinds.some((each) => each === kindOf(value)))
    return { path, is: wordsOf(value), expected: kinds.map((each) => `a ${each}`).join(' or ') }
  const parts: readonly (readonly [key: string | number, part: unknown, shape: ManifestShape])[] =
    Array.isArray(value)
      ? items === undefined
        ? []
        : value.map((each: unknown, index) => [index, each, items] as const)
      : Object.entries(members).map(([key, its]) => [key, memberOf(value as object, key), its] as const)
  for (const [key, part, its] of parts) {
    const found = misfitIn(part, its, memberOf, [...path, key])
    if (found !== undefined) return found
  }
  return undefined
}

/** `containers[0].securityContext` */
export function pathText(path: ShapePath): string {
  return path
    .map((each, index) => (typeof each === 'number' ? `[${each}]` : `${index === 0 ? '' : '.'}${each}`))
    .join('')
}

function kindOf(value: unknown): ValueKind | 'nothing' {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'list'
  return typeof value === 'object' ? 'mapping' : 'scalar'
}

function wordsOf(value: unknown): string {
  const kind = kindOf(value)
  if (kind === 'nothing') return 'empty'
  return `a ${kind === 'scalar' ? typeof value : kind}`
}
