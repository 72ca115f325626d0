// Paths as a program wrote them, made those of its container: links of directories are known from files that were opened
// through them, as the kernel told where each lies.
import { posix } from 'node:path'

export interface Link {
  readonly from: string
  readonly to: string
}

/** Below these a path leads to what its reader has open. */
const own = /^\/(?:proc|dev\/fd)(?:\/|$)/

/**
 * From what was written and where it led. More than one link explains that /var/run/x is /run/x: the shortest that is not
 * known to be a directory itself is taken, and none that leads to the root. `directories` were walked through.
 */
export function linksFrom(
  opened: readonly (readonly [text: string, path: string])[],
  directories: ReadonlySet<string>,
): readonly Link[] {
  const links = new Map<string, string>()
  for (const [text, path] of opened) {
    if (/(?:^|\/)\.\.(?:\/|$)/.test(text) || own.test(text) || own.test(path)) continue
    const written = posix.normalize(text)
    // The same, or below another root that the program has.
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
    .sort((a, b) => b.from.length - a.from.length || (a.from < b.from ? -1 : 1))
}

/** The last part of a path is not followed: a call may be about the link itself. */
export function followLinks(path: string, links: readonly Link[]): string {
  let followed = path
  for (let times = 0; times < 8; times++) {
    const link = links.find(({ from }) => followed.startsWith(`${from}/`))
    if (link === undefined) return followed
    followed = link.to + followed.slice(link.from.length)
  }
  return followed
}

/** What was written, from the directory that it starts in. */
export function wholePath(base: string, text: string): string {
  if (!base.startsWith('/')) return `${base}/${text}`
  const whole = posix.join(base, text)
  return whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole
}

/** Where the mount lies that a path is in. */
export function mountOf(path: string, mounts: readonly string[]): string {
  const within = mounts.filter((each) => each === path || path.startsWith(each === '/' ? '/' : `${each}/`))
  return within.reduce((deepest, each) => (each.length > deepest.length ? each : deepest), '/')
}
