// File names as they are printed and kept in results: with slashes on every system, as git prints them.
import { parse, posix, sep } from 'node:path'

/** A name as the user gave it. */
export function shownName(word: string): string {
  return word.replaceAll(sep, '/')
}

/** The name of a file in a directory. */
export function nameIn(directory: string, name: string): string {
  return posix.join(shownName(directory), name)
}

/** An absolute path, split into its root (a drive on Windows) and the name from there. */
export function belowRoot(path: string): { readonly root: string; readonly name: string } {
  const { root } = parse(path)
  return { root, name: shownName(path.slice(root.length - 1)) }
}
