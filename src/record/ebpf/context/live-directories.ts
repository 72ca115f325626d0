// Reads mode and owner of the directories in a running container's root file system, for paths that programs wrote. The
// recorder's own root is never followed: symbolic links start from the container's root.
// Authority: path_resolution(7), proc_pid_root(5).
import { lstatSync, readlinkSync, type Stats } from 'node:fs'

/** As the recorder sees it: ids are not yet those of the container. */
export interface LiveDirectory {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** ELOOP of the kernel: MAXSYMLINKS. */
const linkLimit = 40
const directoryLimit = 4096

export class LiveDirectories {
  readonly found = new Map<string, LiveDirectory>()
  readonly #asked = new Set<string>()

  /**
   * Asks for the path and each directory above it. `root`: the container's root, such as /proc/PID/root. `mayAsk`: false
   * for paths in other file systems, which may never answer (FUSE, NFS).
   */
  ask(root: string, path: string, mayAsk: (path: string) => boolean): void {
    const parts = path.split('/').filter((part) => part !== '')
    for (let count = 1; count <= parts.length; count++) {
      const directory = `/${parts.slice(0, count).join('/')}`
      if (this.#asked.has(directory)) continue
      if (this.#asked.size >= directoryLimit) return
      this.#asked.add(directory)
      const stats = statBelow(root, parts.slice(0, count), mayAsk)
      if (stats?.isDirectory() !== true) return
      this.found.set(directory, { mode: stats.mode, uid: stats.uid, gid: stats.gid })
    }
  }
}

/** The attributes of what the path leads to; undefined if there is nothing, or it cannot be asked. */
function statBelow(...asked: Parameters<typeof resolvedBelow>): Stats | undefined {
  try {
    return resolvedBelow(...asked)
  } catch {
    // The process has ended, the path changed meanwhile, or a name is too long.
    return undefined
  }
}

function resolvedBelow(
  root: string,
  path: readonly string[],
  mayAsk: (path: string) => boolean,
): Stats | undefined {
  const left = path.toReversed()
  let [at, links]: [readonly string[], number] = [[], 0]
  let stats: Stats | undefined
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === '' || part === '.') continue
    const place = part === '..' ? at.slice(0, -1) : [...at, part]
    if (!mayAsk(`/${place.join('/')}`)) return undefined
    const file = [root, ...place].join('/')
    stats = lstatSync(file, { throwIfNoEntry: false })
    if (stats === undefined) return undefined
    if (!stats.isSymbolicLink()) {
      at = place
      continue
    }
    if (++links > linkLimit) return undefined
    const target = readlinkSync(file)
    if (target.startsWith('/')) at = []
    left.push(...target.split('/').toReversed())
  }
  return stats
}
