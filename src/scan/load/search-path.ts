// Finds a program by its name in directories of a tree, as execvp(3) does in PATH.
import { locate, type Tree } from './tree.ts'

/** PATH of a container whose image sets none (moby oci/defaults.go, containers/common pkg/config). */
export const defaultSearchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * The path without links of the program that a word names; undefined if there is none. A word with a slash is not
 * searched for: it starts at `directory` unless it is absolute.
 */
export async function findOnPath(
  tree: Tree,
  word: string,
  { path = defaultSearchPath, directory = '' }: { readonly path?: string; readonly directory?: string } = {},
): Promise<string | undefined> {
  const places = word.startsWith('/')
    ? [word]
    : word.includes('/')
      ? [`${directory}/${word}`]
      : path.split(':').map((each) => `${each}/${word}`)
  for (const place of places) {
    const file = await locate(tree, place)
    if (file?.entry.kind === 'file' && (file.entry.mode & 0o111) !== 0) return file.path
  }
  return undefined
}
