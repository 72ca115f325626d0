// A mapping of a YAML document that is edited in place. A value that is already right is not touched, and a scalar
// keeps its comments. Aliases are not followed, because other places may use the aliased value too. What merge keys give
// is read, and copied before it is changed. Authority: YAML 1.1, "Merge Key Language-Independent Type".
import type { Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { UserError } from '../../errors.ts'
import { yaml } from '../../profile/bounded-yaml.ts'

export class YamlMap {
  readonly #document: Document
  readonly #map: YAMLMap
  readonly #file: string

  constructor(document: Document, map: YAMLMap, file: string) {
    this.#document = document
    this.#map = map
    this.#file = file
  }

  keys(): readonly string[] {
    return this.#map.items.map(({ key }) => scalarText(key)).filter((each) => each !== '<<')
  }

  text(key: string): string | undefined {
    const value: unknown = this.#map.get(key)
    return typeof value === 'string' ? value : undefined
  }

  /** The value as a JSON value; undefined if there is none. */
  value(key: string): unknown {
    const node = this.#node(key)
    return node === undefined ? this.#merged(key) : this.#valueOf(node)
  }

  /** The mapping at the key; undefined if there is none. Throws a UserError for an alias. */
  map(key: string): YamlMap | undefined {
    const node = this.#node(key)
    if (node === undefined) return undefined
    return yaml().isMap(node) ? new YamlMap(this.#document, node as YAMLMap, this.#file) : undefined
  }

  mapAt(path: readonly string[]): YamlMap | undefined {
    return path.reduce<YamlMap | undefined>((map, key) => map?.map(key), this)
  }

  /** The mapping at the key, made if there is none. Throws as map(). */
  made(key: string): YamlMap {
    const there = this.map(key)
    if (there !== undefined) return there
    this.#set(key, this.#merged(key) ?? {})
    return this.map(key) as YamlMap
  }

  maps(key: string): readonly YamlMap[] {
    const node = this.#node(key)
    if (!yaml().isSeq(node)) return []
    return (node as YAMLSeq).items
      .filter((each) => yaml().isMap(each))
      .map((each) => new YamlMap(this.#document, each as YAMLMap, this.#file))
  }

  put(key: string, value: unknown): void {
    const node = this.#node(key)
    if (node !== undefined && JSON.stringify(this.value(key)) === JSON.stringify(value)) return
    if (yaml().isScalar(node) && typeof value !== 'object') {
      node.value = value
      quote(node)
    } else this.#set(key, value)
  }

  /** Adds items to the list at the key, which is made if there is none. */
  add(key: string, items: readonly unknown[]): void {
    if (items.length === 0) return
    const node = this.#node(key)
    if (!yaml().isSeq(node)) return this.#set(key, [...listOf(this.#merged(key)), ...items])
    for (const item of items) (node as YAMLSeq).add(this.#made(item))
  }

  /** `empty`: overrides a value that the mapping gets by a merge key. */
  remove(key: string, empty: unknown): void {
    this.#map.delete(key)
    if (this.#merged(key) !== undefined) this.#set(key, empty)
  }

  /** What merge keys (`<<: *base`) give; undefined if they give nothing. */
  #merged(key: string): unknown {
    const merging = this.#map.items.flatMap(({ key: own, value }) =>
      scalarText(own) === '<<' ? [value] : [],
    )
    return merging.map((each) => mergedFrom(this.#valueOf(each), key)).find((each) => each !== undefined)
  }

  #valueOf(node: unknown): unknown {
    return (node as { toJS: (document: Document) => unknown }).toJS(this.#document)
  }

  #set(key: string, value: unknown): void {
    const pair = this.#pair(key)
    const node = this.#made(value)
    if (pair === undefined) this.#map.items.push(this.#document.createPair(key, node))
    else pair.value = node
    // In flow style (`{}`) new members would stay on the same line.
    this.#map.flow = false
  }

  #made(value: unknown): Node {
    const node = this.#document.createNode(value)
    yaml().visit(node, { Scalar: (_, scalar) => quote(scalar) })
    return node
  }

  #pair(key: string): Pair | undefined {
    return this.#map.items.find((each) => scalarText(each.key) === key)
  }

  #node(key: string): unknown {
    const value = this.#pair(key)?.value ?? undefined
    if (yaml().isAlias(value)) throw new UserError('alias-in-manifest', { file: this.#file, member: key })
    return value
  }
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** Of several sources the first one wins. A source may have merge keys itself. */
function mergedFrom(source: unknown, key: string): unknown {
  return listOf(source)
    .filter((each) => typeof each === 'object' && each !== null)
    .map((each) => {
      const members = each as Readonly<Record<string, unknown>>
      return Object.hasOwn(members, key) ? members[key] : mergedFrom(members['<<'], key)
    })
    .find((each) => each !== undefined)
}

/** Quotes a string that YAML 1.1 reads otherwise: 33:33 is a number of base 60, and `no` is false. */
function quote(scalar: Scalar): void {
  delete scalar.source
  if (typeof scalar.value !== 'string') return
  if (yaml().stringify(scalar.value, { version: '1.1' }).startsWith('"')) scalar.type = 'QUOTE_DOUBLE'
}

function scalarText(key: unknown): string {
  return yaml().isScalar(key) ? String(key.value) : ''
}
