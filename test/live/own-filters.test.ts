// A program that sets a seccomp filter of its own (own-filter.c): its filter decides one call in each way that seccomp(2)
// has. The recorders count that call, and the profile lets the program go on as it was recorded.
import { execa } from 'execa'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { buildProfile, derivePolicy, evaluate, parseProfile, type Observations } from '../../src/index.ts'
import { whyNoAudit } from '../../src/record/index.ts'
import { printReport } from '../../src/report/formats.ts'
import { record, verify } from '../../src/run.ts'
import { whyNotRun } from '../../scripts/bundle.ts'
import { noEbpf, noStrace, plainEnvironment, seccompGen } from './command.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? (await noStrace()) ?? whyNotRun('runc'))
t.setTimeout(600_000)

const work = t.testdir()
const at = (name: string): string => join(work, name)
const source = fileURLToPath(new URL('own-filter.c', import.meta.url))
const built = await execa('gcc', ['-O1', '-pthread', '-o', at('own-filter'), source], { reject: false })
skipFile(built.failed ? `gcc: ${built.shortMessage}` : undefined)

/** Actions as include/uapi/linux/seccomp.h has them. */
const actions = { TRAP: 0x30000, ERRNO: 0x50000, USER_NOTIF: 0x7fc00000, TRACE: 0x7ff00000 } as const
type Action = keyof typeof actions

/** The words that run the program. `data`: the errno of ERRNO. */
const program = (action: Action, data = 0, answer = 0, times = 1): readonly [string, ...string[]] => [
  at('own-filter'),
  ...[actions[action], data, answer, times].map(String),
]
const seccompGenHere = (words: readonly string[]) => {
  const [node, ...more] = seccompGen
  return execa(node, [...more, ...words], { cwd: work, reject: false, env: plainEnvironment })
}
const readJson = (name: string): unknown => JSON.parse(readFileSync(at(name), 'utf8'))

/** What the call failed with: EACCES is 13, and without a tracer TRACE answers ENOSYS (38). */
const rows: readonly (readonly [
  Action,
  data: number,
  answer: number,
  printed: string,
  failures: Readonly<Record<string, number>>,
])[] = [
  ['USER_NOTIF', 0, 7, '7 0', {}],
  ['USER_NOTIF', 0, 0, '0 0', {}],
  ['USER_NOTIF', 0, -13, '-1 13', { eacces: 1 }],
  ['TRAP', 0, 7, '7 0', {}],
  ['ERRNO', 13, 0, '-1 13', { eacces: 1 }],
  ['TRACE', 0, 0, '-1 38', { enosys: 1 }],
]

for (const recorder of ['ebpf', 'strace'])
  for (const [action, data, answer, printed, failures] of rows)
    t.test(`${recorder}: ${action}, ${printed}`, async (t) => {
      const command = program(action, data, answer)
      const files = ['--observations', 'seen.json', '-o', 'app.json']
      const traced = await seccompGenHere(['trace', '--recorder', recorder, ...files, '--', ...command])
      t.equal(traced.stdout, printed, 'what the program got')
      const { architectures } = readJson('seen.json') as Observations
      const { first = '', ...seen } = Object.values(architectures)[0]?.['sysinfo'] ?? {}
      t.strictSame(seen, { count: 1, ...failures }, `the call is seen: ${first}`)
      if (recorder === 'ebpf')
        t.match(traced.stderr, /filter’s supervisor, answered sysinfo in place of the kernel/)
      if (recorder === 'ebpf') {
        const under = await seccompGenHere(['verify', '--recorder', 'ebpf', 'app.json', '--', ...command])
        t.ok(under.stderr.split('\n').includes(printed), 'what the program gets under the profile')
        t.equal(under.exitCode, 0, under.stdout)
      }
      // ENOSYS alone: the profile answers the same.
      const given = evaluate(parseProfile(readFileSync(at('app.json'), 'utf8')), { syscall: 'sysinfo' })
      t.match(given, failures['enosys'] === 1 ? { errno: 38 } : { action: 'SCMP_ACT_ALLOW' })
    })

/** The program's calls, and a profile of them that answers sysinfo in one way. */
const allCalls = async (): Promise<{ readonly names: readonly string[] }> => {
  // Each way to decide the call needs other calls beside it.
  const traced = await Promise.all(
    (['ERRNO', 'USER_NOTIF'] as const).map(async (action) => {
      const { observations } = await record({ command: program(action), recorder: 'ebpf', streams: 'ignore' })
      return buildProfile(derivePolicy(observations))
    }),
  )
  const rules = traced.flatMap(({ syscalls = [] }) => syscalls)
  return { names: [...new Set(rules.flatMap(({ names }) => names))] }
}
const { names } = await allCalls()
const profileAnswering = (rule?: object): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
    syscalls: [
      { names: names.filter((name) => name !== 'sysinfo'), action: 'SCMP_ACT_ALLOW' },
      ...(rule === undefined ? [] : [{ names: ['sysinfo'], ...rule }]),
    ],
  })
const profiles = {
  allows: profileAnswering({ action: 'SCMP_ACT_ALLOW' }),
  'answers EPERM': profileAnswering(),
  'answers EACCES': profileAnswering({ action: 'SCMP_ACT_ERRNO', errnoRet: 13 }),
  kills: profileAnswering({ action: 'SCMP_ACT_KILL_PROCESS' }),
} as const

/**
 * Whose answer it is. Authority: seccomp(2), and kernel/seccomp.c (seccomp_run_filters): the strictest, and of equal ones
 * the newest filter's, which is the program's own.
 */
const judged: readonly (readonly [
  profile: keyof typeof profiles,
  action: Action,
  data: number,
  blamed: boolean,
])[] = [
  ['allows', 'ERRNO', 1, false],
  ['answers EPERM', 'ERRNO', 1, false],
  ['answers EACCES', 'ERRNO', 1, false],
  ['answers EPERM', 'ERRNO', 13, false],
  ['answers EPERM', 'TRAP', 0, false],
  ['answers EPERM', 'USER_NOTIF', 0, true],
  ['answers EPERM', 'TRACE', 0, true],
  ['kills', 'ERRNO', 1, true],
]
for (const [profile, action, data, blamed] of judged)
  t.test(`verify: the profile ${profile}, the program’s own filter ${action} ${data}`, async (t) => {
    const done = await verify({
      profile: profiles[profile],
      command: program(action, data, 7),
      recorder: 'ebpf',
      streams: 'ignore',
      repair: true,
      within: null,
    })
    const both = done.decidedByOwn.map(({ syscall }) => syscall)
    t.strictSame(done.refusals, [], 'nothing is left')
    t.strictSame(
      done.repair?.added.map(({ refusal }) => refusal.syscall),
      blamed ? ['sysinfo'] : [],
      'what the repair added',
    )
    t.equal(done.rounds, blamed ? 2 : 1, 'rounds')
    const isSame = profile === 'answers EPERM' && action === 'ERRNO' && data === 1
    t.strictSame(both, isSame ? ['sysinfo'] : [], 'what both refuse')
  })

t.test('verify by strace and audit: where strace cannot tell, it says so', async (t) => {
  const of = (recorder: 'strace' | 'audit', words: readonly [string, ...string[]]) =>
    verify({ profile: profiles['answers EPERM'], command: words, recorder, streams: 'ignore', within: null })
  const by = await of('strace', program('ERRNO', 1))
  t.strictSame(
    by.refusals.map(({ syscall }) => syscall),
    ['sysinfo'],
  )
  t.equal(by.ownUnknown, true)
  const verified = { ...by, profile: 'app.json', within: undefined }
  t.match(
    printReport('verification', verified, 'text'),
    /the program set a seccomp filter itself, and strace does not/,
  )
  const plain = await of('strace', ['true'])
  t.equal(plain.ownUnknown, undefined, 'a program without a filter')
  if ((await whyNoAudit()) !== undefined) return void t.comment('audit cannot be used here')
  t.strictSame((await of('audit', program('ERRNO', 1))).refusals, [], 'audit: the program’s filter decides')
})

t.test('a running process: a supervisor’s answer counts, and a refusal stays one', async (t) => {
  for (const [action, data, answer, counted] of [
    ['USER_NOTIF', 0, 7, true],
    ['USER_NOTIF', 0, 0, true],
    ['ERRNO', 13, 0, false],
    ['TRAP', 0, 7, false],
  ] as const) {
    const [file, ...words] = program(action, data, answer, 100)
    const running = execa(file, words, { reject: false, stdout: 'ignore' })
    await new Promise((resolve) => setTimeout(resolve, 500))
    const { observations } = await record({ pid: running.pid ?? 0, for: 1500, recorder: 'ebpf' })
    running.kill('SIGKILL')
    await running
    const calls = Object.values(observations.architectures).flatMap((each) => Object.keys(each))
    t.ok(calls.includes('clock_nanosleep'), 'the process was recorded')
    t.equal(calls.includes('sysinfo'), counted, `${action} ${answer}`)
    const codes = observations.diagnostics.filter(({ facts }) =>
      Object.values(facts ?? {}).includes('sysinfo'),
    )
    t.strictSame(
      codes.map(({ code }) => code),
      [counted ? 'answered-by-filter' : 'refused-by-filter'],
      `${action} ${answer}`,
    )
  }
})
