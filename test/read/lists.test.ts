// Kubernetes objects as kubectl prints them: several in a list, in JSON and YAML, and one without a kind.
import t from 'tap'
import { profileProblems } from '../../src/check/index.ts'
import { observe } from '../../src/observe/index.ts'
import { parseProfiles } from '../../src/profile/index.ts'

const object = (name: string, call: string): object => ({
  apiVersion: 'security-profiles-operator.x-k8s.io/v1beta1',
  kind: 'SeccompProfile',
  metadata: { name },
  spec: {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ action: 'SCMP_ACT_ALLOW', names: [call, 'execve', 'exit_group'] }],
  },
})

const withKind = (kind: string): string =>
  JSON.stringify(
    {
      apiVersion: 'v1',
      items: [object('a', 'read'), object('b', 'write')],
      kind,
      metadata: { resourceVersion: '' },
    },
    null,
    4,
  )

const yaml = `apiVersion: v1
items:
- apiVersion: security-profiles-operator.x-k8s.io/v1beta1
  kind: SeccompProfile
  metadata:
    name: a
  spec:
    architectures:
    - SCMP_ARCH_X86_64
    defaultAction: SCMP_ACT_ERRNO
    syscalls:
    - action: SCMP_ACT_ALLOW
      names: [read, execve, exit_group]
- apiVersion: v1
  kind: Pod
  metadata:
    name: other
- apiVersion: security-profiles-operator.x-k8s.io/v1beta1
  kind: SeccompProfile
  metadata:
    name: b
  spec:
    architectures:
    - SCMP_ARCH_X86_64
    defaultAction: SCMP_ACT_ERRNO
    syscalls:
    - action: SCMP_ACT_ALLOW
      names: [write, execve, exit_group]
kind: List
metadata:
  resourceVersion: ""
`

const withoutKind = `metadata:
  generateName: trace1-
spec:
  architectures:
  - SCMP_ARCH_X86_64
  defaultAction: SCMP_ACT_ERRNO
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [read, execve, exit_group]
`

t.test('a list is its objects', async (t) => {
  for (const [name, text] of [
    ['json', withKind('List')],
    ['a typed list', withKind('SeccompProfileList')],
    ['yaml', yaml],
  ] as const) {
    t.strictSame(
      parseProfiles(text).map(({ title, envelope }) => [title, envelope]),
      [
        ['a', 'spo'],
        ['b', 'spo'],
      ],
      name,
    )
    const { architectures, sources, runs } = await observe([{ name: 'list', bytes: [Buffer.from(text)] }])
    t.strictSame(
      Object.keys(architectures.x86_64 ?? {}).sort(),
      ['execve', 'exit_group', 'read', 'write'],
      name,
    )
    t.match(
      sources.map(({ name: source, format, calls, evidence }) => [source, format, calls, evidence]),
      [
        ['list#a', 'spo', 3, ['wanted']],
        ['list#b', 'spo', 3, ['wanted']],
      ],
      'each object is a source',
    )
    t.equal(
      sources.reduce((sum, { lines }) => sum + lines, 0),
      text.split('\n').filter((_, at, all) => at < all.length - 1 || all[at] !== '').length,
    )
    t.equal(runs, 2, 'and a run')
    t.same(
      ['execve', 'read', 'write'].map((call) => architectures.x86_64?.[call]?.runs),
      [2, 1, 1],
    )
  }
})

t.test('nothing of a profile is dropped that stands on one long line, whatever its writer', async (t) => {
  // A line of a log beyond 256 KiB loses its middle.
  const names = [...Array<string>(50_000).fill('read'), 'write', ...Array<string>(50_000).fill('read')]
  const syscalls = [{ names, action: 'SCMP_ACT_ALLOW', args: [], comment: '', includes: {}, excludes: {} }]
  const profile = { defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64'], syscalls }
  const items = [object('a', 'read'), ...Array.from({ length: 2000 }, () => object('b', 'read')), object('c', 'write')] // prettier-ignore
  for (const [name, text, format] of [
    ['the hook', JSON.stringify(profile), 'hook'],
    ['Inspektor Gadget', `// x\n${JSON.stringify(profile)}`, 'inspektor-gadget'],
    ['the operator', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'spo'],
  ] as const) {
    const bytes = Buffer.from(`${text}\n`)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, index) => bytes.subarray(index * 65_536, (index + 1) * 65_536)) // prettier-ignore
    const { architectures, sources } = await observe([{ name: 'x', bytes: pieces }], { format })
    t.ok(Object.hasOwn(architectures.x86_64 ?? {}, 'write'), `${name}: the call in the middle or at the end`)
    const calls = sources.reduce((sum, { calls: each }) => sum + each, 0)
    t.equal(calls, format === 'spo' ? 3 * items.length : names.length, `${name}: all calls`)
  }
})

t.test('a list without a profile, and objects that are no list, are refused for what they are', async (t) => {
  const rows = [
    ['{"apiVersion":"v1","kind":"List","items":[]}', 'holds no profile'],
    ['apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: ""\n', 'holds no profile'],
    [`apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\nkind: List\n`, 'holds no profile'],
    [JSON.stringify([object('a', 'read'), object('b', 'write')], null, 1), 'a profile is a JSON object'],
    [`${JSON.stringify(object('a', 'read'))}\n${JSON.stringify(object('b', 'write'))}\n`, 'something follows the end'],
  ] as const
  for (const [text, message] of rows)
    await t.rejects(observe([{ name: 'x', bytes: [Buffer.from(text)] }]), { message: new RegExp(message) }, text)
}) // prettier-ignore

t.test('lines that end as on other systems, below a comment or a first ---', async (t) => {
  for (const head of ['---\n', '# exported\n---\n', '']) {
    const text = `${head}${withoutKind.replace('metadata:', 'apiVersion: v1\nmetadata:')}`
    for (const log of [
      text,
      text.replaceAll('\n', '\r\n'),
      `${head}${withoutKind}`.replaceAll('\n', '\r\n'),
    ]) {
      const { architectures } = await observe([{ name: 'x.yaml', bytes: [Buffer.from(log)] }])
      t.strictSame(Object.keys(architectures.x86_64 ?? {}).sort(), ['execve', 'exit_group', 'read'], log)
    }
  }
})

t.test('an object without its kind', async (t) => {
  const [profile] = parseProfiles(withoutKind)
  t.equal(profile.envelope, 'spo')
  t.notOk(profileProblems(profile).some(({ severity }) => severity === 'error'))
  const { architectures } = await observe([{ name: 'x.yaml', bytes: [Buffer.from(withoutKind)] }])
  t.strictSame(Object.keys(architectures.x86_64 ?? {}).sort(), ['execve', 'exit_group', 'read'])
})

const merged = (coverage: string): string => `apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata:
  annotations:
    spo.x-k8s.io/syscall-coverage: '${coverage}'
  labels:
    spo.x-k8s.io/recording-id: web
  name: web
spec:
  architectures: [SCMP_ARCH_X86_64]
  defaultAction: SCMP_ACT_ERRNO
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [read, write, socket, brk]
`

const runsOf = async (text: string): Promise<unknown> => {
  const { architectures, sources, runs, diagnostics } = await observe([
    { name: 'x.yaml', bytes: [Buffer.from(text)] },
  ])
  t.same(
    sources.map(({ name }) => name),
    ['x.yaml'],
  )
  t.same(diagnostics, [])
  const calls = Object.entries(architectures.x86_64 ?? {})
  return [runs, Object.fromEntries(calls.map(([call, { runs: of, count }]) => [call, [of, count]]))]
}

t.test('an object that the operator merged says in how many recordings each call was', async (t) => {
  const coverage = '{"version":"v1","total":3,"syscalls":{"read":3,"socket":1,"write":3}}'
  t.same(await runsOf(merged(coverage)), [3, { brk: [0, 1], read: [3, 3], socket: [1, 1], write: [3, 3] }])
})

t.test('a recorded object without such counts, or with broken ones, is one run', async (t) => {
  const one = [
    undefined,
    { brk: [undefined, 1], read: [undefined, 1], socket: [undefined, 1], write: [undefined, 1] },
  ]
  for (const coverage of [
    '{}',
    'x',
    '{"version":"v2","total":3,"syscalls":{"read":3}}',
    '{"version":"v1","total":0,"syscalls":{"read":0}}',
    '{"version":"v1","total":3,"syscalls":{"read":4}}',
    '{"version":"v1","total":1e3,"syscalls":{"read":4}}',
  ])
    t.same(await runsOf(merged(coverage)), one, coverage)
})
