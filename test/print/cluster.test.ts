// Objects for a cluster: deploy/ equals --as fleet and meets the standards, its commands are ours and work, and the
// admission policy answers pods as it says.
import { execa } from 'execa'
import { Environment } from '@marcbachmann/cel-js'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { deployFiles } from '../../scripts/deploy-files.ts'
import { printObservations, type Observations } from '../../src/observe/index.ts'
import { recorderProfile, recorderProfileName } from '../../src/print/cluster/index.ts'
import { printPolicyAs } from '../../src/print/index.ts'
import { seccompGen } from '../live/command.ts'
import { startRegistry, whyNoRegistry } from '../registry/service.ts'
import { podCases } from './admission-pods.ts'
import { brokenControls, type PodSpec } from './pod-security.ts'
import { small } from './policies.ts'

interface Container {
  readonly args?: readonly string[]
  readonly command?: readonly string[]
}
type Spec = PodSpec & {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
}
interface Deployed {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec: { readonly template: { readonly spec: Spec } }
}

t.setTimeout(240_000)
const root = fileURLToPath(new URL('../../deploy', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'seccomp-gen-cluster-'))
t.teardown(() => rmSync(work, { recursive: true, force: true }))
const objects = (text: string): readonly Deployed[] =>
  parseAllDocuments(text).map((each) => each.toJS() as Deployed)
const fleet = objects(printPolicyAs(small, 'fleet', { name: 'app' }))
const podOf = (of: readonly Deployed[], name: string): Spec => {
  const found = of.find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found.spec.template.spec
}
const based = (file: string): Spec => podOf([parse(deployFiles.get(file) ?? '') as Deployed], nameIn(file))
const nameIn = (file: string): string => (parse(deployFiles.get(file) ?? '') as Deployed).metadata.name
const noBusybox = (await execa('busybox', ['true'], { reject: false })).failed && 'busybox is not installed'
const kubectl = await execa('kubectl', ['version', '--client'], { reject: false })

t.test('deploy/ is what the script writes, and what --as fleet prints', (t) => {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  t.same(files.sort(), [...deployFiles.keys()].sort())
  for (const [file, text] of deployFiles) t.equal(readFileSync(join(root, file), 'utf8'), text, file)
  t.same(podOf(fleet, 'profile-app'), based('merge/job.yaml'))
  const { containers, ...rest } = podOf(fleet, 'seccomp-record')
  const { containers: others, ...base } = based('record/daemonset.yaml')
  t.same(rest, base)
  t.same(
    containers.map((each) => ({ ...each, args: [] })),
    others.map((each) => ({ ...each, args: [] })),
  )
  const map = fleet.find(({ kind }) => kind === 'ConfigMap')
  t.same(map?.data, { 'app.json': printPolicyAs(small, 'oci'), [recorderProfileName]: recorderProfile })
  t.end()
})

t.test('kubectl builds it', { skip: kubectl.failed && 'kubectl is not installed' }, async (t) => {
  const built = async (directory: string): Promise<readonly Deployed[]> =>
    objects((await execa('kubectl', ['kustomize', directory], { timeout: 30_000 })).stdout)
  const all = await built(root)
  t.same(all.map(({ kind }) => kind).sort(), ['ConfigMap', 'DaemonSet', 'DaemonSet', 'Namespace'])
  const placed = all.find(({ kind }) => kind === 'ConfigMap')
  t.same(placed?.data, { [recorderProfileName]: recorderProfile })
  for (const [file, name] of [
    ['record/daemonset.yaml', 'seccomp-record'],
    ['place/daemonset.yaml', 'seccomp-place'],
  ] as const)
    t.same(podOf(all, name), based(file), file)
  for (const each of ['merge', 'archive'])
    t.same(
      (await built(join(root, each))).map(({ spec }) => spec.template.spec),
      [based(`${each}/job.yaml`)],
    )
})

t.test('Pod Security: restricted where nothing of the node is needed, and what is needed is named', (t) => {
  t.same(brokenControls(podOf(fleet, 'profile-app')), [])
  t.same(brokenControls(based('archive/job.yaml')), [])
  const [, pod] = parseAllDocuments(printPolicyAs(small, 'kubernetes'))
  t.same(brokenControls((pod?.toJS() as { spec: PodSpec } | undefined)?.spec ?? { containers: [] }), [])
  const root = ['Running as Non-root', 'Running as Non-root user']
  t.same(brokenControls(podOf(fleet, 'seccomp-record')), ['Volume Types', ...root, 'Capabilities'])
  t.same(brokenControls(podOf(fleet, 'seccomp-place')), ['Volume Types', ...root])
  t.same(podOf(fleet, 'seccomp-record').containers[0]?.securityContext?.capabilities, {
    drop: ['ALL'],
    add: ['BPF', 'PERFMON'],
  })
  t.end()
})

const [program, ...loading] = seccompGen
const ours = async (args: readonly string[]) =>
  execa(program, [...loading, ...args], { reject: false, timeout: 60_000, stdin: 'ignore' })

t.test('the commands are ours: every option is one of the command', async (t) => {
  const specs = [...fleet.flatMap((each) => each.spec?.template?.spec ?? []), based('archive/job.yaml')]
  for (const { args } of specs.flatMap((spec) => [...spec.containers, ...(spec.initContainers ?? [])])) {
    if (args === undefined) continue
    const { stdout } = await ours([args[0] ?? '', '--help'])
    for (const option of args.filter((each) => each.startsWith('-')))
      t.match(stdout, new RegExp(`(?:^|[ ,])${option}\\b`, 'm'), `${args[0]} ${option}`)
  }
})

t.test('recordings in a registry become a profile', { skip: await whyNoRegistry() }, async (t) => {
  const { address, end } = await startRegistry(join(work, 'registry'))
  t.teardown(end)
  const run = async (spec: Spec, index = 0): Promise<void> => {
    for (const { args = [] } of [...(spec.initContainers ?? []), ...spec.containers]) {
      const words = args.map((each) =>
        each
          .replace('registry.example.org', address)
          .replace(/^\/work/, work)
          .replace('/logs/$(INDEX)', join(work, 'logs', String(index))),
      )
      const { exitCode, stderr } = await ours(words)
      t.equal(exitCode, 0, stderr)
    }
  }
  for (const [index, call] of ['read', 'getpid'].entries()) {
    mkdirSync(join(work, 'logs', String(index)), { recursive: true })
    writeFileSync(
      join(work, 'logs', String(index), 'app.strace'),
      `execve("/a", ["a"], 0x7 /* 1 vars */) = 0\n${call}(3, "", 1) = 0\n`,
    )
    await run(based('archive/job.yaml'), index)
  }
  const shards = await ours(['observe', '-q', `oci://${address}/seccomp-gen/observations/app`])
  t.equal((JSON.parse(shards.stdout) as Observations).runs, 2)
  await run(based('merge/job.yaml'))
  const pulled = await ours(['pull', `${address}/seccomp-gen/profiles/app:latest`])
  t.match(pulled.stdout, /"getpid"[^]*"read"/)
})

t.test(
  'the recorder’s own profile: valid, no wider than containerd’s default, and for both machines',
  async (t) => {
    const file = join(root, 'place', recorderProfileName)
    const valid = await ours(['validate', file])
    t.equal(valid.exitCode, 0, valid.stdout + valid.stderr)
    for (const arch of ['x86_64', 'aarch64']) {
      const caps = ['--cap', 'CAP_BPF', '--cap', 'CAP_PERFMON']
      const wider = await ours(['diff', '--fail-on', 'wider', '--arch', arch, ...caps, 'containerd', file])
      t.equal(wider.exitCode, 0, wider.stdout + wider.stderr)
    }
  },
)

t.test('placing: whole files, once each, and again when they change', { skip: noBusybox }, async (t) => {
  const [from, to] = [join(work, 'from'), join(work, 'to')]
  for (const each of [from, to]) mkdirSync(each)
  const command = podOf(fleet, 'seccomp-place').containers[0]?.command ?? []
  t.same(command.slice(-2), ['/profiles', '/seccomp'])
  const words = [...command.slice(0, -2), from, to].map((each) => each.replace('sleep 10', 'sleep 0.1'))
  writeFileSync(join(from, 'app.json'), '{"one":1}')
  const placing = execa('busybox', words, { reject: false })
  const placed = async (text: string): Promise<boolean> => {
    for (let tries = 0; tries < 100; tries++) {
      const now = readdirSync(to).includes('app.json') ? readFileSync(join(to, 'app.json'), 'utf8') : ''
      if (now === text) return true
      await wait(50)
    }
    return false
  }
  t.ok(await placed('{"one":1}'))
  writeFileSync(join(from, 'app.json'), '{"two":2}')
  t.ok(await placed('{"two":2}'))
  t.same(readdirSync(to), ['app.json'])
  placing.kill('SIGKILL')
  await placing
})

t.test('the admission policy answers pods', (t) => {
  const [policy, binding] = parseAllDocuments(printPolicyAs(small, 'admission', { name: 'web' })).map(
    (each) => each.toJS(),
  ) as [
    {
      metadata: { name: string }
      spec: Record<'matchConditions' | 'variables' | 'validations', { name: string; expression: string }[]>
    },
    { spec: { policyName: string } },
  ]
  t.equal(binding.spec.policyName, policy.metadata.name)
  const cel = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: true })
  const evaluated = (expression: string, context: Record<string, unknown>): unknown =>
    cel.evaluate(expression, context)
  const admits = (pod: object): boolean | 'not matched' => {
    if (
      !policy.spec.matchConditions.every(({ expression }) => evaluated(expression, { object: pod }) === true)
    )
      return 'not matched'
    const variables = Object.fromEntries(
      policy.spec.variables.map(({ name, expression }) => [name, evaluated(expression, { object: pod })]),
    )
    return policy.spec.validations.every(
      ({ expression }) => evaluated(expression, { object: pod, variables }) === true,
    )
  }
  for (const [what, given, answer] of podCases) t.equal(admits(given), answer, what)
  t.end()
})

t.test('a label that an image carries is the profile', (t) => {
  const [, key, value = ''] = /^([^=]+)=(.*)\n$/.exec(printPolicyAs(small, 'podman-label')) ?? []
  t.equal(key, 'io.containers.seccomp.profile')
  t.same(JSON.parse(value), JSON.parse(printPolicyAs(small, 'oci')))
  t.end()
})

t.test('a part of a recording of the operator', (t) => {
  const text = printPolicyAs(small, 'spo', { name: 'web-1', recording: 'shop/web/nginx' })
  t.same((parse(text) as { metadata: object }).metadata, {
    name: 'web-1',
    labels: {
      'spo.x-k8s.io/partial': 'true',
      'spo.x-k8s.io/recording-id': 'web',
      'spo.x-k8s.io/recording-namespace': 'shop',
      'spo.x-k8s.io/container-id': 'nginx',
    },
  })
  for (const recording of [
    '',
    'web',
    'shop/web',
    'shop/web/nginx/x',
    'Shop/web/nginx',
    'shop//nginx',
    `a/${'b'.repeat(64)}/c`,
  ])
    t.throws(() => printPolicyAs(small, 'spo', { recording }), { code: 'wrong-recording' }, recording)
  t.end()
})

t.test('a statement of what a profile rests on', (t) => {
  const hex = (digit: string): string => digit.repeat(64)
  const observations: Observations = {
    version: 1,
    runs: 3,
    architectures: {},
    unknown: {},
    sources: [
      {
        name: 'shop/web-*/web',
        image: `web@sha256:${hex('1')}`,
        count: 2,
        format: 'ebpf',
        lines: 0,
        calls: 40,
        ignored: 0,
        unparsed: 0,
        lost: 2,
        evidence: ['every-call'],
      },
      {
        name: 'shop/web-0/web',
        image: `sha256:${hex('2')}`,
        format: 'ebpf',
        lines: 0,
        calls: 2,
        ignored: 0,
        unparsed: 0,
        evidence: ['attached'],
      },
    ],
    diagnostics: [{ code: 'calls-lost', at: 'shop/web-*/web', count: 2 }],
  }
  t.ok(printObservations(observations))
  const statement = JSON.parse(printPolicyAs(small, 'in-toto', { observations })) as {
    subject: unknown
    predicate: { profile: { digest: { sha256: string } }; evidence: object }
  }
  t.same(statement.subject, [
    { name: `sha256:${hex('2')}`, digest: { sha256: hex('2') } },
    { name: 'web', digest: { sha256: hex('1') } },
  ])
  t.match(statement, {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'urn:seccomp-gen:evidence:1',
    predicate: { evidence: { runs: 3, calls: 42, lost: 2, diagnostics: [{ code: 'calls-lost', count: 2 }] } },
  })
  const given = printPolicyAs(small, 'in-toto', { observations, images: [`x@sha256:${hex('3')}`] })
  t.match(JSON.parse(given), { subject: [{ name: 'x', digest: { sha256: hex('3') } }] })
  t.throws(() => printPolicyAs(small, 'in-toto', {}), { code: 'statement-without-image' })
  t.throws(() => printPolicyAs(small, 'in-toto', { observations: { ...observations, sources: [] } }), {
    code: 'statement-without-image',
  })
  for (const image of ['web:1', 'web@sha256:12', `web@sha512:${hex('1')}`])
    t.throws(
      () => printPolicyAs(small, 'in-toto', { observations, images: [image] }),
      { code: 'image-without-digest' },
      image,
    )
  t.end()
})
