// A mapping of a YAML document that is edited in place. A value that is already right is not touched, and a scalar
// keeps its comments. Values from aliases and merge keys are copied before a change. Nodes that aliases use are never
// changed, because the change would reach other places. Authority: YAML 1.1, "Merge Key Language-Independent Type".
import type { Document, LineCounter, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { UserError } from '../../errors.ts'
import { yaml } from '../../profile/bounded-yaml.ts'
import { anchorOf, sharedNodes, type SharedNodes } from './aliases.ts'
import { misfitIn, pathText, type ManifestShape, type ShapePath } from './shapes.ts'

/** The file that a mapping stands in. */
export interface YamlSource {
  readonly file: string
  readonly lines: LineCounter
}

export class YamlMap {
  readonly #document: Document
  readonly #map: YAMLMap
  readonly #source: YamlSource
  readonly #shared: SharedNodes

  constructor(document: Document, map: YAMLMap, source: YamlSource, shared = sharedNodes(document)) {
    this.#document = document
    this.#map = map
    this.#source = source
    this.#shared = shared
  }

  keys(): readonly string[] {
    return this.#map.items.map(({ key }) => scalarText(key)).filter((each) => each !== '<<')
  }

  text(key: string): string | undefined {
    const value = this.value(key)
    return typeof value === 'string' ? value : undefined
  }

  /** The value as a JSON value; undefined if there is none. */
  value(key: string): unknown {
    const node = this.#node(key)
    return node === undefined ? this.#merged(key) : this.#valueOf(node)
  }

  /** The mapping at the key; undefined if there is none. */
  map(key: string): YamlMap | undefined {
    return this.#mapOf(this.#followed(this.#node(key)))
  }

  /** Throws a UserError if a value has another kind than the shape says. */
  check(shape: ManifestShape): void {
    const misfit = misfitIn(this.#valueOf(this.#map), shape, memberOf)
    if (misfit === undefined) return
    const { path, is, expected } = misfit
    const { file, lines } = this.#source
    const { line } = lines.linePos(this.#placeOf(path))
    throw new UserError('manifest-other-kind', { file, line, member: pathText(path), is, expected })
  }

  mapAt(path: readonly string[]): YamlMap | undefined {
    return path.reduce<YamlMap | undefined>((map, key) => map?.map(key), this)
  }

  /** The mapping at the key, made if there is none. */
  made(key: string): YamlMap {
    const node = this.#node(key)
    if (!yaml().isMap(node)) this.#set(key, this.value(key) ?? {})
    return this.map(key) as YamlMap
  }

  maps(key: string): readonly YamlMap[] {
    const node = this.#followed(this.#node(key))
    if (!yaml().isSeq(node)) return []
    return (node as YAMLSeq).items.flatMap((each) => this.#mapOf(this.#followed(each)) ?? [])
  }

  put(key: string, value: unknown): void {
    const node = this.#node(key)
    if (node !== undefined && JSON.stringify(this.value(key)) === JSON.stringify(value)) return
    if (yaml().isSeq(node) && Array.isArray(value)) this.#putItems(node as YAMLSeq, value)
    else if (isPlainMap(node) && isObject(value)) {
      this.#refuseShared(this.#map, node)
      const map = this.map(key) as YamlMap
      for (const own of map.keys()) if (!Object.hasOwn(value, own)) map.remove(own, undefined)
      for (const [own, its] of Object.entries(value)) map.put(own, its)
    } else if (yaml().isScalar(node) && typeof value !== 'object') {
      this.#refuseShared(this.#map, node)
      node.value = value
      quote(node)
    } else this.#set(key, value)
  }

  /** Adds items to the list at the key, which is made if there is none. `at`: before the item at that place. */
  add(key: string, items: readonly unknown[], at?: number): void {
    if (items.length === 0) return
    const node = this.#node(key)
    if (!yaml().isSeq(node)) return this.#set(key, [...listOf(this.value(key)), ...items])
    this.#refuseShared(node)
    const list = node as YAMLSeq
    list.items.splice(at ?? list.items.length, 0, ...items.map((item) => this.#made(item)))
  }

  /** Replaces scalars of the list at the key. A scalar keeps its comments. */
  replaceItems(key: string, replaced: (item: unknown) => unknown): void {
    const node = this.#node(key)
    if (!yaml().isSeq(node)) return this.put(key, listOf(this.value(key)).map(replaced))
    for (const item of (node as YAMLSeq).items) {
      const before = this.#valueOf(item)
      const after = replaced(before)
      if (after === before || !yaml().isScalar(item)) continue
      this.#refuseShared(node, item)
      item.value = after
      quote(item)
    }
  }

  /** Removes items from the list at the key, and the list if none is left. */
  removeItems(key: string, isRemoved: (item: unknown) => boolean): void {
    const node = this.#node(key)
    if (!yaml().isSeq(node)) return
    const { items } = node as YAMLSeq
    const kept = items.filter((each) => !isRemoved(this.#valueOf(each)))
    if (kept.length === items.length) return
    this.#refuseShared(node)
    if (kept.length === 0) this.remove(key, [])
    else keepItems(node as YAMLSeq, kept)
  }

  /** `empty`: the value that overrides one from a merge key. */
  remove(key: string, empty: unknown): void {
    const node = this.#node(key)
    if (node !== undefined) {
      this.#refuseShared(this.#map, node)
      const pair = this.#pair(key)
      keepItems(
        this.#map,
        this.#map.items.filter((each) => each !== pair),
      )
    }
    if (this.#merged(key) !== undefined) this.#set(key, empty)
  }

  /** The list gets these items in any order: those that it has stay in their places. */
  #putItems(list: YAMLSeq, wanted: readonly unknown[]): void {
    const words = list.items.map((each) => JSON.stringify(this.#valueOf(each)))
    const wantedWords = wanted.map((each) => JSON.stringify(each))
    const kept = list.items.filter(
      (_, index) =>
        wantedWords.includes(words[index] as string) && words.indexOf(words[index] as string) === index,
    )
    const added = wanted.filter((_, index) => !words.includes(wantedWords[index] as string))
    if (kept.length === list.items.length && added.length === 0) return
    this.#refuseShared(this.#map, list)
    keepItems(list, kept)
    list.items.push(...added.map((each) => this.#made(each)))
  }

  /** Throws a UserError if an alias uses `holder`, or a changed node or a part of it. */
  #refuseShared(holder: unknown, ...changed: readonly unknown[]): void {
    const name =
      this.#shared.get(holder) ??
      changed.map((each) => anchorOf(each, this.#shared)).find((each) => each !== undefined)
    if (name !== undefined) throw new UserError('alias-in-manifest', { file: this.#source.file, name })
  }

  #mapOf(node: unknown): YamlMap | undefined {
    return yaml().isMap(node)
      ? new YamlMap(this.#document, node as YAMLMap, this.#source, this.#shared)
      : undefined
  }

  /** Where the value at the path begins; the nearest node above it if the value comes from an alias or a merge key. */
  #placeOf(path: ShapePath): number {
    const { isMap, isSeq } = yaml()
    let node: unknown = this.#map
    let place = this.#map.range?.[0] ?? 0
    for (const each of path) {
      if (isMap(node)) node = pairOf(node as YAMLMap, String(each))?.value
      else node = isSeq(node) ? (node as YAMLSeq).items[Number(each)] : undefined
      place = (node as Node | null | undefined)?.range?.[0] ?? place
    }
    return place
  }

  /** The node that an alias stands for. */
  #followed(node: unknown): unknown {
    return yaml().isAlias(node) ? node.resolve(this.#document) : node
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
    this.#refuseShared(this.#map, pair?.value)
    const node = this.#made(value)
    if (pair === undefined) this.#map.items.push(this.#document.createPair(key, node))
    else {
      moveComment(pair, node)
      pair.value = node
    }
    // In flow style (`{}`) new members would stay on the same line.
    this.#map.flow = false
  }

  #made(value: unknown): Node {
    const node = this.#document.createNode(value)
    yaml().visit(node, { Scalar: (_, scalar) => quote(scalar) })
    return node
  }

  #pair(key: string): Pair | undefined {
    return pairOf(this.#map, key)
  }

  #node(key: string): unknown {
    return this.#pair(key)?.value ?? undefined
  }
}

/** Takes the other items away. The comments above one stay, above the next item that is kept. */
function keepItems<Item>(collection: { items: Item[]; comment?: string | null }, kept: Item[]): void {
  let above: readonly string[] = []
  const join = (last: string | null | undefined): string => [...above, ...(last ? [last] : [])].join('\n')
  for (const item of collection.items) {
    const holder = commentHolder(item)
    if (!kept.includes(item)) above = [...above, ...(holder?.commentBefore ? [holder.commentBefore] : [])]
    else if (above.length > 0 && holder !== undefined) {
      holder.commentBefore = join(holder.commentBefore)
      above = []
    }
  }
  collection.items = kept
  if (above.length > 0) collection.comment = join(collection.comment)
}

/** The node with the comments above an item of a list or a member of a mapping. */
function commentHolder(item: unknown): Node | undefined {
  const node: unknown = yaml().isPair(item) ? item.key : item
  return yaml().isNode(node) ? node : undefined
}

/** Keeps the comment of a scalar that a collection replaces: one line stays behind the key, more lines stay below it. */
function moveComment({ key, value }: Pair, node: Node): void {
  const { isScalar, isCollection } = yaml()
  const comment = isScalar(value) ? value.comment : undefined
  if (comment === undefined || comment === null || !isScalar(key) || !isCollection(node)) return
  if (comment.includes('\n')) node.commentBefore = comment
  else key.comment = comment
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((each) => scalarText(each.key) === key)
}

/** A mapping without merge keys. */
function isPlainMap(node: unknown): boolean {
  return yaml().isMap(node) && pairOf(node as YAMLMap, '<<') === undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function memberOf(members: object, key: string): unknown {
  const own = Object.hasOwn(members, key) ? (members as Readonly<Record<string, unknown>>)[key] : undefined
  return own ?? mergedFrom((members as { readonly '<<'?: unknown })['<<'], key)
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** The first of several sources wins. A source may have merge keys itself. */
function mergedFrom(source: unknown, key: string): unknown {
  return listOf(source)
    .filter((each) => typeof each === 'object' && each !== null)
    .map((each) => {
      const members = each as Readonly<Record<string, unknown>>
      return Object.hasOwn(members, key) ? members[key] : mergedFrom(members['<<'], key)
    })
    .find((each) => each !== undefined)
}

/** Quotes a string that YAML 1.1 reads as another value: 33:33 is a number of base 60, and `no` is false. */
function quote(scalar: Scalar): void {
  delete scalar.source
  if (typeof scalar.value !== 'string') return
  if (yaml().stringify(scalar.value, { version: '1.1' }).startsWith('"')) scalar.type = 'QUOTE_DOUBLE'
}

function scalarText(key: unknown): string {
  return yaml().isScalar(key) ? String(key.value) : ''
}
