// A scan joined with observations: the answers for unseen calls, never beyond the ceiling, and the messages.
import t from 'tap'
import {
  builtinProfile,
  derivePolicy,
  explainProfile,
  mergeObservations,
  mergeReachable,
  parseReachable,
  printReachable,
  UserError,
  type ExplainedCall,
  type Observations,
  type Policy,
  type PolicyOptions,
  type Reachable,
} from '../../src/index.ts'
import { coverageOf } from '../../src/policy/index.ts'
import { compareScans, scanChangesReport, scanStatLine } from '../../src/report/scan-changes.ts'
import { coverageLines } from '../../src/report/coverage.ts'
import { explanationRow } from '../../src/report/explanation.ts'
import { printReport } from '../../src/report/formats.ts'

const seen: Observations = {
  version: 1,
  architectures: {
    x86_64: {
      clone3: { count: 1, first: 'a:1' },
      read: { count: 2, first: 'a:2' },
      vmsplice: { count: 1, first: 'a:3' },
    },
  },
  unknown: {},
  sources: [],
  diagnostics: [],
}

const scan: Reachable = {
  version: 1,
  bound: true,
  architectures: {
    x86_64: {
      clone3: { path: ['app:main', 'libc.so.6:pthread_create'], companions: ['madvise', 'mount'] },
      madvise: { path: ['app:main', 'libc.so.6:pthread_create', 'libc.so.6:start_thread'] },
      mount: { path: ['app:main', 'libc.so.6:mount'] },
      kill: { path: ['app:main', 'app:stop', 'libc.so.6:kill'] },
      read: { path: ['app:main', 'libc.so.6:read'] },
    },
  },
  unresolved: [],
  modules: [],
  notFollowed: [],
}

function actionOf(policy: Policy, call: string): string {
  return policy.rules.find(({ syscall }) => syscall === call)?.action.type ?? 'default'
}

const rows = [
  { unseen: 'refuse', kill: 'default', madvise: 'default' },
  { unseen: 'log', kill: 'log', madvise: 'log' },
  { unseen: 'allow', kill: 'allow', madvise: 'allow' },
  { unseen: 'libc', kill: 'default', madvise: 'allow' },
] as const

for (const { unseen, kill, madvise } of rows)
  t.test(`--unseen ${unseen}`, async (t) => {
    const policy = derivePolicy(seen, { reachable: scan, unseen, runtime: 'none', margin: 'none' })
    t.equal(actionOf(policy, 'kill'), kill)
    t.equal(actionOf(policy, 'madvise'), madvise)
    t.equal(actionOf(policy, 'mount'), 'default', 'docker refuses mount without CAP_SYS_ADMIN')
    t.equal(actionOf(policy, 'read'), 'allow')
    t.equal(actionOf(policy, 'vmsplice'), 'allow', 'what was seen stays')
  })

t.test('the margin beside a scan: what no code reaches is none', async (t) => {
  const margin = (options: PolicyOptions): readonly string[] =>
    derivePolicy(seen, { runtime: 'none', ...options })
      .rules.filter(({ because }) => because.some(({ kind }) => kind === 'margin'))
      .map(({ syscall }) => syscall)
  const table = margin({})
  t.ok(
    ['kill', 'tgkill'].every((call) => table.includes(call)),
    'clone3 was seen, so that children are ended',
  )
  t.same(margin({ reachable: scan, unseen: 'libc' }), ['kill', 'madvise'])
  t.same(
    margin({ reachable: { ...scan, bound: false }, unseen: 'libc' }),
    table,
    'what a scan did not follow may call the rest',
  )
  t.same(margin({ reachable: scan }), table, 'a scan beside the margin takes nothing from it')
})

t.test('the reason is the way, and the call beside which it stands', async (t) => {
  const policy = derivePolicy(seen, { reachable: scan, unseen: 'libc', runtime: 'none', margin: 'none' })
  t.same(policy.rules.find(({ syscall }) => syscall === 'madvise')?.because, [
    { kind: 'reachable', path: 'app:main → libc.so.6:pthread_create → libc.so.6:start_thread', of: 'clone3' },
  ])
})

t.test('from a scan alone: all of it that the ceiling carries out', async (t) => {
  const policy = derivePolicy(mergeObservations(), {
    reachable: scan,
    unseen: 'allow',
    fromScan: true,
    runtime: 'none',
    margin: 'none',
  })
  t.same(policy.architectures, ['x86_64'])
  for (const call of ['kill', 'madvise', 'read']) t.equal(actionOf(policy, call), 'allow')
  t.equal(actionOf(policy, 'mount'), 'default')
})

t.test('a scan that gives the profile no call makes no profile', (t) => {
  const alone: PolicyOptions = { reachable: scan, unseen: 'allow', fromScan: true }
  const beyond = { ...scan, architectures: { x86_64: { bpf: { path: ['app:main'] } } } }
  for (const options of [
    { ...alone, architectures: ['aarch64'] },
    { ...alone, architectures: ['x86_64', 'aarch64'] },
    { ...alone, unseen: 'refuse' },
    { ...alone, reachable: beyond },
    { ...alone, reachable: { ...scan, architectures: { x86_64: {} } } },
  ] satisfies PolicyOptions[])
    t.throws(() => derivePolicy(mergeObservations(), options), { code: 'nothing-from-scan' })
  t.doesNotThrow(() => derivePolicy(mergeObservations(), { ...alone, reachable: beyond, within: 'none' }))
  t.end()
})

// docker's newest profile refuses AF_VSOCK (40) and allows all other families.
const families = ['1', '2', '40']

function socketRules(
  bound: boolean,
  values: readonly string[] | undefined,
  options: PolicyOptions,
): readonly string[] {
  const architectures = {
    x86_64: { socket: { path: ['app:main', 'libc.so.6:socket'], args: { '0': families } } },
  }
  const recorded: Observations = {
    ...seen,
    architectures: {
      x86_64: {
        read: { count: 1, first: 'a:1' },
        ...(values && { socket: { count: 1, first: 'a:2', args: { '0': values } } }),
      },
    },
  }
  const reachable = { ...scan, bound, architectures }
  return derivePolicy(recorded, { reachable, runtime: 'none', margin: 'none', ...options })
    .rules.filter(({ syscall }) => syscall === 'socket')
    .map(({ conditions, because }) => {
      const by = because.some((reason) => reason.kind === 'narrowed' && reason.by === 'code')
        ? ' by code'
        : ''
      return `${conditions.map(({ index, value, mask }) => `${index}&${mask.toString(16)}=${value}`).join(' ')}${by}`
    })
}

t.test('values that the code can pass narrow the ceiling, and never below what was seen', async (t) => {
  const exactly = (...values: readonly string[]): readonly string[] =>
    values.map((each) => `0&ffffffff=${each} by code`)
  t.same(
    socketRules(false, undefined, { unseen: 'allow' }),
    exactly('1', '2'),
    'by the scan alone: never beyond the ceiling',
  )
  t.same(socketRules(true, ['1'], {}), exactly('1', '2'), 'seen, and the scan is a bound')
  t.same(socketRules(true, ['16'], {}), exactly('1', '2', '16'), 'what was seen stays')
  const docker = socketRules(false, ['1'], {})
  t.notOk(
    docker.some((each) => each.endsWith('by code')),
    'a scan that is no bound narrows nothing that was seen',
  )
  t.same(socketRules(true, ['1'], { conditions: 'observed' }), exactly('1', '2'), 'with what was seen')
  t.same(
    socketRules(true, ['1'], { conditions: 'none' }).filter((each) => each.endsWith('by code')),
    [],
  )
})

t.test('coverage: seen, unseen, unreachable', async (t) => {
  const isWithin = (_: string, call: string): boolean => call !== 'mount'
  const coverage = coverageOf(scan, seen.architectures, isWithin)
  t.same(coverage, [
    {
      architecture: 'x86_64',
      reachable: 5,
      seen: 2,
      unseen: ['madvise', 'mount', 'kill'].map((call) => ({
        call,
        path: scan.architectures.x86_64?.[call]?.path,
        isWithin: call !== 'mount',
      })),
      unreachable: ['vmsplice'],
    },
  ])
  const lines = coverageLines(coverage)
  t.equal(lines[0], 'x86_64: 2 of 5 reachable calls seen')
  t.equal(lines[1], 'unseen and within the ceiling: 2: madvise kill')
  t.ok(lines.some((line) => line === 'to exercise next: app:stop leads to kill'))
  t.ok(lines.at(-1)?.endsWith(': vmsplice'))
})

t.test('explain: a call that was not seen by the way to it, and how much was seen', async (t) => {
  const { profile } = builtinProfile('docker')
  const calls = explainProfile(profile, { observations: seen, reachable: scan })
  const row = (call: string): readonly string[] =>
    explanationRow(calls.find(({ syscall }) => syscall === call) as ExplainedCall)
  t.match(row('kill').at(-1), /; not seen, reachable: app:main → app:stop → libc.so.6:kill$/)
  t.match(row('mount').at(-1), /not seen, reachable: app:main → libc.so.6:mount$/)
  t.match(row('read').at(-1), /^seen 2 times/)
  t.match(row('vmsplice').at(-1), /not reachable by the scan$/)
  t.equal(row('accept').at(-1), 'not reachable by the scan', 'the rule names what no code reaches')
  const explained = { profile: 'docker', calls, observations: seen }
  for (const format of ['text', 'markdown'] as const) {
    const report = printReport('explanation', explained, format).replaceAll('\\', '')
    t.match(report, 'x86_64: 2 of 5 reachable calls seen')
    t.match(report, 'unseen and within the default: 2: madvise kill')
    t.match(report, 'to exercise next: app:stop leads to kill')
  }
  const json = JSON.parse(printReport('explanation', explained, 'json')) as {
    readonly coverage: readonly { readonly unseen: readonly unknown[] }[]
    readonly calls: readonly {
      readonly syscall: string
      readonly reachable: unknown
      readonly seen: boolean
    }[]
  }
  t.same(json.coverage[0]?.unseen[1], {
    syscall: 'mount',
    path: ['app:main', 'libc.so.6:mount'],
    within: false,
  })
  t.match(
    json.calls.find(({ syscall }) => syscall === 'vmsplice'),
    { seen: true, reachable: false },
  )
  t.same(
    explainProfile(profile, { observations: seen, calls: ['kill'] }).map(({ scan: its }) => its),
    [undefined],
    'nothing of it without a scan',
  )
})

t.test(
  'scans merge in any order, and the same twice is the same once; what is printed is read',
  async (t) => {
    const other: Reachable = {
      ...scan,
      bound: false,
      architectures: {
        x86_64: { kill: { path: ['b:main', 'libc.so.6:kill'] } },
        aarch64: { read: { path: ['b:main'], args: { '0': ['9', '10'] } } },
      },
      notFollowed: [{ what: 'jit', from: 'b:0x10' }],
    }
    const merged = mergeReachable(scan, other)
    t.same(mergeReachable(other, scan), merged)
    t.same(mergeReachable(merged, scan, other), merged)
    t.equal(merged.bound, false)
    t.same(merged.architectures.x86_64?.['kill']?.path, ['b:main', 'libc.so.6:kill'])
    t.same(parseReachable(printReachable(merged), 'x'), merged)
    for (const text of [
      '',
      '{}',
      '[1]',
      '{"version":1,"bound":true,"architectures":{"z80":{}}}',
      '{"version":1,"bound":true,"architectures":{"x86_64":{"read":{}}}}',
    ])
      t.throws(() => parseReachable(text, 'scan.json'), UserError)
  },
)

t.test('two scans: what became reachable is wider, what is no longer is narrower', async (t) => {
  const { kill = { path: [] }, ...others } = scan.architectures.x86_64 ?? {}
  const head: Reachable = {
    ...scan,
    architectures: { x86_64: { ...others, ptrace: { path: ['app:main', 'libc.so.6:ptrace'] } } },
  }
  const comparison = compareScans(scan, head)
  const { changes } = comparison
  t.same(
    changes.map(({ direction, syscall }) => `${direction} ${syscall}`),
    ['wider ptrace', 'narrower kill'],
  )
  t.equal(
    scanChangesReport(comparison, 'text'),
    `wider: ptrace on x86_64 became reachable: app:main → libc.so.6:ptrace\nnarrower: kill on x86_64 is no longer reachable: ${kill.path.join(' → ')}\n`,
  )
  t.same(compareScans(scan, scan), { bound: { before: true, after: true }, account: [], changes: [] })
  t.equal(scanChangesReport(compareScans(scan, scan), 'text'), 'the same calls are reachable\n')
  t.same(compareScans(scan, head, ['aarch64']).changes, [], 'another architecture')
})

t.test('scans differ in values and in whether they are a bound', async (t) => {
  const withSocket = (args: Record<string, readonly string[]> | undefined): Reachable => ({
    ...scan,
    architectures: { x86_64: { socket: { path: ['app:main'], ...(args && { args }) } } },
  })
  const [unix, more, any] = [
    withSocket({ 0: ['1'] }),
    withSocket({ 0: ['1', '16', '38'] }),
    withSocket(undefined),
  ]
  const text = (base: Reachable, head: Reachable): string =>
    scanChangesReport(compareScans(base, head), 'text')
  t.equal(text(unix, more), 'wider: socket on x86_64: argument 0 can be AF_NETLINK AF_ALG: app:main\n')
  t.equal(
    text(more, unix),
    'narrower: socket on x86_64: argument 0 can no longer be AF_NETLINK AF_ALG: app:main\n',
  )
  t.equal(text(unix, any), 'wider: socket on x86_64: argument 0 can be any value: app:main\n')
  t.match(JSON.parse(scanChangesReport(compareScans(unix, any), 'json')), {
    verdict: 'wider',
    changes: [{ direction: 'wider', arch: 'x86_64', syscall: 'socket', argument: 0, values: 'any' }],
  })
  const jit: Reachable = { ...scan, bound: false, notFollowed: [{ what: 'jit', from: 'libpcre2-8.so.0' }] }
  const opened = compareScans(scan, jit)
  t.equal(scanStatLine(opened), 'wider: 0 wider, 0 narrower; no bound any more\n')
  t.match(
    scanChangesReport(opened, 'markdown'),
    /^- wider: the list was a bound .*\n.*\n- not followed: .* makes memory executable/,
  )
  t.match(scanChangesReport(compareScans(jit, scan), 'text'), /^narrower: the list is a bound now\n/)
})
