// Measures how quickly `observe` reads every form, in one run: the three main forms of strace at 500 MB; at 60 MB every
// recorded form and strace's lines as loggers wrap them. The slowest of strace's are read again at 500 MB, where the
// start weighs less. Each takes turns with mawk (one field counted), the main ones also with `wc -l`, a GNU grep
// pipeline and ripgrep; start included. Prints all rows by kind, slowest first, and which miss their target or hold no
// call.
// Run: npm run build && npx tsx bench/forms.ts [--main 500] [--megabytes 60] [--pairs 1] [--main-pairs 3] [--again 12]
// Shorter: --only PATTERN (of "KIND NAME"); --minutes N begins no form after N minutes, and counts those left out.
// --out FILE writes the printed text.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { traces } from '../test/recordings.ts'
import { inputs, writeLarge, type Input } from './inputs.ts'
import { measure, median, observing, type Measure } from './measure.ts'
import { wrapped } from './wrapped.ts'

const { values: given } = parseArgs({
  options: {
    main: { type: 'string', default: '500' },
    megabytes: { type: 'string', default: '60' },
    pairs: { type: 'string', default: '1' },
    'main-pairs': { type: 'string', default: '3' },
    again: { type: 'string', default: '12' },
    minutes: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
    out: { type: 'string' },
  },
})

/** The target of each kind: seconds for each second of mawk or of the lines inside, or megabytes a second. */
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
  readonly form: Form
  readonly megabytes: number
  readonly ours: Measure
  readonly rate: number
  /** Our seconds for each second of mawk: clock time, and processor time in user mode. */
  readonly mawk: number
  readonly mawkUser: number
  readonly others: string
}

const shared = join(traces, 'recorded')

function kindOf(name: string): Kind {
  if (name.endsWith('.strace')) return 'strace'
  return /\.(?:perf|bt)-/.test(name) ? 'tracer' : 'log'
}

/** Whether the file holds lines, which can be repeated. Documents, sessions and other programs' output cannot. */
function isOfLines(file: string): boolean {
  return /\.(?:strace|log|txt|csv|dmesg(?:-[Tx])?|syslog|journal\.json|bt-json\.json)$/.test(file)
}

function* forms(): Generator<Form> {
  const { f, yy, stderr } = inputs()
  for (const each of [f, yy, stderr]) if (each !== undefined) yield { kind: 'main', name: each.form, once: each.once }
  if (f !== undefined) for (const [name, once] of wrapped(f.once)) yield { kind: 'wrapped', name, once }
  const groups = existsSync(shared) ? readdirSync(shared) : []
  for (const group of groups.filter((each) => statSync(join(shared, each)).isDirectory())) {
    for (const file of readdirSync(join(shared, group)).filter(isOfLines)) {
      const once = readFileSync(join(shared, group, file))
      if (once.length >= 500) yield { kind: kindOf(file), name: `${group}/${file}`, once }
    }
  }
} // prettier-ignore

const mawk = `mawk '{ calls[$2]++ } END { for (call in calls) print call, calls[call] }' "$FILE"`
const grep = `grep -aoE '^[^(]*[a-z0-9_]+\\(' "$FILE" | grep -aoE '[a-z0-9_]+\\($' | sort | uniq -c`
const ripgrep = `rg -a -o --no-filename '([a-z0-9_]+)\\(' -r '$1' "$FILE" | sort | uniq -c`
const hasRipgrep = (await execa('rg', ['--version'], { reject: false })).exitCode === 0

/** Undefined if the form cannot be measured. One that fails does not lose the figures of the others. */
async function tried(form: Form, size: number, pairs: number): Promise<Row | undefined> {
  try {
    const row = await measured(form, size, pairs)
    if (row === undefined) refused.push(form.name)
    return row
  } catch (error) {
    failed.push(
      `${form.name} (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)})`,
    )
    return undefined
  }
}

/** Undefined if `observe` refuses the form. */
async function measured(form: Form, size: number, pairs: number): Promise<Row | undefined> {
  const isMain = form.kind === 'main'
  const file = join(folder, 'large')
  writeLarge(file, { once: form.once } as Input, 0.1)
  if ((await execa('node', [command, 'observe', file], { reject: false })).exitCode !== 0) return undefined
  const megabytes = writeLarge(file, { once: form.once } as Input, size)
  const found: { readonly ours: Measure; readonly theirs: Measure }[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const theirs = await measure(mawk, file)
    found.push({ theirs, ours: await measure(observing(), file) })
  }
  const rivals = isMain ? [['wc -l', 'wc -l "$FILE"'], ['grep', grep], ...(hasRipgrep ? [['rg', ripgrep]] : [])] : [] // prettier-ignore
  const others: string[] = []
  for (const [rival = '', line = ''] of rivals) {
    const theirs = (await measure(line, file)).wall
    others.push(`${rival} ${((await measure(observing(), file)).wall / theirs).toFixed(2)}`)
  }
  rmSync(file)
  const ours = found.toSorted((one, other) => one.ours.wall - other.ours.wall)[found.length >> 1]
    ?.ours as Measure
  return {
    form, megabytes, ours, rate: megabytes / ours.wall, others: others.join(', '),
    mawk: median(found.map((each) => each.ours.wall / each.theirs.wall)),
    mawkUser: median(found.map((each) => each.ours.user / each.theirs.user)),
  } // prettier-ignore
}

const command = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const rows: Row[] = []
const again: Row[] = []
const refused: string[] = []
/** The forms whose measurement failed, each with the reason: a build in between takes the program away. */
const failed: string[] = []
let leftOut = 0
const last = Date.now() + Number(given.minutes) * 60_000
const slowest = (of: readonly Row[]): readonly Row[] => of.toSorted((one, other) => one.rate - other.rate)
try {
  const only = new RegExp(given.only)
  for (const form of forms()) {
    if (!only.test(`${form.kind} ${form.name}`)) continue
    if (Date.now() > last) {
      leftOut++
      continue
    }
    const isMain = form.kind === 'main'
    const row = await tried(
      form,
      Number(isMain ? given.main : given.megabytes),
      Number(isMain ? given['main-pairs'] : given.pairs),
    )
    if (row !== undefined) rows.push(row)
  }
  for (const { form } of slowest(rows.filter((row) => row.form.kind === 'strace')).slice(
    0,
    Number(given.again),
  )) {
    const row = await tried(form, Number(given.main), Number(given.pairs))
    if (row !== undefined) again.push(row)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The row of strace's lines unwrapped. */
const inside = rows.find(({ form }) => form.kind === 'wrapped' && form.name === 'as they are')
/** Seconds for each wrapped line, divided by the seconds for the same line unwrapped. */
function insideRatio({ form, ours, megabytes }: Row): number {
  if (inside === undefined) return Number.NaN
  const share = inside.form.once.length / form.once.length
  return ours.wall / (inside.ours.wall * ((megabytes * share) / inside.megabytes))
}

function isMissed(row: Row): boolean {
  const target = targets[row.form.kind]
  if (target.of === 'rate') return row.rate < target.least
  return (target.of === 'mawk' ? row.mawk : insideRatio(row)) > target.most
}

function table(of: readonly Row[]): readonly string[] {
  return [
    '| form | MB | MB per second | clock | user | mawk, clock | mawk, user | inside | others, clock |',
    '|---|--:|--:|--:|--:|--:|--:|--:|---|',
    ...slowest(of).map(
      (row) =>
        `| ${row.form.name} | ${row.megabytes.toFixed(0)} | ${row.rate.toFixed(0)} | ${row.ours.wall.toFixed(2)} | ${row.ours.user.toFixed(2)} ` +
        `| ${row.mawk.toFixed(2)} | ${row.mawkUser.toFixed(2)} | ${row.form.kind === 'wrapped' ? insideRatio(row).toFixed(2) : ''} | ${row.others} |`,
    ),
  ]
}

function missed(of: readonly Row[]): string {
  const [first, ...rest] = slowest(of).filter(isMissed)
  return `${first === undefined ? 0 : 1 + rest.length} of ${of.length} miss it${first === undefined ? '' : `, the slowest is ${first.form.name}`}.`
}

const [cpu] = cpus()
const text = [
  '# Reading every form',
  '',
  `\`npx tsx bench/forms.ts ${process.argv.slice(2).join(' ')}\``.replace(' `', '`'),
  '',
  `${new Date().toISOString().slice(0, 10)} · ${cpu?.model.trim() ?? ''}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(0)} · Node ${process.version}${hasRipgrep ? '' : ' · no ripgrep here'}`,
  '',
  'A ratio below 1: seccomp-gen is quicker. Start included. `inside`: for each second that the same lines take as they are.',
  ...(Object.keys(targets) as Kind[]).flatMap((kind) => {
    const of = rows.filter((row) => row.form.kind === kind)
    const target = targets[kind]
    const words = target.of === 'rate' ? `at least ${target.least} MB a second` : `at most ${target.most} of ${target.of === 'mawk' ? 'mawk' : 'what is inside'}` // prettier-ignore
    const later = kind === 'strace' && again.length > 0
    return of.length === 0 ? [] : [
      '', `## ${kind}: ${words}`, '', missed(of),
      ...(later ? ['', `The slowest ${again.length} again, as large as the main ones: ${missed(again)}`, '', ...table(again)] : []),
      '', ...table(of),
    ] // prettier-ignore
  }),
  '',
  ...(leftOut === 0 ? [] : [`${leftOut} forms were not measured: the time was up.`, '']),
  ...(failed.length === 0 ? [] : [`Failed: ${failed.join(', ')}.`, '']),
  `Not measured, since no call is found in it or it is none of a log repeated: ${refused.length === 0 ? 'none' : refused.join(', ')}.`,
  '',
].join('\n')
console.log(text)
if (given.out !== undefined) writeFileSync(given.out, text)
