// A root filesystem as the scan sees it: entries by absolute path, links not followed. It can be a directory, the
// layers of an image or a few files in memory. locate() follows links, which never lead outside, as in chroot(2).
import { UserError } from '../../errors.ts'

/** The entry at a path of a tree. */
export type FileEntry =
  | {
      readonly kind: 'file'
      /** Permission bits with set-user-ID, set-group-ID and sticky. */
      readonly mode: number
      /** Whether the file has capabilities (security.capability); undefined if that is unknown. */
      readonly hasCapabilities?: boolean | undefined
      readonly read: () => Promise<Uint8Array>
    }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly names: () => Promise<readonly string[]> }
  /** A device, a socket, a pipe. */
  | { readonly kind: 'other' }

/** A root filesystem whose files the scan can read. */
export interface Tree {
  /** The entry of exactly this absolute path, whose last part may be a link; undefined if there is none. */
  entry(path: string): Promise<FileEntry | undefined>
}

export interface Located {
  /** Absolute, without links. */
  readonly path: string
  readonly entry: Exclude<FileEntry, { kind: 'link' }>
}

/** path_resolution(7): more links than this are a loop. */
export const mostLinks = 40

/** The entry that a path leads to, links followed within the tree; undefined if it leads nowhere. */
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

/** A root filesystem with other trees mounted in it. The innermost mount of a path counts. */
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
      // The directories above a mount exist even if the root has none.
      return own ?? (places.some(({ at }) => at.startsWith(`${path}/`)) ? noNames : undefined)
    },
  }
}

const noNames: FileEntry = { kind: 'directory', names: async () => [] }

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/** A larger file is not a program. */
const mostBytes = 1 << 30

/** The bytes of a regular file; undefined if there is none. */
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

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
