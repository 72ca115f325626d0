// Paths of a container as text.

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Whether the path lies below the directory and differs from it. */
export function isBelow(path: string, directory: string): boolean {
  return path !== directory && path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

export function isWithin(path: string, directory: string): boolean {
  return path === directory || isBelow(path, directory)
}

/** The directories above a path, from the root down. */
export function ancestorsOf(path: string): readonly string[] {
  const result: string[] = []
  for (let each = path; each !== '/';) result.unshift((each = parentOf(each)))
  return result
}

/** The path without `.`, `..` and empty parts; undefined if the text is not absolute. */
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
