// No document breaks the profile's parser, its checks, the resolver or the comparer: they read it or refuse it with one
// clear line. Whatever they print is harmless in its format.
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { validateReport } from '../../src/commands/validate.ts'
import { transcript } from '../commands/world.ts'
import { latin1, mutated, mutatedJson, names, numbers, Random, runs, seed } from './mutations.ts'

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const bases = ['small.oci.json', 'small.docker.json', 'small.kubernetes.yaml', 'small.spo.yaml'].map((name) =>
  file(`test/print/fixtures/${name}`),
)
const conforms = new Ajv2020().compile(JSON.parse(file('schemas/diff.schema.json')) as object)
const formats = ['text', 'json', 'markdown', 'sarif', 'github'] as const
const patience = 60_000

/** A profile with something hostile in it. */
function hostile(random: Random): string {
  const base = random.of(bases)
  if (base.startsWith('{') && random.below(3) > 0) {
    const value: unknown = JSON.parse(base)
    const text = JSON.stringify(mutatedJson(random.below(2) > 0 ? mutatedJson(value, random) : value, random), null, random.below(3))
    // Numbers that no program writes, and duplicate members.
    if (random.below(4) === 0) return text.replace(/\d+/, random.of(numbers))
    if (random.below(4) === 0) return text.replace(/("[\w]+"):/, `$1: 1, $1:`)
    return text
  }
  return Buffer.from(mutated(latin1(base), latin1(random.of(bases)), random), 'latin1').toString('utf8')
} // prettier-ignore

/** What could act in the place where a report is shown; undefined if nothing can. */
function live(report: string, format: (typeof formats)[number]): string | undefined {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u200b\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])/.test(report))
    return 'control characters'
  if (format === 'json' || format === 'sarif') JSON.parse(report === '' ? '{}' : report)
  const lines = report.split('\n')
  if (format === 'github') {
    if (!lines.every((line) => line === '' || /^::(?:error|warning|notice) file=[^:]*(?:,[a-zA-Z]+=[^,:]*)*::/.test(line)))
      return 'a line that is no command of ours'
    if (lines.some((line) => /%(?![0-9A-F]{2})/.test(line))) return 'a sign that is not escaped'
  } else if (lines.some((line) => /^\s*(?:::|##\[)/.test(line))) return 'a workflow command'
  if (format === 'markdown' && /(?<!\\)<(?!\/?(?:details|summary|br)\b)|(?<![\\\w])\[[^\]\\]*\](?!\\)\((?!#)|@everyone/.test(report.replaceAll(/`[^`\n]*`/g, '')))
    return 'live Markdown'
  return undefined
} // prettier-ignore

t.test('profiles changed at random: every check, every report', { timeout: 0 }, (t) => {
  const broken: string[] = []
  let refused = 0
  for (let index = 0; index < 4 * runs && broken.length < 3; index++) {
    const random = new Random(seed + index)
    const text = hostile(random)
    const format = random.of(formats)
    const name = random.below(3) > 0 ? 'a.json' : random.of(names)
    const say = (what: string): void =>
      void broken.push(`SECCOMP_GEN_SEED=${seed + index} ${format}: ${what}: ${JSON.stringify(text.slice(0, 1500))}`)
    const start = performance.now()
    try {
      const result = validateReport([{ name, text }], { report: format, runtime: random.of(['none', 'all', 'runc']) })
      refused += result.refused.length
      const found = live(result.text, format)
      if (found !== undefined) say(`${found} in ${JSON.stringify(result.text.slice(0, 1000))}`)
    } catch (error) {
      say(`threw ${String((error as Error).stack)}`)
    }
    if (performance.now() - start > patience) say('hangs')
  }
  t.comment(`seed ${seed}: ${4 * runs} profiles, ${refused} refused, ${broken.length} faults`)
  t.ok(refused < 4 * runs, 'some are profiles still')
  t.strictSame(broken, [])
  t.end()
}) // prettier-ignore

t.test('every command on them', { timeout: 0 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-hostile-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'base.json'), bases[1] as string)
  const count = Math.ceil(runs / 2)
  const broken: string[] = []
  const statuses: Record<string, number> = {}
  for (let index = 0; index < count && broken.length < 3; index++) {
    const random = new Random(seed + index)
    const text = hostile(random)
    writeFileSync(join(folder, 'head.json'), text)
    const report = random.of(formats)
    const forPeople = random.of(['text', 'json', 'markdown'] as const)
    const call = random.of([...names, ...numbers, 'read', 'clone'])
    const [argv, format] = random.of([
      [['diff', '--report', report, 'base.json', 'head.json'], report],
      [['diff', '--report', report, '--contexts', 'all', 'head.json', 'docker'], report],
      [['explain', '--report', forPeople, 'head.json'], forPeople],
      [['explain', '--report', forPeople, 'head.json', '--', call], forPeople],
      [['eval', 'head.json', '--', call, random.of(numbers)], 'text'],
      [['validate', '--report', report, 'head.json', 'base.json'], report],
      [['generate', '--format', 'profile', 'head.json'], 'json'],
    ] as const)
    const start = performance.now()
    const { status, stdout, stderr } = await transcript(argv, folder)
    statuses[`${argv[0]} ${status}`] = (statuses[`${argv[0]} ${status}`] ?? 0) + 1
    const fault =
      live(stderr, 'text') ??
      (/defect of seccomp-gen/.test(stderr)
        ? 'a defect'
        : status === 2
          ? argv[0] !== 'validate' && (stdout !== '' || stderr === '')
            ? 'a refusal that prints something, or says nothing'
            : undefined
          : live(stdout, format)) ??
      (argv[0] === 'diff' && format === 'json' && status < 2 && !conforms(JSON.parse(stdout))
        ? `no diff: ${JSON.stringify(conforms.errors?.[0])}`
        : performance.now() - start > patience
          ? 'hangs'
          : undefined)
    if (fault !== undefined)
      broken.push(`SECCOMP_GEN_SEED=${seed + index} ${JSON.stringify(argv)}: ${fault}: ${stderr}${stdout.slice(0, 500)} ${JSON.stringify(text.slice(0, 1500))}`)
  }
  t.comment(`seed ${seed}: ${count} runs: ${JSON.stringify(statuses)}`)
  t.strictSame(broken, [])
}) // prettier-ignore

t.test('queries of eval --batch: an answer a line, whatever the line', { timeout: 0 }, async (t) => {
  const query = { arch: 'x86_64', syscall: 'clone', args: ['268435456', '0x10'] }
  const random = new Random(seed)
  const lines = Array.from({ length: 4 * runs }, () =>
    random.below(3) > 0
      ? JSON.stringify(mutatedJson(query, random))
      : mutated(JSON.stringify(query), '{}', random).replaceAll(/[\r\n]/g, '.'),
  ).filter((line) => line.trim() !== '')
  const { status, stdout, stderr } = await transcript(['eval', 'docker', '--batch'], '/', `${lines.join('\n')}\n`)
  const answers = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  t.comment(`seed ${seed}: ${lines.length} queries, ${answers.filter(({ error }) => error === undefined).length} answered`)
  t.equal(status, 0, stderr)
  t.equal(answers.length, lines.length)
  t.strictSame(answers.filter((each) => typeof each['action'] !== 'string' && typeof each['error'] !== 'string'), [])
}) // prettier-ignore

t.test('large documents are read, or refused with one line, in bounded time', { timeout: 0 }, (t) => {
  const rule = (name: string, rest = ''): string => `{"names":["${name}"],"action":"SCMP_ACT_ALLOW"${rest}}`
  const profile = (rules: string): string => `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${rules}]}`
  const many = (count: number, make: (index: number) => string): string => Array.from({ length: count }, (_, i) => make(i)).join(',')
  for (const [what, text] of [
    ['rules of one call, each with another value', profile(many(5000, (i) => rule('clone', `,"args":[{"index":0,"value":${i},"op":"SCMP_CMP_EQ"}]`)))],
    ['the same rule', profile(many(20_000, () => rule('read')))],
    ['names', profile(`{"names":[${many(5000, (i) => `"n${i}"`)}],"action":"SCMP_ACT_ALLOW"}`)],
    ['unknown keys', `{"defaultAction":"SCMP_ACT_ERRNO",${many(10_000, (i) => `"k${i}":1`)}}`],
    ['one key', `{"defaultAction":"SCMP_ACT_ERRNO",${many(50_000, () => `"syscalls":[]`)}}`],
    ['architectures', `{"defaultAction":"SCMP_ACT_ERRNO","architectures":[${many(5000, (i) => `"SCMP_ARCH_${i}"`)}]}`],
    ['a long name', profile(rule('x'.repeat(5_000_000)))],
    ['a long number', profile(rule('clone', `,"errnoRet":${'9'.repeat(2_000_000)}`))],
    ['empty arrays', `[${many(1_000_000, () => '[]')}]`],
    ['YAML', `kind: SeccompProfile\napiVersion: x\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  syscalls:\n${'  - {names: [read], action: SCMP_ACT_ALLOW}\n'.repeat(10_000)}`],
  ] as const) {
    const start = performance.now()
    for (const report of formats) {
      const { refused } = validateReport([{ name: 'a.json', text }], { report })
      if (refused.some((each) => each.length > 10_000)) t.fail(`${what}: a sentence of ${refused[0]?.length} characters`)
    }
    const took = performance.now() - start
    t.comment(`${what}: ${(text.length / 1e6).toFixed(1)} MB in ${Math.round(took)} ms`)
    t.ok(took < 3 * patience, what)
  }
  t.end()
}) // prettier-ignore
