// Writes the present output of the pages' examples into the pages (README.md, docs/). A change there changes what users
// see: review it like code.
// Run: npx tsx scripts/make-pages.ts [PAGE…]
import { readFileSync, writeFileSync } from 'node:fs'
import { withOutputs } from '../test/console.ts'
import { pages } from '../test/pages.ts'

const named = process.argv.slice(2)

for (const page of named.length === 0 ? pages : named)
  writeFileSync(page, await withOutputs(readFileSync(page, 'utf8')))
