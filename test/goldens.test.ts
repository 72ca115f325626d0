// Every case of traces/ gives its golden files, byte for byte. `npx tsx scripts/make-goldens.ts` writes them anew.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { cases, goldens } from './goldens.ts'

for (const path of cases()) {
  t.test(basename(path), async (t) => {
    for (const [file, text] of Object.entries(await goldens(path))) {
      t.equal(text, readFileSync(join(path, file), 'utf8'), file)
    }
  })
}
