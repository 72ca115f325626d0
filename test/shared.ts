// The third-party files that are never committed, profiles and the official schema; and the tables of facts, which the
// packed corpus has too.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { corpus, hasCollected } from './corpus/corpus.ts'

/** Options for a test that needs ../shared: skips with a reason if it is missing. */
export const needsShared: { readonly skip: string | false } = {
  skip: hasCollected ? false : 'what others have collected is not here (../shared)',
}

export function sharedText(path: string): string {
  return readFileSync(join(corpus(), path), 'utf8')
}

export function sharedNames(path: string): readonly string[] {
  return readdirSync(join(corpus(), path)).sort()
}
