// Packs the recordings and tables of facts that tests read into test/corpus: one tar file each, compressed with zstd.
// DIRECTORY holds `traces/recorded` and `facts`. The same files give the same bytes.
//   npx tsx scripts/pack-corpus.ts DIRECTORY        (needs zstd)
// Authority: POSIX.1-2017 pax (ustar); RFC 8878.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { entry, ended } from '../test/corpus/tar.ts'

const [directory] = process.argv.slice(2)
if (directory === undefined) throw new Error('say where the recordings are: scripts/pack-corpus.ts DIRECTORY')

const parts = {
  recorded: ['traces/recorded'],
  facts: ['conflict-cases', 'name-map', 'profile-eval', 'schema-cases'].map((name) => `facts/${name}.json`),
}

for (const [name, paths] of Object.entries(parts)) {
  const tar = Buffer.concat([
    ...paths
      .flatMap(filesBelow)
      .sort()
      .map((path) => entry(path, readFileSync(join(directory, path)))),
    ended,
  ])
  const target = join(import.meta.dirname, `../test/corpus/${name}.tar.zst`)
  // Compresses 20 times: a program's files repeat each other, far apart.
  execFileSync('zstd', ['-q', '-19', '-f', '-o', target], {
    input: tar,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  console.log(`${target}: ${tar.length} bytes as ${statSync(target).size}`)
}

function filesBelow(path: string): readonly string[] {
  if (!statSync(join(directory as string, path)).isDirectory()) return [path]
  return readdirSync(join(directory as string, path)).flatMap((each) => filesBelow(`${path}/${each}`))
}
