// Turns paths as a program wrote them into paths of its container. Opened files show the symbolic links of directories,
// because the kernel told the true path of each.
import { posix } from 'node:path'
import { ascending } from '../../../order.ts'

export interface Link {
  readonly from: string
  readonly to: string
}

/** Directories in which a path leads to the reader's own open files. */
const own = /^\/(?:proc|dev\/fd)(?:\/|$)/

/**
 * What /usr is merged with (file-hierarchy(7)): /lib is a link to /usr/lib. A program whose root is /usr writes the same,
 * and is not expected.
 */
const merged = /^\/(?:s?bin|lib(?:|32|64|x32|o32))(?=\/)/

/**
 * The links that explain how written paths led to opened files. Several links could explain that /var/run/x is /run/x:
 * the shortest whose path is not a known directory is taken, but never one to the root. `directories`: the known ones.
 */
export function linksFrom(
  opened: readonly (readonly [text: string, path: string])[],
  directories: ReadonlySet<string>,
): readonly Link[] {
  const links = new Map<string, string>()
  for (const [text, path] of opened) {
    if (/(?:^|\/)\.\.(?:\/|$)/.test(text) || own.test(text) || own.test(path)) continue
    const written = posix.normalize(text)
    const [top] = merged.exec(written) ?? []
    if (top !== undefined && path === `/usr${written}`) links.set(top, `/usr${top}`)
    // The same path, or one below the program's own root.
    if (path.endsWith(written)) continue
    const [from, to] = [written.split('/'), path.split('/')]
    const isDirectory = (parts: readonly string[]): boolean =>
      parts.length < 2 || directories.has(parts.join('/'))
    while (to.length > 2 && from.at(-1) === to.at(-1) && !isDirectory(from.slice(0, -1))) {
      from.pop()
      to.pop()
    }
    if (!isDirectory(from)) links.set(from.join('/'), to.join('/'))
  }
  return [...links]
    .map(([from, to]) => ({ from, to }))
    .sort((a, b) => b.from.length - a.from.length || ascending(a.from, b.from))
}

/** Replaces links of directories. The last part of the path stays, because a call may be about the link itself. */
export function followLinks(path: string, links: readonly Link[]): string {
  let followed = path
  for (let times = 0; times < 8; times++) {
    const link = links.find(({ from }) => followed.startsWith(`${from}/`))
    if (link === undefined) return followed
    followed = link.to + followed.slice(link.from.length)
  }
  return followed
}

/** The written path, joined to the directory that it starts from. */
export function wholePath(base: string, text: string): string {
  if (!base.startsWith('/')) return `${base}/${text}`
  const whole = posix.join(base, text)
  return whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole
}

/** The path of the mount that contains the path. */
export function mountOf(path: string, mounts: readonly string[]): string {
  const within = mounts.filter((each) => each === path || path.startsWith(each === '/' ? '/' : `${each}/`))
  return within.reduce((deepest, each) => (each.length > deepest.length ? each : deepest), '/')
}
