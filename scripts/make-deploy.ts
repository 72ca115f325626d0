// Writes deploy/, the output of `--as fleet` as kustomize bases.
// Run: npx tsx scripts/make-deploy.ts
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deployFiles } from './deploy-files.ts'

const root = new URL('../deploy/', import.meta.url)
rmSync(root, { recursive: true, force: true })
for (const [path, text] of deployFiles) {
  const file = fileURLToPath(new URL(path, root))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
