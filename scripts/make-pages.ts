// Writes what the examples of the pages print today into the pages (README.md, docs/). A change there is a change of
// what users see, to be read in review like code.
// Run: npx tsx scripts/make-pages.ts [PAGE…]
import { readFileSync, writeFileSync } from 'node:fs'
import { withOutputs } from '../test/console.ts'
import { pages } from '../test/pages.ts'

const named = process.argv.slice(2)

for (const page of named.length === 0 ? pages : named)
  writeFileSync(page, await withOutputs(readFileSync(page, 'utf8')))
