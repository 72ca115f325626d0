// Observations as clusters and shells return them: several documents in one stream, in container logs, in ConfigMaps.
import t from 'tap'
import { stringify } from 'yaml'
import { mergeObservations, observe, printObservations } from '../../src/observe/index.ts'
import { observeText } from './logs.ts'

const trace = '1 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3\n1 socket(AF_INET, SOCK_STREAM, 0) = 4\n'
const one = await observe([{ name: 'web', bytes: [Buffer.from(trace)] }])
const pretty = printObservations(one)
const line = JSON.stringify(one)
const two = mergeObservations(one, one)
const configMap = (value: string): unknown => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web' },
  data: { 'web.json': value, note: 'not observations' },
})
const list = { apiVersion: 'v1', kind: 'List', items: [configMap(pretty), configMap(line)] }
/** A long line as the kubelet writes it: in pieces, all but the last marked P. */
const logged = (text: string): string =>
  (text.match(/[^]{1,200}/g) ?? [])
    .map((piece, at, { length }) => `2026-11-28T10:00:00.1Z stdout ${at + 1 < length ? 'P' : 'F'} ${piece}\n`)
    .join('')

for (const [what, text] of [
  ['lines', `${line}\n${line}\n`],
  ['lines without an end', `${line}\n${line}`],
  ['pretty, one after the other', pretty + pretty],
  ['an array', JSON.stringify([one, one])],
  ['a container log', logged(line) + logged(line)],
  [
    'lines with what we say on stderr between them',
    `seccomp-gen: a\n${line}\nseccomp-gen: b\n${line}\nseccomp-gen: c`,
  ],
  ['a List of ConfigMaps', JSON.stringify(list, null, 2)],
  ['the same on one line', JSON.stringify(list)],
  ['the same as YAML', stringify(list)],
  ['ConfigMaps of a YAML stream', `${stringify(configMap(line))}---\n${stringify(configMap(pretty))}`],
] as const)
  t.test(what, async (t) => {
    t.strictSame(await observeText(text), two)
  })

t.test('one ConfigMap', async (t) => {
  t.strictSame(await observeText(JSON.stringify(configMap(pretty))), one)
  t.strictSame(await observeText(stringify(configMap(pretty))), one)
})

t.test('what is wrong in a later document is told with its line', async (t) => {
  const broken = line.replace('"count":1', '"count":1,"count":1')
  await t.rejects(observeText(`${line}\n${broken}\n`), /line 2|:2/)
  await t.rejects(observeText(`${line}\n${line.slice(0, -9)}`), /not valid JSON/)
  await t.rejects(observeText(`${line}\nsomething else\n${line}`), /not valid JSON/)
})

t.test('a ConfigMap with a profile stays one', async (t) => {
  const profile = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64'] })
  await t.rejects(observeText(JSON.stringify(configMap(profile))), /is a seccomp profile, not a trace/)
})
