// How git calls its external diff (git(1), "Git Diffs"; diff.c, run_external_diff): path, old file, hex, mode, new
// file, hex, mode, and for a rename the new path and what git says of it; the path alone for one that is unmerged.
// /dev/null (nul on Windows) with `.` stands for a side that is not there.
import type { World } from './world.ts'

export interface GitPair {
  readonly path: string
  /** With a rename, the path of the new side. */
  readonly newPath: string
  /** Files to read; undefined: not there on that side. Both undefined: unmerged. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** What git asks for; undefined where the words are not git's. */
export function gitPair(words: readonly string[], env: World['env']): GitPair | undefined {
  const [path = '', before = '', oldHex = '', oldMode = '', after = '', newHex = '', newMode = ''] = words
  if (words.length === 1 && env['GIT_DIFF_PATH_TOTAL'] !== undefined) {
    return { path, newPath: path, before: undefined, after: undefined }
  }
  if (words.length !== 7 && words.length !== 9) return undefined
  if (![oldHex, newHex].every((each) => /^(?:[\da-f]{40}|[\da-f]{64}|\.)$/.test(each))) return undefined
  if (![oldMode, newMode].every((each) => /^(?:\d{6}|\.)$/.test(each))) return undefined
  const file = (name: string, hex: string): string | undefined =>
    /^(?:\/dev\/null|nul)$/.test(name) && hex === '.' ? undefined : name
  return { path, newPath: words[7] ?? path, before: file(before, oldHex), after: file(after, newHex) }
}
