// Writes docs/api.md: every export of the library with its declaration, its doc comment and its part of examples/.
//   npx tsx scripts/make-api.ts
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { apiPage } from './api-page.ts'
import { readApi } from './api.ts'

writeFileSync(join(resolve(import.meta.dirname, '..'), 'docs/api.md'), await apiPage(readApi()))
