// Reads the words with which git calls its external diff (git(1), "Git Diffs"; diff.c, run_external_diff): path, old
// file, hex, mode, new file, hex, mode; for a rename also the new path and a remark; for an unmerged path the path
// alone. /dev/null (nul on Windows) with `.` stands for a missing side.
import type { World } from './world.ts'

export interface GitPair {
  readonly path: string
  /** The path of the new side, which a rename changes. */
  readonly newPath: string
  /** The files to read. One undefined: that side is missing. Both undefined: the path is unmerged. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Undefined if the words are not git's. */
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
