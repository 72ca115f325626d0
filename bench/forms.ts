// How quickly `observe` reads every recorded form, beside mawk counting one field of the same file: each form repeated to
// so many megabytes, start included, in pairs. Prints all forms, the slowest first.
// Run: npm run build && npx tsx bench/forms.ts [--megabytes 60] [--pairs 1] [--only PATTERN] [--out FILE]
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeLarge } from './inputs.ts'
import { measure, median, observing } from './measure.ts'

const { values: given } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '60' },
    pairs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    out: { type: 'string' },
  },
})
const shared = fileURLToPath(new URL('../../shared/traces/recorded/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const only = new RegExp(given.only)

interface Row {
  readonly form: string
  readonly rate: number
  readonly ratio: number
}

/** Recordings that are one file of text. */
function* forms(): Generator<readonly [form: string, path: string]> {
  for (const group of readdirSync(shared).filter((each) => statSync(join(shared, each)).isDirectory())) {
    for (const file of readdirSync(join(shared, group))) {
      const path = join(shared, group, file)
      if (/\.(?:json|md|c|gz|zst)$/.test(file) || !statSync(path).isFile() || statSync(path).size < 500) continue
      if (only.test(`${group}/${file}`)) yield [`${group}/${file}`, path]
    }
  }
} // prettier-ignore

const mawk = `mawk '{ calls[$2]++ } END { for (call in calls) print call, calls[call] }' "$FILE"`
const rows: Row[] = []
try {
  for (const [form, path] of forms()) {
    const file = join(folder, 'large')
    const once = readFileSync(path)
    const megabytes = writeLarge(file, { form, once, field: '', pattern: '' }, Number(given.megabytes))
    const pairs: (readonly [theirs: number, ours: number])[] = []
    for (let pair = 0; pair < Number(given.pairs); pair++)
      pairs.push([(await measure(mawk, file)).wall, (await measure(observing(), file)).wall])
    const ours = median(pairs.map(([, each]) => each))
    rows.push({ form, rate: megabytes / ours, ratio: median(pairs.map(([their, our]) => our / their)) })
    rmSync(file)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
rows.sort((one, other) => other.ratio - one.ratio)
const text = [
  '# Reading every form',
  '',
  `\`npx tsx bench/forms.ts ${process.argv.slice(2).join(' ')}\`, ${given.megabytes} MB each; a ratio below 1: seccomp-gen is quicker than mawk.`,
  '',
  '| form | MB per second | ratio to mawk |',
  '|---|--:|--:|',
  ...rows.map(({ form, rate, ratio }) => `| ${form} | ${rate.toFixed(0)} | ${ratio.toFixed(2)} |`),
  '',
].join('\n')
console.log(text)
if (given.out !== undefined) writeFileSync(given.out, text)
