// The third-party files that are never committed: profiles, the official schema, tables of facts.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const root = new URL('../../../shared/', import.meta.url)

/** Options for a test that needs ../shared: skips with the reason where it is not there. */
export const needsShared: { readonly skip: string | false } = {
  skip: existsSync(root) ? false : '../shared is not here',
}

export function sharedText(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

export function sharedNames(path: string): readonly string[] {
  return readdirSync(new URL(path, root)).sort()
}
