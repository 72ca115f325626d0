// How quickly `observe` reads every form, in one run: the three main ones of strace at 500 MB, every recorded one, and
// strace's lines as loggers wrap them, at 60 MB. Each takes turns with mawk (one field counted) and `wc -l`, the main ones
// with a GNU grep pipeline and ripgrep as well; start included. Prints all, by kind, the slowest first, and which of them
// miss the target of their kind.
// Run: npm run build && npx tsx bench/forms.ts [--main 500] [--megabytes 60] [--pairs 1] [--only PATTERN] [--out FILE]
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { inputs, writeLarge, type Input } from './inputs.ts'
import { measure, median, observing, type Measure } from './measure.ts'
import { wrapped } from './wrapped.ts'

const { values: given } = parseArgs({
  options: {
    main: { type: 'string', default: '500' },
    megabytes: { type: 'string', default: '60' },
    pairs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    out: { type: 'string' },
  },
})

/** What each kind is to reach: seconds for each second of mawk or of the lines inside, or megabytes a second. */
const targets = {
  main: { of: 'mawk', most: 0.4 },
  strace: { of: 'mawk', most: 1.5 },
  wrapped: { of: 'inside', most: 2 },
  log: { of: 'rate', least: 200 },
  tracer: { of: 'rate', least: 100 },
} as const
type Kind = keyof typeof targets

interface Form {
  readonly kind: Kind
  readonly name: string
  readonly once: Buffer
}

interface Row {
  readonly kind: Kind
  readonly name: string
  readonly ours: Measure
  readonly rate: number
  /** Our seconds for each second of theirs, on the clock. */
  readonly mawk: number
  readonly lines: number
  readonly others: string
}

const shared = fileURLToPath(new URL('../../shared/traces/recorded/', import.meta.url))

function kindOf(name: string): Kind {
  if (/\.strace(?:$|\.)|\/strace/.test(name)) return 'strace'
  return /perf|\.bt-|bpftrace/.test(name) ? 'tracer' : 'log'
}

function* forms(): Generator<Form> {
  const { f, yy, stderr } = inputs()
  for (const each of [f, yy, stderr]) if (each !== undefined) yield { kind: 'main', name: each.form, once: each.once }
  if (f !== undefined) for (const [name, once] of wrapped(f.once)) yield { kind: 'wrapped', name, once }
  const groups = existsSync(shared) ? readdirSync(shared) : []
  for (const group of groups.filter((each) => statSync(join(shared, each)).isDirectory())) {
    for (const file of readdirSync(join(shared, group))) {
      const path = join(shared, group, file)
      if (/\.(?:json|md|c|gz|zst)$/.test(file) || !statSync(path).isFile() || statSync(path).size < 500) continue
      yield { kind: kindOf(file), name: `${group}/${file}`, once: readFileSync(path) }
    }
  }
} // prettier-ignore

const mawk = `mawk '{ calls[$2]++ } END { for (call in calls) print call, calls[call] }' "$FILE"`
const grep = `grep -aoE '^[^(]*[a-z0-9_]+\\(' "$FILE" | grep -aoE '[a-z0-9_]+\\($' | sort | uniq -c`
const ripgrep = `rg -a -o --no-filename '([a-z0-9_]+)\\(' -r '$1' "$FILE" | sort | uniq -c`
const hasRipgrep = (await execa('rg', ['--version'], { reject: false })).exitCode === 0

async function measured({ kind, name, once }: Form): Promise<Row> {
  const file = join(folder, 'large')
  const size = Number(kind === 'main' ? given.main : given.megabytes)
  const megabytes = writeLarge(file, { once } as Input, size)
  const pairs: { readonly ours: Measure; readonly mawk: number; readonly lines: number }[] = []
  for (let pair = 0; pair < Number(given.pairs); pair++) {
    const theirs = (await measure(mawk, file)).wall
    const ours = await measure(observing(), file)
    pairs.push({
      ours,
      mawk: ours.wall / theirs,
      lines: ours.wall / (await measure('wc -l "$FILE"', file)).wall,
    })
  }
  const rivals = kind === 'main' ? [['grep', grep], ...(hasRipgrep ? [['rg', ripgrep]] : [])] : []
  const others: string[] = []
  for (const [rival = '', line = ''] of rivals) {
    const theirs = (await measure(line, file)).wall
    others.push(`${rival} ${((await measure(observing(), file)).wall / theirs).toFixed(2)}`)
  }
  rmSync(file)
  const middle = pairs.toSorted((one, other) => one.ours.wall - other.ours.wall)[Math.floor(pairs.length / 2)]
  const ours = middle?.ours as Measure
  return {
    kind, name, ours, rate: megabytes / ours.wall, others: others.join(', '),
    mawk: median(pairs.map((each) => each.mawk)), lines: median(pairs.map((each) => each.lines)),
  } // prettier-ignore
}

const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const rows: Row[] = []
try {
  const only = new RegExp(given.only)
  for (const form of forms()) if (only.test(`${form.kind} ${form.name}`)) rows.push(await measured(form))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Seconds for each megabyte of strace's own lines, of the same size as what is wrapped. */
const inside = rows.find(({ kind, name }) => kind === 'wrapped' && name === 'as they are')
const insideRatio = ({ ours }: Row): number => ours.wall / (inside?.ours.wall ?? Number.NaN)

function isMissed(row: Row): boolean {
  const target = targets[row.kind]
  if (target.of === 'rate') return row.rate < target.least
  return (target.of === 'mawk' ? row.mawk : insideRatio(row)) > target.most
}

const [cpu] = cpus()
const text = [
  '# Reading every form',
  '',
  `\`npx tsx bench/forms.ts ${process.argv.slice(2).join(' ')}\``.replace(' `', '`'),
  '',
  `${new Date().toISOString().slice(0, 10)} · ${cpu?.model.trim() ?? ''}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(0)} · Node ${process.version}`,
  '',
  `${given.main} MB of the main forms, ${given.megabytes} MB of the others. A ratio below 1: seccomp-gen is quicker, on the clock.`,
  ...(Object.keys(targets) as Kind[]).flatMap((kind) => {
    const of = rows.filter((row) => row.kind === kind).sort((one, other) => one.rate - other.rate)
    const missed = of.filter(isMissed)
    const target = targets[kind]
    const words = target.of === 'rate' ? `at least ${target.least} MB a second` : `at most ${target.most} of ${target.of === 'mawk' ? 'mawk' : 'what is inside'}`
    return of.length === 0 ? [] : [
      '',
      `## ${kind}: ${words}`,
      '',
      `${missed.length} of ${of.length} miss it${missed[0] === undefined ? '' : `, the slowest is ${missed[0].name}`}.`,
      '',
      '| form | MB per second | clock | user | mawk | `wc -l` | inside | others |',
      '|---|--:|--:|--:|--:|--:|--:|---|',
      ...of.map((row) => `| ${row.name} | ${row.rate.toFixed(0)} | ${row.ours.wall.toFixed(2)} | ${row.ours.user.toFixed(2)} | ${row.mawk.toFixed(2)} | ${row.lines.toFixed(1)} | ${kind === 'wrapped' ? insideRatio(row).toFixed(2) : ''} | ${row.others} |`),
    ]
  }),
  '',
].join('\n') // prettier-ignore
console.log(text)
if (given.out !== undefined) writeFileSync(given.out, text)
