// What the library's functions are given is checked: names of options, words, kinds of values. Every function of
// docs/api.md that takes options is in the table, so that a new one without a row is found.
import { readFileSync } from 'node:fs'
import t from 'tap'
import * as library from '../src/index.ts'
import * as running from '../src/run.ts'
import { small } from './print/policies.ts'

const { UserError } = library
const bytes = new TextEncoder().encode('read(0, "", 1) = 0\nexit_group(0) = ?\n')
const sources = [{ name: 'app.strace', bytes: [bytes] }]
const observations = await library.observe(sources)
const docker = library.builtinProfile('docker').profile
const tiny = library.parseProfile(
  '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}',
)
const scan = library.parseReachable(
  '{"version":1,"bound":true,"architectures":{},"unresolved":[],"modules":[],"notFollowed":[]}',
)
const context: library.SecurityContext = {
  version: 1,
  containers: [
    {
      name: 'app',
      capabilities: { needed: [], tolerated: [] },
      runAsNonRoot: false,
      noNewPrivileges: true,
      readOnlyRoot: true,
      mounts: [],
      podSecurity: 'baseline',
      because: [],
    },
  ],
}
const compared = library.comparedProfiles({ name: 'a', profile: docker }, { name: 'b', profile: docker })
const file: library.ArchiveFiles = {
  name: 'app.tar',
  text: async () => undefined,
  // eslint-disable-next-line require-yield
  bytes: async function* () {},
}
const tree: library.Tree = { entry: async () => undefined }
const same = { before: docker, after: docker }

/** JavaScript passes anything. */
type Anything = never

/** What reads a context of a profile: the options that several functions share. */
const contextRows: Rows = {
  architecture: [
    ['nope', 1, 'x86-64-v2'],
    ['amd64', 'arm64', 'i386', 'AARCH64'],
  ],
  capabilities: [
    ['CHOWN', ['CAP_NOPE'], [1], 'none'],
    ['all', [], ['CAP_CHOWN'], ['chown', 'SYS_ADMIN']],
  ],
  kernel: [
    ['x', 6.12, '6'],
    ['6.12', '5.10.0-8'],
  ],
  runtime: [
    ['nope', 'runc@x', 1],
    ['runc', 'crun@1.8.1'],
  ],
  libseccomp: [['2.4', 2.5], ['2.5.4']],
  engine: [
    ['dokcer', 'docker@', 1],
    ['docker', 'docker@20.10'],
  ],
}
const { architecture: _, ...hostRows } = contextRows
const names = [
  [1, [], {}],
  ['app', ''],
] as const
const flags = [
  ['yes', 'true', 1, null],
  [true, false],
] as const
const profiles = [['docker', {}, null], [docker]] as const
const strings = [
  ['a', [1], {}],
  [[], ['a']],
] as const
const functions = [[true, 'f'], [() => undefined]] as const
const signals = [
  [true, {}],
  [AbortSignal.abort(), new AbortController().signal],
] as const
const indexes = [
  [{ ioctl: [1] }, new Map([['ioctl', 1]]), new Map([['ioctl', [6]]]), new Map([[1, [1]]])],
  [new Map(), new Map([['ioctl', [0, 5]]])],
] as const
const settingsRows: Rows = {
  recorder: [
    ['perf', true],
    ['auto', 'ebpf', 'strace'],
  ],
  for: [
    ['5s', -1, 0.5, NaN],
    [0, 5000],
  ],
  name: names,
  arguments: indexes,
  load: [
    ['curl', ['curl'], { command: [] }, { command: 'curl' }, { command: ['curl'], redy: ['true'] }],
    [{ command: ['curl'] }, { command: ['curl', '-s'], ready: ['true'] }],
  ],
  stop: signals,
  kill: signals,
  each: flags,
  begun: functions,
  signals: functions,
  notice: functions,
  cwd: names,
  env: [
    ['PATH=/', 1, null],
    [{}, { PATH: '/' }],
  ],
  streams: [
    ['inherit-all', false],
    ['inherit', 'to-stderr', 'ignore'],
  ],
}
const command = [
  ['true', [], [1], [undefined]],
  [['true'], ['sleep', '1']],
] as const
const mediumRows: Rows = {
  screen: [
    [{}, 80, { color: true, colour: true }, { colour: 'yes' }, { colour: true, columns: 0 }].slice(1),
    [{ colour: true, columns: 80 }],
  ],
  tool: [
    ['seccomp-gen', { version: 1 }],
    [{ version: '1.0.0' }, {}],
  ],
}
const started: Rows = {
  entrypoint: strings,
  command: strings,
  workingDirectory: names,
  mounted: functions,
}

/** Compares with a small profile: Docker's default would take seconds in sum. */
function quick(options: Anything): Anything {
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options)
  return (isObject ? { within: tiny, ...(options as object) } : options) as Anything
}

/** By option: values that are refused, and values that are taken. */
type Rows = Readonly<Record<string, readonly [wrong: readonly unknown[], right: readonly unknown[]]>>

interface Checked {
  readonly call: (options: Anything) => unknown
  readonly rows: Rows
  /** The functions of `run` would start processes if they took a value; only what is refused is tried. */
  readonly starts?: true
}

const policy = {
  reachable: [[{}, 'scan.json'], [scan]],
  unseen: [
    ['nope', true],
    ['refuse', 'log', 'allow', 'libc'],
  ],
  fromScan: flags,
  architectures: [
    ['aarch64', ['nope'], [1]],
    [[], ['x86_64'], ['amd64'], ['arm64', 'x86_64']],
  ],
  runtime: [
    ['nope', 'docker', true],
    ['all', 'none', 'runc', 'crun@1.8.1'],
  ],
  noNewPrivileges: flags,
  defaultAction: [
    ['nope', 'SCMP_ACT_ERRNO', 1],
    ['errno', 'kill-process', 'log'],
  ],
  logRefusals: flags,
  allowClone3: flags,
  within: [
    ['dokcer', true, { name: 'x' }, { name: 'x', profile: {} }, [docker]],
    [
      'none',
      'docker',
      { name: 'x', profile: docker, text: '{}' },
      [{ name: 'x', profile: docker }],
      library.builtinProfile('podman'),
    ],
  ],
  capabilities: contextRows['capabilities'] as Rows[string],
  kernel: contextRows['kernel'] as Rows[string],
  conditions: [
    ['nope', 'Within', true],
    ['none', 'within', 'observed'],
  ],
  beyond: [
    ['Never', false],
    ['seen', 'never'],
  ],
  with: [
    ['exec', ['nope']],
    [[], ['exec', 'init', 'tty']],
  ],
  margin: [
    ['nope', false],
    ['none', 'libc', () => []],
  ],
} satisfies Rows

const checked: Readonly<Record<string, Checked>> = {
  derivePolicy: { call: (options) => library.derivePolicy(observations, options), rows: policy },
  evaluate: { call: (options) => library.evaluate(tiny, { syscall: 'read' }, options), rows: contextRows },
  compareProfiles: {
    call: (options) => library.compareProfiles(tiny, tiny, options),
    rows: { ...contextRows, contexts: [['default', true], ['all']] },
  },
  comparedProfiles: {
    call: (options) =>
      library.comparedProfiles({ name: 'a', profile: tiny }, { name: 'b', profile: tiny }, options),
    rows: {
      ...contextRows,
      contexts: [['default', true], ['all']],
      failOn: [
        ['narrower', true],
        ['wider', 'any', 'never'],
      ],
      unasked: flags,
    },
  },
  intersectProfiles: { call: (options) => library.intersectProfiles([tiny], options), rows: contextRows },
  mergeProfiles: { call: (options) => library.mergeProfiles([tiny], options), rows: contextRows },
  rateChanges: { call: (options) => library.rateChanges([], same, options), rows: contextRows },
  explainProfile: {
    call: (options) => library.explainProfile(tiny, quick(options)),
    rows: {
      ...hostRows,
      observations: [[{}, 'a'], [observations]],
      calls: [
        [1, 'read'],
        [['read'], []],
      ],
      architectures: policy.architectures,
      reachable: policy.reachable,
      within: profiles,
    },
  },
  profileProblems: {
    call: (options) => library.profileProblems(tiny, options),
    rows: {
      name: names,
      dialect: [
        ['podman', 1],
        ['oci', 'docker'],
      ],
      runtime: contextRows['runtime'] as Rows[string],
      libseccomp: contextRows['libseccomp'] as Rows[string],
      engine: contextRows['engine'] as Rows[string],
    },
  },
  runtimeProblems: {
    call: (options) => library.runtimeProblems(tiny, 'runc', options),
    rows: {
      noNewPrivileges: flags,
      dialect: [
        ['podman', 1],
        ['oci', 'docker'],
      ],
    },
  },
  observe: {
    call: (options) => library.observe(sources, options),
    rows: {
      format: [
        ['nope', true],
        ['auto', 'strace'],
      ],
      arguments: indexes,
      architecture: [
        ['nope', 1],
        ['x86_64', 'amd64'],
      ],
      choice: [[{ pids: 1 }, { pid: '1' }, { comm: 1 }, { since: 'today' }, 1], [{}]],
      afterFilter: [['yes', 1], [false]],
      context: flags,
      signal: [[true, {}], [new AbortController().signal]],
      progress: functions,
    },
  },
  readTrace: {
    call: async (options) => {
      for await (const _ of library.readTrace(sources[0] as library.Source, options));
    },
    rows: { arguments: indexes },
  },
  parseProfile: {
    call: (options) => library.parseProfile(library.printProfile(docker.profile as never), options),
    rows: { name: names },
  },
  parseProfiles: {
    call: (options) => library.parseProfiles('{"defaultAction":"SCMP_ACT_ERRNO"}', options),
    rows: { name: names },
  },
  hardenContext: {
    call: (options) => library.hardenContext({ ...observations, context: [] }, options),
    rows: {
      container: [names[0], []],
      user: [[1000, { uid: '1000' }, { uid: -1 }, { uid: 1, group: 1 }], []],
    },
  },
  printPolicyAs: {
    call: (options) => library.printPolicyAs(small, 'spo', options),
    rows: {
      name: [[1, 'App'], ['app']],
      recording: [[1, 'x'], ['a/b/c']],
      observations: [[{}], [observations]],
      images: [['a', [1]], [[]]],
    },
  },
  printContextAs: {
    call: (options) => library.printContextAs(context, 'docker', options),
    rows: { image: names, seccomp: names },
  },
  patchManifest: {
    call: (options) =>
      library.patchManifest('services: {app: {image: a}}\n', 'compose.yaml', context, options),
    rows: { image: names, seccomp: names, pod: names },
  },
  scanPrograms: {
    call: (options) => library.scanPrograms(tree, [], options),
    rows: {
      with: strings,
      cache: [
        [true, {}, new Map()].slice(0, 2),
        [{ get: async () => undefined, put: async () => undefined }],
      ],
      progress: functions,
      sha256: functions,
    },
  },
  loadImage: { call: (options) => library.loadImage(file, 'x86_64', options), rows: started },
  changesReport: { call: (medium) => library.changesReport(compared, 'text', medium), rows: mediumRows },
  reviewReport: {
    call: (medium) => library.reviewReport({ profiles: [], unreadable: [] } as Anything, 'text', medium),
    rows: mediumRows,
  },
  findingsReport: { call: (medium) => library.findingsReport([], 'text', medium), rows: mediumRows },
  explanationReport: {
    call: (medium) => library.explanationReport({ profile: 'a', calls: [] } as Anything, 'json', medium),
    rows: mediumRows,
  },
  observationsReport: {
    call: (medium) => library.observationsReport(observations, 'json', medium),
    rows: mediumRows,
  },
  record: {
    call: (options) => running.record(options),
    rows: {
      ...settingsRows,
      command,
      known: [[{}, 'a'], []],
      pid: [['1', 0], []],
      cgroup: [names[0], []],
      container: [names[0], []],
      query: [['web', { pods: 'web' }, { pod: 1 }], []],
      cri: [names[0], []],
      wait: [flags[0], []],
    },
    starts: true,
  },
  verify: {
    call: (options) => running.verify(options),
    rows: {
      ...settingsRows,
      recorder: [['perf', true], []],
      profile: [[1, {}], []],
      command,
      within: [['docker', {}], []],
      repair: flags,
      widen: flags,
      runs: [['2', 0, 1.5], []],
      noNewPrivileges: flags,
    },
    starts: true,
  },
  recordUnder: {
    call: (options) => running.recordUnder(options),
    rows: { ...settingsRows, command, under: profiles, noNewPrivileges: flags },
    starts: true,
  },
}

const refusals = new Set<string>([
  'no-such-option',
  'wrong-value',
  'no-such-architecture',
  'no-such-capability',
  'no-such-builtin',
  'not-a-kernel',
  'not-a-runtime',
  'not-an-engine',
  'not-a-libseccomp',
  'not-an-object-name',
  'wrong-recording',
])

/** The code of what a call throws; undefined if it returns. */
async function codeOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error.code
    throw error
  }
}

const page = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8')
t.test('every function that takes options is in the table', async (t) => {
  const taking = [...page.matchAll(/```ts\n(?:async )?function\*? ?(\w+)([^`]*)```/g)]
    .filter(([, , text = '']) =>
      /Options\b|Settings\b|Medium\b|StartedAs\b/.test(text.replace(/\): [\s\S]*$/, '')),
    )
    .map(([, name = '']) => name)
  t.ok(taking.length > 20)
  t.same(Object.keys(checked).sort(), taking.sort())
})

for (const [name, { call, rows, starts }] of Object.entries(checked)) {
  t.test(name, async (t) => {
    const given = (options: unknown) => codeOf(() => call(options as Anything))
    t.equal(await given({ nosuch: undefined }), 'no-such-option', 'a name that it does not have')
    for (const wrong of [null, 'all', ['all'], 1])
      t.equal(await given(wrong), 'wrong-value', `${String(wrong)} for options`)
    for (const [option, [wrong, right]] of Object.entries(rows)) {
      for (const value of wrong)
        t.ok(
          refusals.has((await given({ [option]: value })) ?? ''),
          `${option}: ${inspected(value)} is refused`,
        )
      if (starts === true) continue
      t.notOk(
        refusals.has((await given({ [option]: undefined })) ?? ''),
        `${option}: undefined is the default`,
      )
      for (const value of right) {
        const code = (await given({ [option]: value })) ?? ''
        t.notOk(refusals.has(code), `${option}: ${inspected(value)} is taken ${code}`)
      }
    }
  })
}

t.test('sources and documents are told from what is none', async (t) => {
  const nothing: Anything = {} as Anything
  const calls: Readonly<Record<string, (wrong: Anything) => unknown>> = {
    observe: library.observe,
    'observe: a source': (wrong) => library.observe([wrong]),
    readTrace: async (wrong) => {
      for await (const _ of library.readTrace(wrong));
    },
    countCalls: library.countCalls,
    mergeObservations: library.mergeObservations,
    printObservations: library.printObservations,
    printPolicy: library.printPolicy,
    printProfile: library.printProfile,
    mergeReachable: library.mergeReachable,
    printReachable: library.printReachable,
    scanPrograms: (wrong) => library.scanPrograms(wrong, []),
  }
  for (const [name, call] of Object.entries(calls))
    for (const wrong of [nothing, null, undefined, 1, 'text', sources[0], [null]] as Anything[]) {
      const isSource = wrong === sources[0] && /source|readTrace/.test(name)
      if (!isSource) t.equal(await codeOf(() => call(wrong)), 'wrong-value', `${name}: ${inspected(wrong)}`)
    }
  t.equal(
    await codeOf(() => library.observe([{ bytes: [bytes] } as Anything])),
    'wrong-value',
    'without a name',
  )
})

t.test('an abort ends the reading of a source that gives nothing', async (t) => {
  const never = new Promise<never>(() => undefined)
  let cancelled = 0
  const stream = () => new ReadableStream<Uint8Array>({ pull: () => never, cancel: () => void cancelled++ })
  const iterable = async function* () {
    yield bytes
    await never
  }
  for (const given of [stream(), iterable()]) {
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('enough')), 20)
    await t.rejects(library.observe([{ name: 'slow', bytes: given }], { signal: abort.signal }), {
      message: 'enough',
    })
  }
  t.equal(cancelled, 1, 'the stream is told')
})

function inspected(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `{${Object.keys(value).slice(0, 3).join()}}`
    : String(value)
}

t.test('what stands beside the options', async (t) => {
  const rows: readonly (readonly [string, string, () => unknown])[] = [
    ['derivePolicy without observations', 'wrong-value', () => library.derivePolicy(undefined as Anything)],
    ['derivePolicy of a profile', 'wrong-value', () => library.derivePolicy(docker as Anything)],
    ['mergeObservations', 'wrong-value', () => library.mergeObservations(observations, {} as Anything)],
    [
      'evaluate of a document',
      'wrong-value',
      () => library.evaluate({ defaultAction: 'SCMP_ACT_ALLOW' } as Anything, { syscall: 'read' }),
    ],
    [
      'a call with arch',
      'no-such-option',
      () => library.evaluate(docker, { syscall: 'read', arch: 'arm64' } as Anything),
    ],
    [
      'a call on nope',
      'no-such-architecture',
      () => library.evaluate(docker, { syscall: 'read', architecture: 'nope' } as Anything),
    ],
    ['a call without a name', 'wrong-value', () => library.evaluate(docker, {} as Anything)],
    [
      'arguments that are numbers',
      'not-a-bigint',
      () => library.evaluate(docker, { syscall: 'read', args: [1] } as Anything),
    ],
    [
      'arguments that are a word',
      'wrong-value',
      () => library.evaluate(docker, { syscall: 'read', args: '1' } as Anything),
    ],
    ['compareProfiles', 'wrong-value', () => library.compareProfiles(docker, {} as Anything)],
    ['intersectProfiles', 'wrong-value', () => library.intersectProfiles([{}] as Anything)],
    ['explainProfile', 'wrong-value', () => library.explainProfile({} as Anything)],
    ['profileProblems', 'wrong-value', () => library.profileProblems({ defaultAction: 5 } as Anything)],
    ['runtimeProblems', 'not-a-runtime', () => library.runtimeProblems(docker, 'nope' as Anything)],
    ['parseProfile of undefined', 'wrong-value', () => library.parseProfile(undefined as Anything)],
    ['parseProfiles of bytes', 'wrong-value', () => library.parseProfiles(bytes as Anything)],
    ['parseContext of undefined', 'wrong-value', () => library.parseContext(undefined as Anything)],
    ['parseContext without a name', 'not-a-context', () => library.parseContext('{}')],
    ['parseReachable of undefined', 'wrong-value', () => library.parseReachable(undefined as Anything)],
    ['parseReachable without a name', 'not-a-scan', () => library.parseReachable('{}')],
    ['builtinProfile of undefined', 'wrong-value', () => library.builtinProfile(undefined as Anything)],
    ['syscallTable', 'no-such-architecture', () => library.syscallTable('nope' as Anything)],
    ['printPolicyAs nope', 'wrong-value', () => library.printPolicyAs(small, 'nope' as Anything)],
    ['printPolicyAs of nothing', 'wrong-value', () => library.printPolicyAs({} as Anything, 'oci')],
    [
      'buildProfile of no architecture',
      'wrong-value',
      () => library.buildProfile({ ...small, architectures: [] } as Anything),
    ],
    [
      'buildProfile of arm64',
      'wrong-value',
      () => library.buildProfile({ ...small, architectures: ['arm64'] } as Anything),
    ],
    ['buildDockerProfile', 'wrong-value', () => library.buildDockerProfile({} as Anything)],
    ['printContextAs nope', 'wrong-value', () => library.printContextAs(context, 'nope' as Anything)],
    ['printContextAs of nothing', 'wrong-value', () => library.printContextAs({} as Anything, 'json')],
    ['patchManifest', 'wrong-value', () => library.patchManifest('', 'pod.yaml', {} as Anything)],
    ['scanPrograms', 'wrong-value', () => library.scanPrograms(tree, '/bin/ls' as Anything)],
    ['loadImage', 'no-such-architecture', () => library.loadImage(file, 'nope' as Anything)],
    ['changesReport', 'wrong-value', () => library.changesReport(compared, 'xml' as Anything)],
    ['findingsReport', 'wrong-value', () => library.findingsReport([], 'html' as Anything)],
    [
      'explanationReport',
      'wrong-value',
      () => library.explanationReport({} as Anything, 'sarif' as Anything),
    ],
    ['observationsReport', 'wrong-value', () => library.observationsReport(observations, 'text' as Anything)],
    ['reviewReport', 'wrong-value', () => library.reviewReport({} as Anything, '' as Anything)],
    ['hardenContext', 'wrong-value', () => library.hardenContext({} as Anything)],
  ]
  for (const [title, code, call] of rows) t.equal(await codeOf(call), code, title)
})

t.test('another spelling gives what the name gives', async (t) => {
  const of = (architectures: string[]) => library.derivePolicy(observations, { architectures } as Anything)
  t.strictSame(of(['amd64', 'arm64']), of(['x86_64', 'aarch64']))
  t.equal(library.syscallTable('arm64' as Anything), library.syscallTable('aarch64'))
  const on = (architecture: string) => library.evaluate(docker, { syscall: 'open', architecture } as Anything)
  t.strictSame(on('i386'), on('x86'))
  const mount = (capabilities: string[]) => library.evaluate(docker, { syscall: 'mount' }, { capabilities })
  t.strictSame(mount(['sys_admin']), mount(['CAP_SYS_ADMIN']))
  t.equal(mount(['sys_admin']).action, 'SCMP_ACT_ALLOW')
})

t.test('undefined for an option is no option', async (t) => {
  const call = { syscall: 'open', architecture: 'arm' } as const
  t.strictSame(
    library.evaluate(docker, call, { architecture: undefined } as Anything),
    library.evaluate(docker, call),
  )
})

t.test('the message says what is known', async (t) => {
  const rows: readonly (readonly [() => unknown, string])[] = [
    [
      () => library.derivePolicy(observations, { beyond: 'Never' } as Anything),
      'derivePolicy: beyond: "Never" is not one of seen, never',
    ],
    [
      () => library.derivePolicy(observations, { with: ['exec', 'x'] } as Anything),
      'derivePolicy: with[1]: "x" is not one of exec, init, tty',
    ],
    [
      () => library.derivePolicy(observations, { noNewPrivileges: 'true' } as Anything),
      'derivePolicy: noNewPrivileges: "true" is not true or false',
    ],
    [
      () => library.runtimeProblems(docker, 'runc', { noNewPriviliges: true } as Anything),
      'runtimeProblems takes no option noNewPriviliges: its options are noNewPrivileges, dialect',
    ],
    [
      () => library.evaluate(docker, { syscall: 'read', arch: 'x86' } as Anything),
      'evaluate: call takes no option arch: its options are architecture, syscall, args',
    ],
    [
      () => library.hardenContext(observations, { user: { uid: '5' } } as Anything),
      'hardenContext: user: uid: "5" is not a whole number from 0 on',
    ],
  ]
  for (const [call, message] of rows) t.throws(call, { name: 'UserError', message, status: 2 })
})
