// Writes what the examples of the pages print today into the pages (README.md, docs/). A change there is a change of
// what users see, to be read in review like code.
// Run: npx tsx scripts/make-pages.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { withOutputs } from '../test/console.ts'
import { pages } from '../test/pages.ts'

for (const page of pages) writeFileSync(page, await withOutputs(readFileSync(page, 'utf8')))
