// Writes what the traces of traces/ give today: golden/observations.json and golden/profile.json beside each. A change of these
// files is a change of the program's answers, to be read in review like code.
// Run: npx tsx scripts/make-goldens.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cases, goldens } from '../test/goldens.ts'

for (const path of cases()) {
  for (const [file, text] of Object.entries(await goldens(path))) writeFileSync(join(path, file), text)
}
