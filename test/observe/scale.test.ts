// Observations of many workloads: the result does not grow with them and has the same bytes in any order.
import { execa } from 'execa'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mergeObservations, printObservations, type Observations } from '../../src/observe/index.ts'
import { diagnosticLimit } from '../../src/observe/diagnostic-fold.ts'
import { sourceLimit } from '../../src/observe/source-fold.ts'
import { workloadOf } from '../../src/observe/workload.ts'
import { accountTable } from '../../src/report/account.ts'
import { seccompGen } from '../live/command.ts'

const shard = (name: string, more: Partial<Observations['sources'][number]> = {}): Observations => ({
  version: 1,
  architectures: { x86_64: { read: { count: 2, first: name } } },
  unknown: {},
  sources: [
    { name, format: 'ebpf', lines: 0, calls: 2, ignored: 0, unparsed: 0, evidence: ['every-call'], ...more },
  ],
  diagnostics: [{ code: 'startup-missing', at: name }],
})

t.test('whose pods a controller named', (t) => {
  for (const [name, workload] of [
    ['shop/web-7d9f8c6b5-x2k4p/web', 'shop/web-*/web'], // Deployment
    ['shop/web-x2k4p/web', 'shop/web-*/web'], // DaemonSet, Job
    ['shop/web-3/web', 'shop/web-*/web'], // StatefulSet
    ['shop/web-12-x2k4p/web', 'shop/web-*/web'], // Indexed Job
    ['shop/web-*/web', 'shop/web-*/web'],
    ['shop/web/web', 'shop/web/web'],
    ['shop/my-shop/web', 'shop/my-shop/web'],
    ['shop/web-cafe-x2k4p/web', 'shop/web-cafe-*/web'], // shorter than a hash
    ['traces/web-3', 'traces/web-3'],
    ['a/b/web-3/c', 'a/b/web-3/c'],
    ['/b/web-3/c', '/b/web-3/c'],
  ] as const)
    t.equal(workloadOf(name), workload, name)
  t.end()
})

t.test('pods of one workload are one source, of each image; what is said of them is said once', (t) => {
  const pods = ['x2k4p', 'bcdfg', 'zzzzz'].map((each) => `shop/web-7d9f8c6b5-${each}/web`)
  const merged = mergeObservations(...pods.map((pod) => shard(pod)))
  t.equal(merged.runs, 3)
  t.match(merged.sources, [{ name: 'shop/web-*/web', count: 3, calls: 6, evidence: ['every-call'] }])
  t.equal(merged.sources.length, 1)
  t.same(merged.diagnostics, [{ code: 'startup-missing', at: 'shop/web-*/web', count: 3 }])
  t.match(accountTable(merged), [/^source/, /^shop\/web-\*\/web \(3 sources\) +ebpf/])
  const images = mergeObservations(
    shard(pods[0] as string, { image: 'sha256:1' }),
    shard(pods[1] as string, { image: 'sha256:2' }),
    shard(pods[2] as string, { image: 'sha256:2', lost: 4 }),
  )
  t.match(images.sources, [
    { name: 'shop/web-*/web', image: 'sha256:2', count: 2, lost: 4 },
    { name: pods[0] as string, image: 'sha256:1' },
  ])
  const kinds = mergeObservations(shard('a'), shard('a', { evidence: ['attached'] }), shard('a'))
  t.same(
    kinds.sources.map(({ evidence, count }) => [evidence, count]),
    [
      [['attached'], undefined],
      [['every-call'], 2],
    ],
  )
  t.end()
})

t.test('a bound on rows, and the same bytes in any order and grouping', (t) => {
  const all = Array.from({ length: 700 }, (_, index) =>
    shard(`${(index * 7919) % 700}.trace`, index % 3 === 0 ? { image: `sha256:${index % 7}` } : {}),
  )
  const whole = printObservations(mergeObservations(...all))
  const parsed = JSON.parse(whole) as Observations
  t.equal(parsed.runs, 700)
  t.equal(parsed.sources.length, sourceLimit + 1)
  t.equal(
    parsed.sources.reduce((sum, { count = 1 }) => sum + count, 0),
    700,
  )
  t.equal(
    parsed.sources.reduce((sum, { calls }) => sum + calls, 0),
    1400,
  )
  t.equal(parsed.diagnostics.length, diagnosticLimit + 1)
  for (const size of [1, 10, 255, 256, 257, 300, 699]) {
    const parts: Observations[] = []
    const mixed = all.map((_, index) => all[(index * 353) % 700] as Observations)
    for (let at = 0; at < mixed.length; at += size)
      parts.push(mergeObservations(...mixed.slice(at, at + size)))
    t.equal(printObservations(mergeObservations(...parts.toReversed())), whole, `by ${size}`)
  }
  const more = mergeObservations(
    ...all,
    ...Array.from({ length: 5000 }, (_, index) => shard(`${index}.trace`)),
  )
  t.equal(more.sources.length, sourceLimit + 1)
  t.ok(printObservations(more).length < whole.length * 1.1, 'no longer with 5000 more')
  t.end()
})

t.test('a directory: observations of any length are read, and broken ones are no other files', async (t) => {
  const shards = join(t.testdir({}), 'shards')
  mkdirSync(shards)
  const long = mergeObservations(...Array.from({ length: 600 }, (_, index) => shard(`${index}.trace`)))
  const text = printObservations(long)
  t.ok(text.length > 65536)
  writeFileSync(join(shards, 'long.json'), text)
  writeFileSync(join(shards, 'short.json'), printObservations(shard('a')))
  const [program, ...loading] = seccompGen
  const observed = () => execa(program, [...loading, 'observe', '-q', shards], { reject: false })
  t.equal((JSON.parse((await observed()).stdout) as Observations).runs, 601)
  writeFileSync(join(shards, 'cut.json'), text.slice(0, 1000))
  const { exitCode, stderr } = await observed()
  t.equal(exitCode, 2)
  t.match(stderr, 'cut.json')
})
