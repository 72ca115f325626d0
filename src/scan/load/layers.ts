// Builds the root filesystem from the layers of an image, one over the other. Whiteouts remove what lies below.
// Programs, and files that decide how programs are loaded, are kept whole, in memory or aside. Other files are kept
// without their bytes. Authority: the OCI image specification, layer.md.
import { UserError } from '../../errors.ts'
import { decompressed } from '../../read/decompress.ts'
import { isElf } from '../elf/image.ts'
import { readTar, type TarEntry } from './tar.ts'
import { mostLinks, type FileEntry, type Tree } from './tree.ts'

type LayerNode =
  | {
      readonly kind: 'file'
      readonly mode: number
      readonly hasCapabilities: boolean
      readonly read: () => Promise<Uint8Array>
    }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory' }
  | { readonly kind: 'other' }

/** The most bytes that are kept of one image. */
const mostBytes = 4 * 2 ** 30

export class Layers implements Tree {
  readonly #nodes = new Map<string, LayerNode>()
  readonly #setAside: (bytes: Uint8Array) => () => Promise<Uint8Array>
  #kept = 0

  /** `setAside`: keeps the bytes of a file; returns a function that reads them back. */
  constructor(setAside = inMemory) {
    this.#setAside = setAside
  }

  /** Puts a layer (a tar archive, compressed or not) over the earlier ones. */
  async add(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    /** The entries of this layer. Its whiteouts remove only what lies below the layer. */
    const own = new Map<string, LayerNode>()
    const hidden: string[] = []
    const emptied: string[] = []
    await readTar(
      name,
      decompressed(name, bytes),
      (entry, start) => isKept(entry, start),
      (entry, content) => {
        const written = pathOf(entry.name)
        const path = written && this.#placed(written, own)
        if (path === undefined) return
        const slash = path.lastIndexOf('/')
        const [directory, last] = [path.slice(0, slash), path.slice(slash + 1)]
        if (last === '.wh..wh..opq') emptied.push(directory)
        else if (last.startsWith('.wh.')) hidden.push(`${directory}/${last.slice(4)}`)
        else own.set(path, this.#node(name, entry, content, own))
      },
    )
    if (hidden.length > 0 || emptied.length > 0) {
      const gone = new Set(hidden)
      const empty = new Set(emptied)
      for (const path of this.#nodes.keys()) if (isBelow(path, gone, empty)) this.#nodes.delete(path)
    }
    for (const [path, node] of own) {
      const before = this.#nodes.get(path)
      // If something else replaces a directory, the directory's files go too.
      if (before?.kind === 'directory' && node.kind !== 'directory')
        for (const each of this.#nodes.keys()) if (each.startsWith(`${path}/`)) this.#nodes.delete(each)
      this.#nodes.set(path, node)
    }
  }

  /**
   * The path where an entry is put. Parent directories need no entry of their own. If a parent is a link, the entry
   * lies where the link leads, as engines unpack layers in a root directory. Undefined for a loop of links.
   */
  #placed(path: string, own: Map<string, LayerNode>): string | undefined {
    const rest = path.split('/').slice(1)
    const last = rest.pop() as string
    let at = ''
    for (let links = 0; ;) {
      const part = rest.shift()
      if (part === undefined) return `${at}/${last}`
      if (part === '..') {
        at = at.slice(0, Math.max(0, at.lastIndexOf('/')))
        continue
      }
      const place = `${at}/${part}`
      const node = own.get(place) ?? this.#nodes.get(place)
      if (node?.kind !== 'link') {
        if (node === undefined) own.set(place, { kind: 'directory' })
        at = place
        continue
      }
      if (++links > mostLinks) return undefined
      if (node.target.startsWith('/')) at = ''
      rest.unshift(...node.target.split('/').filter((each) => each !== '' && each !== '.'))
    }
  }

  #node(
    name: string,
    entry: TarEntry,
    content: Uint8Array | undefined,
    own: ReadonlyMap<string, LayerNode>,
  ): LayerNode {
    switch (entry.type) {
      case '0':
      case '7': {
        this.#kept += content?.length ?? 0
        if (this.#kept > mostBytes) throw new UserError('beyond-scan', { file: name, of: 'image' })
        const { mode, hasCapabilities } = entry
        const read = content === undefined ? inMemory(nothing) : this.#setAside(content)
        return { kind: 'file', mode, hasCapabilities, read }
      }
      case '1': {
        const target = pathOf(entry.link)
        return (
          (target === undefined ? undefined : (own.get(target) ?? this.#nodes.get(target))) ?? {
            kind: 'other',
          }
        )
      }
      case '2':
        return { kind: 'link', target: entry.link }
      case '5':
        return { kind: 'directory' }
      default:
        return { kind: 'other' }
    }
  }

  async entry(path: string): Promise<FileEntry | undefined> {
    const node = path === '/' ? ({ kind: 'directory' } as const) : this.#nodes.get(path)
    if (node === undefined) return undefined
    if (node.kind === 'directory') return { kind: 'directory', names: async () => this.#names(path) }
    return node
  }

  #names(path: string): readonly string[] {
    const prefix = path === '/' ? '/' : `${path}/`
    const found = new Set<string>()
    for (const each of this.#nodes.keys())
      if (each.startsWith(prefix)) found.add(each.slice(prefix.length).split('/')[0] as string)
    return [...found].sort()
  }
}

const nothing = new Uint8Array(0)

/** The bytes of a file that is not put aside. */
export function inMemory(bytes: Uint8Array): () => Promise<Uint8Array> {
  return async () => bytes
}

function isKept({ type, name, size }: TarEntry, start: Uint8Array): boolean {
  if (type !== '0' && type !== '7') return false
  if (isElf(start) || (start[0] === 0x23 && start[1] === 0x21)) return size <= 2 ** 30
  return size <= 1 << 20 && /(?:^|\/)etc\/(?:ld\.so\.cache|nsswitch\.conf|ld-musl-\w+\.path)$/.test(name)
}

/** The absolute path; undefined for the root itself and for a path that could lead outside. */
function pathOf(name: string): string | undefined {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length === 0 || parts.includes('..') ? undefined : `/${parts.join('/')}`
}

/** Whether the path is one of `gone`, or lies below one of `gone` or of `emptied`. */
function isBelow(path: string, gone: ReadonlySet<string>, emptied: ReadonlySet<string>): boolean {
  if (gone.has(path)) return true
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const directory = path.slice(0, slash)
    if (gone.has(directory) || emptied.has(directory)) return true
  }
  return emptied.has('')
}
