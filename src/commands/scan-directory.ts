// Presents a directory of this machine as the root of programs: its entries, with links unresolved. Files are read
// synchronously, not through Node's threads, because a scan asks for hundreds of entries one after the other.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import type { FileEntry, Tree } from '../scan/load/tree.ts'
import { cannotRead } from './file-chunks.ts'

/** Larger files are refused without reading them. Bytes. */
const mostBytes = 1 << 30

export function directoryTree(root: string): Tree {
  const known = new Map<string, FileEntry | undefined>()
  return {
    entry: async (path) => {
      if (known.has(path)) return known.get(path)
      const entry = readEntry(join(root, path), path)
      known.set(path, entry)
      return entry
    },
  }
}

function readEntry(place: string, path: string): FileEntry | undefined {
  try {
    const found = lstatSync(place)
    if (found.isSymbolicLink()) return { kind: 'link', target: readlinkSync(place) }
    if (found.isDirectory())
      return { kind: 'directory', names: async () => readable(path, () => readdirSync(place)) }
    if (!found.isFile()) return { kind: 'other' }
    return {
      kind: 'file',
      mode: found.mode,
      read: async () => {
        if (found.size > mostBytes) throw new UserError('beyond-scan', { file: path, of: 'program' })
        return readable(path, () => readFileSync(place))
      },
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG')
      return undefined
    throw cannotRead(path, error as Error)
  }
}

function readable<Result>(path: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw cannotRead(path, error as Error)
  }
}
