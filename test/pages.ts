// The users' pages: the README, and docs/ if it exists.
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const docs = join(root, 'docs')

export const pages: readonly string[] = [
  join(root, 'README.md'),
  ...(existsSync(docs) ? readdirSync(docs) : [])
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(docs, name)),
]
