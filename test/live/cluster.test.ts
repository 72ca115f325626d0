// The whole way of docs/kubernetes.md on a real cluster of one node: record, merge, profile, place, watch, tighten.
// SECCOMP_GEN_KUBERNETES=DIRECTORY names the folder with the programs of Kubernetes that scripts/build-kubernetes.sh
// makes. It takes some five minutes, and removes what its kubelet keeps in /var: where a kubelet has been, it skips.
import { execa } from 'execa'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import type { Observations } from '../../src/observe/index.ts'
import { startRegistry, whyNoRegistry } from '../registry/service.ts'
import { Cluster, whyNoCluster } from './cluster.ts'
import { noEbpf, plainEnvironment, said, seccompGen } from './command.ts'
import { skipFile } from './skip.ts'

const folder = process.env['SECCOMP_GEN_KUBERNETES']
skipFile((await whyNoCluster(folder)) ?? (await noEbpf()) ?? ((await whyNoRegistry()) || undefined))

t.setTimeout(900_000)
const root = resolve(import.meta.dirname, '../..')
const cluster = await Cluster.start(folder ?? '')
t.teardown(() => cluster.stop())
const at = (name: string): string => join(cluster.directory, name)
const registry = await startRegistry(at('registry'))
t.teardown(registry.end)
await importImages()
cpSync(join(root, 'deploy'), at('deploy'), { recursive: true })

/** The images that stand in deploy/ and in the workload below. */
async function importImages(): Promise<void> {
  const script = ['tsx', 'scripts/make-executable.ts', '--root', at('image'), '-o', at('seccomp-gen')]
  await execa('npx', script, { cwd: root, timeout: 300_000, env: plainEnvironment })
  await cluster.node.importImage(at('image'), 'docker.io/local/seccomp-gen:1', {
    Entrypoint: ['/usr/bin/seccomp-gen'],
    WorkingDir: '/work',
  })
  for (const each of ['bin', 'tmp']) mkdirSync(at(`busybox/${each}`), { recursive: true })
  chmodSync(at('busybox/tmp'), 0o1777)
  cpSync('/bin/busybox', at('busybox/bin/busybox'))
  await execa('chroot', [at('busybox'), '/bin/busybox', '--install', '-s', '/bin'])
  await cluster.node.importImage(at('busybox'), 'docker.io/local/busybox:1')
}

const kubectl = async (...words: readonly string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await cluster.kubectl(...words)
  if (exitCode !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr}`)
  tell('kubectl', words, stdout)
  return stdout
}
const [program, ...loading] = seccompGen
const start = (...words: readonly string[]) =>
  execa(program, [...loading, ...words], {
    env: {
      ...plainEnvironment,
      ...cluster.environment,
      CONTAINER_RUNTIME_ENDPOINT: `unix://${cluster.node.socket}`,
    },
    reject: false,
    stdin: 'ignore',
    cwd: cluster.directory,
    timeout: 120_000,
  })
const seccomp = async (...words: readonly string[]) => {
  const done = await start(...words)
  tell('seccomp-gen', words, `${done.stdout}\n${done.stderr}\n(status ${done.exitCode})`)
  return done
}
/** The transcript, on stderr. */
function tell(command: string, words: readonly string[], output: string): void {
  const lines = output.split('\n').filter((line) => line !== '')
  process.stderr.write([`$ ${command} ${words.join(' ')}`, ...lines.slice(0, 14), ''].join('\n'))
}

/** A kustomization over parts of deploy/ with our images. */
async function applyOverlay(name: string, parts: readonly string[], rest: object = {}): Promise<void> {
  mkdirSync(at(name), { recursive: true })
  const images = [
    { name: 'seccomp-gen', newName: 'docker.io/local/seccomp-gen', newTag: '1' },
    { name: 'busybox', newName: 'docker.io/local/busybox', newTag: '1' },
  ]
  const resources = parts.map((each) => `../deploy/${each}`)
  writeFileSync(at(`${name}/kustomization.yaml`), stringify({ resources, images, ...rest }))
  await kubectl('apply', '-k', name)
}
const patch = (kind: string, name: string, operations: readonly object[]): object => ({
  patches: [{ target: { kind, name }, patch: stringify(operations) }],
})
const replace = (path: string, value: unknown): object => ({ op: 'replace', path, value })
/** A registry of this machine is at a pod's own 127.0.0.1 only in the network of the host. */
const hostNetwork = { op: 'add', path: '/spec/template/spec/hostNetwork', value: true }
const firstArguments = '/spec/template/spec/containers/0/args'

/** Its pods run `script`; `profile` stands below the kubelet's seccomp folder. */
function workload(script: string, profile?: string): object {
  const seccompProfile =
    profile === undefined ? { type: 'RuntimeDefault' } : { type: 'Localhost', localhostProfile: profile }
  const labels = { 'app.kubernetes.io/name': 'web' }
  const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
  const container = {
    name: 'web',
    image: 'docker.io/local/busybox:1',
    command: ['sh', '-c', script],
    securityContext: restricted,
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 1,
          securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile },
          initContainers: [{ ...container, name: 'init', command: ['true'] }],
          containers: [container],
        },
      },
    },
  }
}
async function apply(name: string, object: object): Promise<void> {
  writeFileSync(at(name), stringify(object))
  await kubectl('apply', '-f', name)
}
const rolledOut = (): Promise<string> =>
  kubectl('rollout', 'status', 'deployment/web', '-n', 'shop', '--timeout=110s')
const recorderLog = (): Promise<string> =>
  kubectl('logs', '-n', 'seccomp-gen', '-l', 'app.kubernetes.io/component=record', '--tail=-1')
const recording = (): Promise<void> =>
  cluster.until('the recorder', async () => (await recorderLog().catch(() => '')).includes('recording below'))
/** Runs count only the recordings that have a start. */
async function hasRuns(repository: string, runs: number): Promise<boolean> {
  const { exitCode, stdout } = await start('observe', '-q', `oci://${repository}`)
  return exitCode === 0 && (JSON.parse(stdout) as Observations).runs === runs
}
const work = 'ls / > /dev/null; id > /dev/null; while :; do cat /etc/hosts > /dev/null; sleep 1; done'
const within = ['--within', 'containerd', '--no-new-privileges'] as const

t.test('record: the DaemonSet as it stands, and the logs of its pods', async (t) => {
  await kubectl('create', 'namespace', 'shop')
  await applyOverlay('stdout', ['namespace', 'place', 'record'])
  await kubectl('rollout', 'status', 'daemonset/seccomp-record', '-n', 'seccomp-gen', '--timeout=110s')
  await recording()
  await apply('web.yaml', workload(work))
  await rolledOut()
  await kubectl('rollout', 'restart', 'deployment/web', '-n', 'shop')
  await rolledOut()
  const lines = async (): Promise<readonly Observations[]> =>
    (await recorderLog())
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Observations)
  await cluster.until('the two pods that ended', async () => (await lines()).length >= 6)
  const names = (await lines()).map(({ sources }) => sources[0]?.name.replace(/-[a-z0-9]{5}\//, '-*/'))
  t.equal(names.filter((name) => /^shop\/web-[0-9a-f]+-\*\/init$/.test(name ?? '')).length, 4, names.join())
  t.equal(names.filter((name) => /^shop\/web-[0-9a-f]+-\*\/web$/.test(name ?? '')).length, 2, names.join())
  for (const each of await lines()) {
    t.equal(each.runs ?? 1, 1)
    t.strictSame(each.diagnostics, [])
  }
  writeFileSync(at('recorded.log'), await recorderLog())
  const generated = await seccomp('generate', ...within, 'recorded.log', '-o', 'logged.json')
  t.equal(generated.exitCode, 0, generated.stderr)
  t.equal((await seccomp('diff', '--fail-on', 'wider', 'containerd', 'logged.json')).exitCode, 0)
})

t.test('merge: shards in a registry, a Job, the profile in the registry', async (t) => {
  const observations = `${registry.address}/observations/web`
  const pushed = `${registry.address}/profiles/web:1`
  await applyOverlay(
    'push',
    ['namespace', 'record'],
    patch('DaemonSet', 'seccomp-record', [
      hostNetwork,
      replace(firstArguments, ['collect', '--select', 'shop/web-*/web', '--push', observations]),
    ]),
  )
  await kubectl('rollout', 'status', 'daemonset/seccomp-record', '-n', 'seccomp-gen', '--timeout=110s')
  await recording()
  await kubectl('rollout', 'restart', 'deployment/web', '-n', 'shop')
  await rolledOut()
  await cluster.until('the shards of both pods', () => hasRuns(observations, 2))
  const begun = performance.now()
  await kubectl('delete', 'daemonset', 'seccomp-record', '-n', 'seccomp-gen')
  await cluster.until('the end of the recorder', async () => (await recorderLog().catch(() => '')) === '')
  t.comment(`the recorder ended within ${Math.round(performance.now() - begun)} ms`)
  await applyOverlay(
    'merging',
    ['namespace', 'merge'],
    patch('Job', 'profile-app', [
      hostNetwork,
      replace('/spec/template/spec/initContainers/0/args', [
        'generate',
        ...within,
        `oci://${observations}`,
        '-o',
        '/work/profile.json',
      ]),
      replace(firstArguments, ['push', '/work/profile.json', pushed]),
    ]),
  )
  await kubectl('wait', '--for=condition=complete', 'job/profile-app', '-n', 'seccomp-gen', '--timeout=110s')
  await kubectl('logs', '-n', 'seccomp-gen', 'job/profile-app', '-c', 'merge')
  const pulled = await seccomp('pull', pushed, '-o', 'web.json')
  t.equal(pulled.exitCode, 0, pulled.stderr)
  t.equal((await seccomp('validate', 'web.json')).exitCode, 0)
  t.equal((await seccomp('diff', '--fail-on', 'wider', 'containerd', 'web.json')).exitCode, 0)
})

/** The pods of the workload, without those that are being deleted. */
async function pods(): Promise<readonly string[]> {
  const list = JSON.parse((await cluster.kubectl('get', 'pods', '-n', 'shop', '-o', 'json')).stdout) as {
    readonly items: readonly {
      readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
    }[]
  }
  return list.items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name)
}
/** Places the profiles as an overlay of deploy/place does, and waits until the node has them. */
async function place(name: string, ...files: readonly string[]): Promise<void> {
  mkdirSync(at(name), { recursive: true })
  for (const file of files) cpSync(at(file), at(`${name}/${file}`))
  const map = { name: 'seccomp-profiles', namespace: 'seccomp-gen', behavior: 'merge', files }
  await applyOverlay(name, ['namespace', 'place'], { configMapGenerator: [map] })
  // The kubelet looks at a ConfigMap every `syncFrequency`, the DaemonSet every ten seconds.
  await cluster.until('the profiles on the node', async () =>
    files.every((file) => {
      const placed = join('/var/lib/kubelet/seccomp', file)
      return existsSync(placed) && readFileSync(placed, 'utf8') === readFileSync(at(file), 'utf8')
    }),
  )
}

t.test('place: pods wait for the file, and start by themselves', async (t) => {
  await apply('placed.yaml', workload(work, 'web.json'))
  await cluster.until('a pod that waits for its file', async () =>
    (await kubectl('get', 'pods', '-n', 'shop')).includes('CreateContainerError'),
  )
  await place('placing', 'web.json')
  await rolledOut()
  for (const pod of await pods()) {
    const compared = await seccomp('diff', 'web.json', '--pod', `shop/${pod}/web`)
    t.equal(compared.exitCode, 0, compared.stderr)
    t.match(compared.stdout, /^equivalent/)
  }
})

const inPod = (pod: string, script: string) =>
  cluster.kubectl('exec', '-n', 'shop', pod, '-c', 'web', '--', 'sh', '-c', script)

t.test('watch: a refusal is told, and becomes a change of the profile', async (t) => {
  const [pod = ''] = await pods()
  const watching = start('watch', '--selector', 'app.kubernetes.io/name=web', '--report', 'json')
  await said(watching, /watching/)
  let told = ''
  watching.stdout?.on('data', (piece: Buffer) => (told += piece.toString()))
  t.match((await inPod(pod, 'mkdir /tmp/new')).stderr, /Operation not permitted/)
  await cluster.until('a refusal', () => Promise.resolve(told.includes('"mkdir"')))
  watching.kill('SIGTERM')
  const { stdout, exitCode } = await watching
  t.equal(exitCode, 1)
  t.match(stdout, `shop/${pod}/web`)
  writeFileSync(at('denials.jsonl'), stdout)
  tell('seccomp-gen', ['watch', '--selector', 'app.kubernetes.io/name=web', '--report', 'json'], stdout)
  const added = await seccomp('generate', '--add', 'web.json', 'denials.jsonl', '-o', 'wider.json')
  t.equal(added.exitCode, 0, added.stderr)
  await apply('wider.yaml', workload(work, 'wider.json'))
  await place('placing-wider', 'web.json', 'wider.json')
  await rolledOut()
  const [next = ''] = await pods()
  t.match((await inPod(next, 'mkdir /tmp/new; ls /tmp')).stdout, 'new')
})

t.test('tighten: the next version needs less, and nothing opens', async (t) => {
  const observations = `${registry.address}/observations/next`
  await applyOverlay(
    'again',
    ['namespace', 'record'],
    patch('DaemonSet', 'seccomp-record', [
      hostNetwork,
      replace(firstArguments, ['collect', '--select', 'shop/web-*/web', '--push', observations]),
    ]),
  )
  await recording()
  const next = 'while :; do cat /etc/hosts > /dev/null; sleep 1; done'
  await apply('next.yaml', workload(next, 'wider.json'))
  await rolledOut()
  await cluster.until('the shards of both pods', () => hasRuns(observations, 2))
  const { exitCode, stderr } = await seccomp(
    'generate',
    ...within,
    `oci://${observations}`,
    '-o',
    'next.json',
  )
  t.equal(exitCode, 0, stderr)
  const compared = await seccomp('diff', '--fail-on', 'wider', 'web.json', 'next.json')
  t.equal(compared.exitCode, 0, compared.stdout)
  t.match(compared.stdout, /narrower/)
  await apply('tightened.yaml', workload(next, 'next.json'))
  await place('placing-next', 'web.json', 'wider.json', 'next.json')
  await rolledOut()
})
