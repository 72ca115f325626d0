// A root filesystem as scan sees it: entries by absolute path, links not followed. A directory of the machine, the layers
// of an image or a few files in memory can each be one. Links are followed here and never lead outside, as in chroot(2).
import { UserError } from '../../errors.ts'

/** What stands at a path of a tree. */
export type FileEntry =
  | {
      readonly kind: 'file'
      /** Permission bits with set-user-ID, set-group-ID and sticky. */
      readonly mode: number
      /** Whether the file has capabilities (security.capability); undefined: not known. */
      readonly hasCapabilities?: boolean | undefined
      readonly read: () => Promise<Uint8Array>
    }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly names: () => Promise<readonly string[]> }
  /** A device, a socket, a pipe. */
  | { readonly kind: 'other' }

/** A way to read files. */
export interface Tree {
  /** The entry of exactly this absolute path, whose last part may be a link; undefined where there is none. */
  entry(path: string): Promise<FileEntry | undefined>
}

export interface Located {
  /** Absolute, without links. */
  readonly path: string
  readonly entry: Exclude<FileEntry, { kind: 'link' }>
}

/** path_resolution(7): more links than this are a loop. */
export const mostLinks = 40

/** What a path leads to, links followed within the tree; undefined where it leads nowhere. */
export async function locate(tree: Tree, path: string): Promise<Located | undefined> {
  const rest = partsOf(path)
  let at: string[] = []
  for (let links = 0; ;) {
    const part = rest.shift()
    if (part === undefined) {
      const own = `/${at.join('/')}`
      const entry = await tree.entry(own)
      return entry === undefined || entry.kind === 'link' ? undefined : { path: own, entry }
    }
    if (part === '..') {
      at.pop()
      continue
    }
    const own = `/${[...at, part].join('/')}`
    const entry = await tree.entry(own)
    if (entry === undefined) return undefined
    if (entry.kind !== 'link') {
      at.push(part)
      continue
    }
    if (++links > mostLinks) return undefined
    if (entry.target.startsWith('/')) at = []
    rest.unshift(...partsOf(entry.target))
  }
}

/** A root filesystem in which other trees stand in places; the innermost place is what is seen, as of mounts. */
export function mountedTree(
  root: Tree,
  mounts: readonly { readonly at: string; readonly entry: Tree['entry'] }[],
): Tree {
  const places = mounts
    .map(({ at, entry }) => ({ at: `/${partsOf(at).join('/')}`, entry }))
    .sort((one, other) => other.at.length - one.at.length)
  return {
    entry: async (path) => {
      const place = places.find(({ at }) => path === at || path.startsWith(`${at}/`))
      if (place !== undefined) return place.entry(path.slice(place.at.length))
      const own = await root.entry(path)
      // The way to a place is there even where the root has none.
      return own ?? (places.some(({ at }) => at.startsWith(`${path}/`)) ? noNames : undefined)
    },
  }
}

const noNames: FileEntry = { kind: 'directory', names: async () => [] }

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/** More than this is no program. */
const mostBytes = 1 << 30

/** The bytes of a regular file; undefined where there is none. */
export async function readFile(
  tree: Tree,
  path: string,
): Promise<(Located & { readonly bytes: Uint8Array }) | undefined> {
  const found = await locate(tree, path)
  if (found === undefined || found.entry.kind !== 'file') return undefined
  const bytes = await found.entry.read()
  if (bytes.length > mostBytes) throw new UserError('beyond-scan', { file: path, of: 'program' })
  return { ...found, bytes }
}
