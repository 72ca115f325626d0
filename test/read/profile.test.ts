// The hook's profiles and profiles of every dialect as evidence: the calls they allow and where, and the refusal of
// profiles that show nothing. Also the hook's log: missing calls.
import { withoutCollected } from '../recordings.ts'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { syscallTable } from '../../src/abi/tables.ts'
import { parseTraceAnnotation } from '../../src/read/hook/annotation.ts'
import { calls, codes, filesOf, json, observeFile, observeText, text } from './logs.ts'

t.test('what the hook wrote is recognised and gives the calls of its truth', async (t) => {
  const files = filesOf('recorded/hook', /\.truth\.json$/)
  t.ok(files.length >= 9)
  for (const file of files) {
    const observations = await observeFile(file.replace('.truth.json', ''))
    const truth = json(file) as Record<string, Record<string, number>>
    const wanted = Object.entries(truth).flatMap(([architecture, names]) =>
      Object.keys(names).map((name) => `${architecture} ${name}`),
    )
    t.same(calls(observations), wanted.sort(), file)
    t.equal(observations.sources[0]?.format, 'hook')
    t.same(
      codes(observations),
      file.includes('-if') ? ['profile-wanted'] : [],
      `${file}: with a base, not all was seen`,
    )
  }
})

t.test(
  'the log of the hook, through syslog, the journal and the runtime, tells what became of it',
  async (t) => {
    const logs = filesOf('recorded/hook', /^(?!a64-ls-crun).*\.(?:syslog|journal\.txt|journal\.json)$/)
    t.ok(logs.length >= 30)
    for (const file of [
      ...logs,
      'recorded/hook/fail-badof.stderr',
      'recorded/other/hostmismatch-ls.syslog',
    ]) {
      const observations = await observeFile(file)
      t.match(observations.sources, [{ format: 'hook', calls: 0, unparsed: 0, evidence: ['log-only'] }], file)
      t.same(codes(observations), file.includes('fail-badof') ? ['hook-failed'] : [], file)
    }
  },
)

const started = 'time="2020-08-21T12:49:29+02:00" level=info msg="Started OCI seccomp hook version v1.2.1"'
const written =
  'time="2020-08-21T12:49:29+02:00" level=info msg="Writing seccomp profile to \\"/tmp/p.json\\""'
const logged = (level: string, message: string): string =>
  `time="2020-08-21T12:49:29+02:00" level=${level} msg=${JSON.stringify(message)}`

t.test('markers of loss in the log of the hook', async (t) => {
  const rows = [
    [logged('error', 'error getting the name for syscall ID 9999'), ['hook-unknown-id', 'records-lost'], 1],
    [logged('error', 'failed to decode received data "x": EOF\n'), ['hook-undecoded', 'records-lost'], 1],
    [
      logged('fatal', "BPF program didn't compile and attach within 10 seconds: please refer to the syslog"),
      ['hook-not-attached'],
      undefined,
    ],
    [
      logged('fatal', 'invalid annotation: providing output file is mandatory: please refer to the syslog'),
      ['hook-failed'],
      undefined,
    ],
    ['podman run --annotation io.containers.trace-syscall=of:relative x', ['hook-annotation'], undefined],
  ] as const
  for (const [line, wanted, lost] of rows) {
    const observations = await observeText(`${started}\n${line}\n${written}\n`)
    t.same(codes(observations), wanted, line)
    t.equal(observations.sources[0]?.lost, lost)
  }
  t.same(codes(await observeText(`${started}\n`)), ['hook-no-profile'])
})

t.test('the annotation is judged as the hook does', async (t) => {
  const rows = [
    ['of:/o.json', { output: '/o.json' }],
    ['if:/i.json;of:/o.json', { output: '/o.json', input: '/i.json' }],
    ['of:/o.json;if:/i.json', { output: '/o.json', input: '/i.json' }],
    ['if:/i.json', { wrong: 'providing output file is mandatory' }],
    ['of:o.json', { wrong: 'output file path must be absolute: "o.json"' }],
    ['if:i;of:/o', { wrong: 'input file path must be absolute: "i"' }],
    ['/o.json', { wrong: 'must start "if:" or "of:" prefix: "/o.json"' }],
    ['of:/a;if:/b;of:/c', { wrong: 'more than one semi-colon: "of:/a;if:/b;of:/c"' }],
  ] as const
  for (const [value, wanted] of rows) t.same(parseTraceAnnotation(value), wanted, value)
})

interface Rule {
  readonly names?: readonly string[] | null
  readonly name?: string
  readonly action: string
  readonly includes?: { readonly caps?: readonly string[]; readonly arches?: readonly string[] } | null
  readonly excludes?: { readonly arches?: readonly string[] } | null
}

interface Plain {
  readonly defaultAction: string
  readonly architectures?: readonly string[]
  readonly syscalls?: readonly Rule[] | null
  readonly linux?: { readonly seccomp: Plain }
  readonly spec?: Plain
}

/** The calls allowed on x86_64, by a separate reading of the document. */
function allowed(document: Plain): string[] {
  const { syscalls } = document.linux?.seccomp ?? document.spec ?? document
  const names = (syscalls ?? [])
    .filter(({ action }) => action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG')
    .filter(({ includes }) => (includes?.caps ?? []).length === 0)
    .filter(
      ({ includes }) =>
        (includes?.arches ?? ['amd64']).length === 0 || (includes?.arches ?? ['amd64']).includes('amd64'),
    )
    .filter(({ excludes }) => !(excludes?.arches ?? []).includes('amd64'))
    .flatMap((rule) => [...(rule.names ?? []), ...(rule.name === undefined ? [] : [rule.name])])
  return [...new Set(names)].filter((name) => syscallTable('x86_64').byName(name) !== undefined).sort()
}

t.test(
  'collected profiles are refused as traces, and give what they allow as profiles',
  { skip: withoutCollected },
  async (t) => {
    let read = 0
    for (const file of filesOf('collected/profiles', /\.(?:json|ya?ml)$/)) {
      if (/firecracker|elastic|features/.test(file)) continue
      const documents = (
        file.endsWith('.json')
          ? [json(file)]
          : parseAllDocuments(text(file)).map((each) => each.toJS() as unknown)
      ) as Plain[]
      const document = documents[0] as Plain
      const byDefault = documents.map((each) => (each.linux?.seccomp ?? each.spec ?? each).defaultAction)
      const isObject = document.spec !== undefined
      if (!isObject && !file.includes('lawndoc'))
        await t.rejects(
          observeFile(file),
          { message: /is a seccomp profile, not a trace: .*--format profile/ },
          file,
        )
      const reading = observeFile(file, { format: 'profile', architecture: 'x86_64' })
      if (byDefault.includes('SCMP_ACT_ALLOW') || byDefault.includes('SCMP_ACT_LOG')) {
        await t.rejects(reading, { message: /allows by default/ }, file)
        continue
      }
      const { architectures, ...rest } = await reading
      t.same(Object.keys(architectures.x86_64 ?? {}), [...new Set(documents.flatMap(allowed))].sort(), file)
      t.ok(codes({ architectures, ...rest }).includes('profile-wanted'), file)
      read++
    }
    t.ok(read > 15, `${read} profiles`)
  },
)

t.test('filters of programs that confine themselves', { skip: withoutCollected }, async (t) => {
  for (const architecture of ['x86_64', 'aarch64'] as const) {
    const file = `collected/profiles/firecracker-${architecture}-unknown-linux-musl.json`
    const document = json(file) as Record<string, { filter: { syscall: string }[] }>
    const names = new Set(
      Object.values(document).flatMap(({ filter }) => filter.map(({ syscall }) => syscall)),
    )
    t.same(
      calls(await observeFile(file, { format: 'profile', architecture })),
      [...names].map((name) => `${architecture} ${name}`).sort(),
      file,
    )
  }
  await t.rejects(observeFile('collected/profiles/firecracker-unimplemented.json', { format: 'profile' }), {
    message: /allows by default/,
  })
  await t.rejects(observeFile('collected/profiles/elastic-sandbox-seccomp.yml', { format: 'profile' }), {
    message: /allows by default/,
  })
  const policy =
    '# of a daemon\nread: 1\nwrite: allow\nioctl: arg1 == 0x5401\nkill: return EPERM\nopenat: { arg2 == 0; return 1 }\n'
  t.same(
    calls(await observeText(policy, { format: 'profile', architecture: 'x86_64' })),
    ['ioctl', 'openat', 'read', 'write'].map((name) => `x86_64 ${name}`),
  )
  const elastic =
    'seccomp:\n  default_action: errno\n  syscalls:\n  - action: allow\n    names:\n    - read\n    - write\n  - action: errno\n    names:\n    - connect\n'
  t.same(calls(await observeText(elastic, { format: 'profile', architecture: 'x86_64' })), [
    'x86_64 read',
    'x86_64 write',
  ])
  // A file that only looks like such a profile is refused.
  await t.rejects(observeText(`${elastic}  syscalls: [\n`, { format: 'profile', architecture: 'x86_64' }), {
    name: 'UserError',
  })
})

t.test('rules of a profile: what counts as wanted, where, with which values', async (t) => {
  const profile = (
    rules: unknown[],
    rest: object = { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] },
  ): string => JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...rest, syscalls: rules }, null, 1)
  const wanted = async (text: string) => await observeText(text, { format: 'profile' })
  const allow = (name: string, rest: object = {}) => ({ names: [name], action: 'SCMP_ACT_ALLOW', ...rest })
  t.same(calls(await wanted(profile([allow('read'), allow('socketcall')]))), [
    'x86 read',
    'x86 socketcall',
    'x86_64 read',
  ])
  const socket = await wanted(
    profile([2, 1].map((value) => allow('socket', { args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }] }))),
  )
  t.same(socket.architectures.x86_64?.['socket']?.args, { 0: ['1', '2'] })
  const masked = await wanted(
    profile([
      allow('clone', { args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }] }),
    ]),
  )
  t.same(masked.architectures.x86_64?.['clone']?.args, { 0: null })
  const gated = await wanted(
    profile([
      allow('read'),
      allow('mount', { includes: { caps: ['CAP_SYS_ADMIN'] } }),
      { names: ['bpf'], action: 'SCMP_ACT_NOTIFY' },
    ]),
  )
  t.same(calls(gated), ['x86 read', 'x86_64 read'])
  t.same(codes(gated), ['profile-rule-left-out', 'profile-wanted'])
  const plain = await wanted(profile([allow('read'), allow(''), allow('no_such_call')], {}))
  t.same(calls(plain), ['x86_64 ?no_such_call', 'x86_64 read'])
  t.same(codes(plain), ['architecture-assumed', 'profile-wanted', 'unknown-call'])
  t.match(plain.architectures.x86_64, { read: { first: 'log:6' } }, 'the place is the name’s')
})

const crd = (version: string): string => `apiVersion: security-profiles-operator.x-k8s.io/${version}
kind: SeccompProfile
metadata:
  name: x
spec:
  baseProfileName: runc-v1.4.2
  defaultAction: SCMP_ACT_ERRNO
  architectures: [SCMP_ARCH_AARCH64]
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [read, write]
`

t.test('SeccompProfile objects are recognised in every version', async (t) => {
  for (const version of ['v1', 'v1beta1', 'v1alpha1']) {
    for (const text of [crd(version), JSON.stringify(parse(crd(version)))]) {
      const observations = await observeText(text)
      t.same(calls(observations), ['aarch64 read', 'aarch64 write'], version)
      t.equal(observations.sources[0]?.format, 'spo')
      t.same(codes(observations), ['profile-base', 'profile-wanted'])
    }
  }
})

t.test('Inspektor Gadget prints a profile for each container of a pod', async (t) => {
  const profile = (name: string): string =>
    `{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "architectures": ["SCMP_ARCH_X86_64"],\n  "syscalls": [{ "names": ["${name}"], "action": "SCMP_ACT_ALLOW" }]\n}\n`
  const two = await observeText(
    `// default/web/app\n${profile('read')}// default/web/side\n${profile('write')}`,
  )
  t.same(calls(two), ['x86_64 read', 'x86_64 write'])
  t.match(two.architectures.x86_64, { read: { first: 'log:5' }, write: { first: 'log:11' } })
  t.match(two.sources, [
    { format: 'inspektor-gadget', lines: 12, evidence: ['every-call', 'native-only', 'no-arguments'] },
  ])
  await t.rejects(observeText(`${`// x\n${profile('read')}`.repeat(300)}`), { name: 'UserError' })
})

t.test('a log that is no policy of Minijail is not called a profile', async (t) => {
  for (const text of ['data: {"a":1}\n', 'data: { "a": 1 }\n'])
    t.same((await observeText(text)).sources[0]?.calls, 0, text)
})
