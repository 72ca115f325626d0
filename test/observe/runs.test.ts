// Runs: the number of runs that made each call, through folding and merging; the estimates against worked examples and
// a simulation.
import t from 'tap'
import { accountTable, runLines } from '../../src/report/account.ts'
import { estimateRuns, mergeObservations, observe, type Observations } from '../../src/observe/index.ts'

const run = (...names: readonly string[]): string =>
  [
    'execve("/a", ["a"], 0x7 /* 1 vars */) = 0',
    ...names.map((name) => `${name}(1) = 0`),
    'exit_group(0) = ?',
    '',
  ].join('\n')
const observed = async (...texts: readonly string[]): Promise<Observations> =>
  await observe(texts.map((text, index) => ({ name: `${index}.strace`, bytes: [Buffer.from(text)] })))

t.test('each source is a run, a set of -ff is one, a profile is none; merging adds', async (t) => {
  const three = await observed(run('close', 'dup'), run('close'), run('close', 'pause'))
  t.equal(three.runs, 3)
  t.match(three.architectures.x86_64, { close: { runs: 3 }, dup: { runs: 1 }, pause: { runs: 1 } })
  const [one, rest] = [
    await observed(run('close', 'dup')),
    await observed(run('close'), run('close', 'pause')),
  ]
  t.equal(one.runs, undefined)
  t.equal(one.architectures.x86_64?.['close']?.runs, undefined)
  const merged = mergeObservations(rest, one)
  t.same(
    [merged.runs, merged.architectures.x86_64?.['close']?.runs, merged.architectures.x86_64?.['dup']?.runs],
    [3, 3, 1],
  )
  const set = await observe(
    [10, 11].map((pid) => ({ name: `a.${pid}`, set: 'a', pid, bytes: [Buffer.from(run('close'))] })),
  )
  t.equal(set.runs, undefined)
  const profile =
    '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["dup"],"action":"SCMP_ACT_ALLOW"}]}'
  const wanted = await observe([{ name: 'p.json', bytes: [Buffer.from(profile)] }], { format: 'profile' })
  t.equal(wanted.runs, 0)
  const both = mergeObservations(wanted, await observed(run('close')))
  t.equal(both.runs, undefined)
  t.match(both.architectures.x86_64, { dup: { runs: 0 } })
  t.same(mergeObservations(both, await observed(run('close'))).architectures.x86_64?.['dup']?.runs, 0)
})

/** Sources that show a part of a run, and what makes one of them whole. */
const seccompLog = (code: string, ...numbers: readonly number[]): string =>
  numbers
    .map(
      (number) =>
        `type=SECCOMP msg=audit(1795481439.099:${number}): auid=1 uid=0 gid=0 ses=1 pid=588 comm="a" exe="/a" sig=0 arch=c000003e syscall=${number} compat=0 ip=0x7f code=${code}\n`,
    )
    .join('')
const [logs, refuses] = ['0x7ffc0000', '0x50001']
const asked = (number: number): string =>
  `type=SYSCALL msg=audit(1795481439.099:1): arch=c000003e syscall=${number} success=yes exit=0 a0=1 a1=0 a2=0 a3=0 items=0 ppid=1 pid=588 comm="a" exe="/a"\n`
const refusal = (call: string, answer: string): string =>
  `${JSON.stringify({ at: '2026-11-29T09:08:38Z', last: '2026-11-29T09:08:38Z', where: 'a/b/c', arch: 'x86_64', syscall: call, answer, filter: 'x', count: 1 })}\n`
const enriched = (...calls: readonly string[]): string =>
  calls
    .map(
      (call) =>
        `I1117 10:36:56.116123   99999 enricher.go:378] log-enricher "msg"="audit" "container"="c" "executable"="/a" "namespace"="n" "node"="1" "pid"=2 "pod"="p" "profile"="x" "syscallID"=1 "syscallName"="${call}" "timestamp"="1637145416.110:1" "type"="seccomp"\n`,
    )
    .join('')
const parts: readonly (readonly [what: string, text: string, runs: number])[] = [
  ['what a filter refused', seccompLog(refuses, 83, 84), 0],
  ['what an allow-list logged', seccompLog(logs, 83, 84), 0],
  ['a program inside that may not execute', seccompLog(refuses, 59, 83), 0],
  ['what a filter that logs everything logged', seccompLog(logs, 59, 12, 83), 1],
  ['the same, beside what it refused', seccompLog(logs, 59, 12) + seccompLog(refuses, 83), 1],
  ['what `watch` saw refused', refusal('mkdir', 'SCMP_ACT_ERRNO(1)'), 0],
  ['what `watch` saw logged', refusal('mkdir', 'SCMP_ACT_LOG'), 0],
  ['an execve that `watch` saw refused', refusal('execve', 'SCMP_ACT_ERRNO(1)'), 0],
  ['the operator’s log of a recording', enriched('execve', 'brk'), 1],
  ['the operator’s log of a profile', enriched('mkdir'), 0],
  ['what an audit rule asked for', asked(59) + asked(83), 0],
  [
    'failed calls alone',
    '     0.100 ( 0.001 ms): a/1 dup(fildes: 9) = -1 EBADF (Bad file descriptor)\n'.repeat(3),
    0,
  ],
]

t.test('a source that shows a part of a run is none, and leaves the estimate alone', async (t) => {
  const runs = [run('close', 'dup'), run('close')]
  const alone = estimateRuns(await observed(...runs))
  for (const [what, text, count] of parts) {
    const part = await observed(text)
    t.equal(part.runs ?? 1, count, what)
    const all = mergeObservations(await observed(...runs), part)
    t.strictSame(all, mergeObservations(part, await observed(...runs)), `${what}, in any order`)
    t.equal(all.runs, 2 + count, what)
    if (count > 0) continue
    t.match(estimateRuns(all), { runs: 2, once: alone?.once, expectedNew: alone?.expectedNew }, what)
  }
})

t.test('worked examples', async (t) => {
  t.equal(estimateRuns(await observed(run('close'))), undefined)
  const same = estimateRuns(await observed(run('close'), run('close')))
  t.match(same, { runs: 2, seen: 3, once: 0, expectedNew: 0, unseen: 0 })
  // Q1 = 3 (dup, pause, uname), Q2 = 1 (getpid), T = 4: 3/4 new; (3/4) * 3 * 2 / (2 * 2).
  const four = estimateRuns(
    await observed(
      run('close', 'dup', 'getpid'),
      run('close', 'pause', 'getpid'),
      run('close', 'uname'),
      run('close'),
    ),
  )
  t.match(four, { runs: 4, once: 3, twice: 1, expectedNew: 0.75, unseen: 1.125 })
})

t.test('the expectation of new calls holds over many programs', (t) => {
  // A linear congruential generator gives the same numbers every time.
  let state = 42
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const [runs, programs] = [10, 2000]
  let [expected, exact, found] = [0, 0, 0]
  for (let program = 0; program < programs; program++) {
    const chances = Array.from({ length: 30 }, () => random() ** 3)
    const seen = chances.map(
      (chance) => Array.from({ length: runs }, () => random() < chance).filter(Boolean).length,
    )
    const calls = Object.fromEntries(
      seen.map((count, call) => [`c${call}`, { count: 1, first: 'a:1', runs: count }]),
    )
    expected +=
      estimateRuns({
        version: 1,
        runs,
        architectures: { x86_64: calls },
        unknown: {},
        sources: [],
        diagnostics: [],
      })?.expectedNew ?? 0
    exact += chances.reduce((sum, chance) => sum + chance * (1 - chance) ** (runs - 1), 0)
    found += chances.filter((chance, call) => seen[call] === 0 && random() < chance).length
  }
  // Good and Turing's estimate is exact for one run fewer; for the next run it errs on the safe side.
  t.ok(Math.abs(expected / exact - 1) < 0.05, `expected ${expected}, exactly ${exact}`)
  t.ok(found < expected * 1.05, `found ${found}`)
  t.end()
})

t.test('runs on two kinds of machine are no sample of one another', async (t) => {
  const here = await observed(run('close'), run('close', 'dup'))
  const { x86_64 } = here.architectures
  const there: Observations = { ...here, architectures: { ...(x86_64 && { aarch64: x86_64 }) } }
  t.ok(estimateRuns(here))
  t.ok(estimateRuns(there))
  t.equal(estimateRuns(mergeObservations(here, there)), undefined)
})

t.test('an architecture that nobody knows is refused before anything is read', async (t) => {
  await t.rejects(observe([], { architecture: 'mips' as 'arm' }), {
    code: 'no-such-architecture',
    facts: { architecture: 'mips' },
  })
})

t.test('the account of a large set sums up what does not fit', async (t) => {
  const set = await observed(...Array.from({ length: 23 }, () => run('close')))
  const table = accountTable(set)
  t.equal(table.length, 22)
  t.match(table.at(-1), /^and 3 more +strace +9 +9 +0 +0 +0 /)
})

t.test('what only looks like observations is refused, and what is wrong is said', async (t) => {
  const whole = await observed(run('close'))
  const call = (change: object): unknown => ({
    ...whole,
    architectures: { x86_64: { close: { count: 2, first: 'a:1', ...change } } },
  })
  const rows: readonly (readonly [value: unknown, message: RegExp])[] = [
    [call({ count: 0 }), /x86_64\.close: "count" is not a whole number of at least 1/],
    [call({ first: 1 }), /"first" is missing/],
    [call({ runs: -1 }), /"runs" is not a whole number/],
    [call({ enosys: 3 }), /"enosys" is not a count within "count"/],
    [call({ args: [] }), /"args"/],
    [call({ args: { 6: null } }), /"args" has an index "6"; they are 0 to 5/],
    [call({ args: { 0: ['18446744073709551616'] } }), /"args" 0 is not a list of unsigned 64-bit/],
    [call({ args: { 0: [2] } }), /"args" 0 is not a list of unsigned 64-bit/],
    [{ ...whole, architectures: [] }, /"architectures" is not an object/],
    [{ ...whole, architectures: { mips: {} } }, /"mips" is not an architecture/],
  ]
  for (const [value, message] of rows) {
    const source = { name: 'o.json', bytes: [Buffer.from(JSON.stringify(value))] }
    await t.rejects(observe([source], { format: 'observations' }), { name: 'UserError', message })
  }
  const right = { name: 'o.json', bytes: [Buffer.from(JSON.stringify(call({ enosys: 2 })))] }
  t.equal((await observe([right])).architectures.x86_64?.['close']?.enosys, 2)
})

t.test('what several runs say, in plain words', async (t) => {
  const line = (runs: number, counts: readonly number[]): string =>
    runLines({
      version: 1,
      runs,
      architectures: {
        x86_64: Object.fromEntries(
          counts.map((each, call) => [`c${call}`, { count: 1, first: 'a:1', runs: each }]),
        ),
      },
      unknown: {},
      sources: [],
      diagnostics: [],
    })[0] ?? ''
  const of = (count: number, runs: number): readonly number[] => Array.from({ length: count }, () => runs)
  t.match(
    line(4, [...of(33, 1), ...of(12, 4)]),
    /33 calls were in one run only: another run will probably show about 8 new calls; at least 396 calls of the program were probably never seen/,
  )
  t.match(line(4, [1, 4, 4]), /1 call was in one run only: about one run in 4 will probably show a new call$/)
  t.match(
    line(1000, of(9, 1000)),
    /9 of 9 calls in every run; none was in one run only: another run will probably show no new call$/,
  )
  t.notMatch(line(1000, of(9, 1000)), /%|chance/)
  const partial = await observed(run('close'), run('close', 'dup'))
  const sources = partial.sources.map((each) => ({ ...each, evidence: ['new-only' as const] }))
  t.equal(estimateRuns({ ...partial, sources }), undefined)
  t.match(runLines({ ...partial, sources }), [
    /^2 runs: some were recorded without the calls that were known before/,
  ])
})
