// The recordings and tables that tests read: those collected beside the project, otherwise the packed ones here
// (scripts/pack-corpus.ts). Third-party files exist beside the project only.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decompress } from 'fzstd'
import { filesIn } from './tar.ts'

const beside = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Whether the third-party files are here too. */
export const hasCollected: boolean = existsSync(beside)

/** The folder with `traces/recorded` and `facts`. */
export function corpus(): string {
  return hasCollected ? beside : (unpacked ??= unpack())
}
let unpacked: string | undefined

/** Unpacks once for all tests. If several unpack at once, the first folder stays: all are equal. */
function unpack(): string {
  const archives = ['facts', 'recorded'].map((name) =>
    readFileSync(new URL(`${name}.tar.zst`, import.meta.url)),
  )
  const hash = createHash('sha256')
  for (const archive of archives) hash.update(archive)
  const root = fileURLToPath(new URL('../../.tap/corpus/', import.meta.url))
  const folder = join(root, hash.digest('hex').slice(0, 16))
  if (existsSync(folder)) return folder
  mkdirSync(root, { recursive: true })
  const unfinished = mkdtempSync(join(root, 'unfinished-'))
  for (const archive of archives)
    for (const { path, bytes } of filesIn(Buffer.from(decompress(archive)))) {
      mkdirSync(dirname(join(unfinished, path)), { recursive: true })
      writeFileSync(join(unfinished, path), bytes)
    }
  try {
    renameSync(unfinished, folder)
  } catch {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return folder
}
