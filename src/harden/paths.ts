// Paths of a container, as text: absolute, without `.` and `..`.

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Below, and not the same. */
export function isBelow(path: string, directory: string): boolean {
  return path !== directory && path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

export function isWithin(path: string, directory: string): boolean {
  return path === directory || isBelow(path, directory)
}

/** The directories that lead to a path, from the root down, without itself. */
export function ancestorsOf(path: string): readonly string[] {
  const result: string[] = []
  for (let each = path; each !== '/';) result.unshift((each = parentOf(each)))
  return result
}

/** Absolute and without `.`, `..` or empty parts; undefined for a text that is no path from the root. */
export function normal(path: string): string | undefined {
  if (!path.startsWith('/')) return undefined
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}
