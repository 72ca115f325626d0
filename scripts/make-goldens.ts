// Writes the present results for traces/: golden/observations.json and golden/profile.json beside each trace. A change
// of these files changes the program's answers: review it like code.
// Run: npx tsx scripts/make-goldens.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cases, goldens } from '../test/goldens.ts'

for (const path of cases()) {
  for (const [file, text] of Object.entries(await goldens(path))) writeFileSync(join(path, file), text)
}
