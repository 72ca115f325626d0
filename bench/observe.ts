// Measures how quickly `observe` reads, beside other ways to count the calls of a trace: every form of input and every
// rival in one run. Each rival takes turns with seccomp-gen, so that other load meets both; the ratios are medians over
// the pairs. Prints a table in Markdown; --out FILE writes it.
// Run: npm run build && npx tsx bench/observe.ts [--megabytes 500] [--pairs 3] [--slow-pairs 1] [--sizes 50,500,2000]
// Shorter: --forms f,audit, --rivals mawk,wc. Without --sizes there is no series by size.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { inputs, writeLarge, type Input } from './inputs.ts'
import { measure, median, observing, type Measure } from './measure.ts'

const { values: given } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '500' },
    pairs: { type: 'string', default: '3' },
    'slow-pairs': { type: 'string', default: '1' },
    sizes: { type: 'string', default: '' },
    rivals: { type: 'string', default: 'mawk,wc,grep,python' },
    forms: { type: 'string', default: 'f,yy,stderr,audit,gzip' },
    out: { type: 'string' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bench-'))
const lines: string[] = []

function say(line = ''): void {
  lines.push(line)
  console.log(line)
}

/** Matches a pattern line by line, as minijail's generate_seccomp_policy.py does. */
const python = String.raw`
import collections, re, sys
call = re.compile(r'^\s*(?:\[[^]]*\]|\d+)?\s*(?:[\d:.]+ )?([a-zA-Z0-9_]+)\(([^)<]*)')
found = collections.Counter()
for line in sys.stdin.buffer:
    match = call.match(line.decode('latin-1'))
    if match: found[match.group(1)] += 1
for name, count in found.most_common(): print(name, count)`

interface Rival {
  readonly word: string
  readonly name: string
  readonly line: string
  /** Takes minutes on large inputs, so it is measured less often. */
  readonly isSlow: boolean
}

/** The command line of each rival; `read` prints the text of the file. */
function rivals(input: Input, isPacked: boolean): readonly Rival[] {
  const read = isPacked ? 'gzip -dc "$FILE" | ' : ''
  const file = isPacked ? '' : ' "$FILE"'
  const awk = `${read}mawk '{ calls[${input.field}]++ } END { for (call in calls) print call, calls[call] }'${file}`
  const grep = `${read}grep -aoP '${input.pattern}'${file} | sort | uniq -c`
  const regex = `${isPacked ? read : ''}python3 -c "$PYTHON"${isPacked ? '' : ' < "$FILE"'}`
  const all = [
    { word: 'mawk', name: '`mawk`, one field counted', line: awk, isSlow: false },
    { word: 'wc', name: '`wc -l`', line: isPacked ? `${read}wc -l` : `wc -l "$FILE"`, isSlow: false },
    { word: 'grep', name: '`grep -oP … \\| sort \\| uniq -c`', line: grep, isSlow: true },
    { word: 'python', name: 'Python, a pattern per line', line: regex, isSlow: true },
  ]
  const asked = given.rivals.split(',')
  // The pattern of the Python rival matches strace's lines only.
  return all.filter(
    ({ word }) => asked.includes(word) && (word !== 'python' || input.form.includes('strace')),
  )
}

const two = (value: number): string => value.toFixed(2)

async function compare(input: Input, file: string, megabytes: number, isPacked: boolean): Promise<void> {
  for (const { name, line, isSlow } of rivals(input, isPacked)) {
    const pairs: (readonly [Measure, Measure])[] = []
    const count = Number(isSlow ? given['slow-pairs'] : given.pairs)
    for (let pair = 0; pair < count; pair++)
      pairs.push([await measure(line, file), await measure(observing(), file)])
    const of = (pick: (pair: readonly [Measure, Measure]) => number): string => two(median(pairs.map(pick)))
    const resident = Math.max(...pairs.map(([, ours]) => ours.resident ?? 0))
    say(
      `| ${input.form}${isPacked ? ', gzip' : ''} | ${megabytes.toFixed(0)} | ${name} | ${of(([they]) => they.wall)} | ${of(([they]) => they.user)} ` +
        `| ${of(([, ours]) => ours.wall)} | ${of(([, ours]) => ours.user)} | ${of(([they, ours]) => ours.wall / they.wall)} ` +
        `| ${of(([they, ours]) => ours.user / Math.max(they.user, 0.001))} | ${resident.toFixed(0)} |`,
    )
  }
}

const first = async (command: string, args: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await execa(command, args, { reject: false })
  return `${stdout}${stderr}`.split('\n')[0] ?? ''
}

process.env['PYTHON'] = python
try {
  const [cpu] = cpus()
  say('# Reading traces')
  say()
  say(`\`npx tsx bench/observe.ts ${process.argv.slice(2).join(' ')}\``.replace(' `', '`'))
  say()
  say(
    `${new Date().toISOString().slice(0, 10)} · ${cpu?.model.trim() ?? ''}, ${cpus().length} cores · Node ${process.version} · ${await first('mawk', ['-W', 'version'])} · ${await first('python3', ['--version'])} · ${await first('grep', ['--version'])} · ${await first('gzip', ['--version'])}`,
  )
  say()
  say('Times in seconds. A ratio below 1: seccomp-gen is quicker. Memory: seccomp-gen, resident at most, MB.')
  say()
  say(
    '| input | MB | rival | rival, clock | rival, user | observe, clock | observe, user | ratio, clock | ratio, user | memory |',
  )
  say('|---|--:|---|--:|--:|--:|--:|--:|--:|--:|')
  const all = inputs()
  const forms = given.forms.split(',')
  for (const [form, input] of Object.entries(all)) {
    const packed = form === 'f' && forms.includes('gzip')
    if (!forms.includes(form) && !packed) continue
    const file = join(folder, `large.${form}`)
    const megabytes = writeLarge(file, input, Number(given.megabytes))
    if (forms.includes(form)) await compare(input, file, megabytes, false)
    if (packed) {
      await execa('gzip', ['-1', '-k', file])
      await compare(input, `${file}.gz`, megabytes, true)
      rmSync(`${file}.gz`)
    }
    rmSync(file)
  }
  const sizes = given.sizes.split(',').filter(Boolean).map(Number)
  if (sizes.length > 0) {
    say()
    say('## By size')
    say()
    say('| input | MB | clock | user | MB per second | memory |')
    say('|---|--:|--:|--:|--:|--:|')
  }
  for (const size of sizes) {
    const input = all['f'] as Input
    const file = join(folder, 'large.f')
    const megabytes = writeLarge(file, input, size)
    const runs: Measure[] = []
    for (let run = 0; run < Number(given.pairs); run++) runs.push(await measure(observing(), file))
    const wall = median(runs.map((run) => run.wall))
    say(
      `| ${input.form} | ${megabytes.toFixed(0)} | ${two(wall)} | ${two(median(runs.map((run) => run.user)))} | ${(megabytes / wall).toFixed(0)} | ${Math.max(...runs.map(({ resident = 0 }) => resident)).toFixed(0)} |`,
    )
    rmSync(file)
  }
  if (given.out !== undefined) writeFileSync(given.out, `${lines.join('\n')}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
