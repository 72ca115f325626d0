// Every ```console block of a page shows what its commands print. scripts/make-pages.ts writes the blocks.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import { whyNotLive, withOutputs } from './console.ts'
import { pages } from './pages.ts'

const notLive = await whyNotLive()
if (notLive !== undefined) t.comment(`live examples are not run here: ${notLive}`)

for (const page of pages) {
  t.test(basename(page), async (t) => {
    const text = readFileSync(page, 'utf8')
    t.equal(await withOutputs(text), text)
  })
}
