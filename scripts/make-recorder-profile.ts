// Makes the profile that the recorder of `--as fleet` runs under. Records the recorder itself: its image in pods of a
// containerd, each way to run `collect`, until three rounds in a row add no call. Needs what test/live/node.test.ts
// needs, docker-registry and openssl:
//   SECCOMP_GEN_CONTAINERD=DIRECTORY npx tsx scripts/make-recorder-profile.ts
// DIRECTORY has a containerd from 2.0 on, whose default refuses io_uring: so libuv takes the way that the profile allows.
// The profile does not depend on this machine: every runtime's calls, the kernel's and the margin are in it, for x86_64
// and aarch64.
import { execa } from 'execa'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { unifiedMount } from '../src/record/cgroups.ts'
import { plainEnvironment, seccompGen } from '../test/live/command.ts'
import { Node, type Pod } from '../test/live/node.ts'
import { freePort, startRegistry } from '../test/registry/service.ts'

const quietRounds = 3
/**
 * Calls that the recorder makes on other machines, or seldom, with the reason. `generate` adds their aarch64 names, as it
 * does for what was recorded: it would not for any call if one were given for aarch64.
 */
const besides: Readonly<Record<string, string>> = {
  rename: 'collect -o: a file takes its name when it is complete',
  unlink: 'collect -o: a file that could not be completed is removed',
  pkey_alloc: 'V8, on a processor with protection keys',
  pkey_free: 'V8, on a processor with protection keys',
  pkey_mprotect: 'V8, on a processor with protection keys',
}
/** The number of workloads so far. */
let made = 0
const root = join(import.meta.dirname, '..')
const node = await Node.start()
const at = (name: string): string => join(node.directory, name)
const plain = await startRegistry(at('plain'))
const secure = await secureRegistry()
const [program, ...loading] = seccompGen
const seccomp = (...words: readonly string[]) =>
  execa(program, [...loading, ...words], { env: plainEnvironment, cwd: node.directory })

try {
  await prepare()
  const calls = new Set<string>()
  for (let [round, quiet] = [0, 0]; quiet < quietRounds; round++) {
    const found = await callsOf(round)
    quiet = found.every((each) => calls.has(each)) ? quiet + 1 : 0
    for (const each of found) calls.add(each)
    process.stderr.write(`round ${round + 1}: ${calls.size} calls\n`)
  }
  const shards = readdirSync(node.directory).filter((name) => name.startsWith('round-'))
  const within = ['--within', 'containerd', '--beyond', 'never', '--cap', 'CAP_BPF', '--cap', 'CAP_PERFMON']
  const architectures = ['--arch', 'x86_64', '--arch', 'aarch64']
  writeFileSync(at('besides.json'), JSON.stringify(besideObservations()))
  await seccomp('generate', ...within, ...architectures, ...shards, 'besides.json', '-o', 'profile.json')
  write(readFileSync(at('profile.json'), 'utf8'))
} finally {
  await plain.end()
  await secure.end()
  await node.stop()
}

/** What one round of all ways calls. */
async function callsOf(round: number): Promise<readonly string[]> {
  const name = `round-${round}`
  const words = ['--root', node.cgroup, '--cri', node.socket, '--select', 'recorders', '-o', name]
  const recording = execa(program, [...loading, 'collect', ...words], {
    env: plainEnvironment,
    cwd: node.directory,
    stdin: 'ignore',
  })
  await until(recording, 'recording below')
  const pods: Pod[] = []
  for (const [index, way] of ways().entries()) pods.push(await recorderPod(`way-${index}`, way))
  await wait(4000)
  for (const script of ['ls /', 'mount -t tmpfs x /tmp', 'exit 3']) pods.push(await workload(script))
  await wait(4000)
  // As the kubelet ends them: SIGTERM.
  for (const each of pods.toReversed()) await each.remove()
  recording.kill('SIGTERM')
  await recording
  const { stdout } = await seccomp('observe', '-q', name)
  const { architectures } = JSON.parse(stdout) as { architectures: Record<string, Record<string, unknown>> }
  return Object.values(architectures).flatMap((each) => Object.keys(each))
}

function besideObservations(): object {
  const calls = Object.fromEntries(
    Object.entries(besides).map(([call, first]) => [call, { count: 1, first }]),
  )
  const architectures = { x86_64: calls }
  return { version: 1, runs: 0, architectures, unknown: {}, sources: [], diagnostics: [] }
}

interface Way {
  readonly image: 'recorder' | 'trusting'
  readonly args: readonly string[]
}

function ways(): readonly Way[] {
  const collect = ['collect', '--select', 'workloads', '--refusals']
  return [
    { image: 'recorder', args: [...collect, '--stdout'] },
    { image: 'recorder', args: [...collect, '-o', '/out'] },
    { image: 'recorder', args: [...collect, '--stdout', '--for', '6s'] },
    { image: 'recorder', args: [...collect, '--push', `${plain.address}/observations/app`] },
    {
      image: 'trusting',
      args: [...collect, '--push', `localhost.localdomain:${secure.port}/observations/app`],
    },
    // The name is not known, so the resolver asks its servers.
    { image: 'recorder', args: [...collect, '--push', 'registry.invalid/observations/app'] },
    { image: 'recorder', args: [...collect, '--cri', '/run/cri.sock', '--stdout'] },
    { image: 'recorder', args: ['collect'] },
  ]
}

async function recorderPod(name: string, { image, args }: Way): Promise<Pod> {
  const pod = await node.pod(name, {
    namespace: 'recorders',
    noNewPrivileges: true,
    capabilities: ['BPF', 'PERFMON'],
    image: `docker.io/local/${image}:1`,
    mounts: [
      { host: '/sys/fs/cgroup', container: '/host/cgroup' },
      { host: at('names'), container: '/var/log/containers' },
      { host: at('written'), container: '/out', readonly: false },
      { host: node.socket, container: '/run/cri.sock' },
      { host: at('hosts'), container: '/etc/hosts' },
      { host: '/etc/resolv.conf', container: '/etc/resolv.conf' },
    ],
  })
  await pod.container('record', [...args, '--root', node.cgroup])
  return pod
}

/** A container whose name stands where a kubelet puts it. */
async function workload(script: string): Promise<Pod> {
  const name = `pod-${made++}`
  const pod = await node.pod(name, { namespace: 'workloads' })
  const id = await pod.container('app', ['/bin/sh', '-c', script])
  writeFileSync(at(`names/${name}_workloads_app-${id}.log`), '')
  return pod
}

async function prepare(): Promise<void> {
  for (const each of ['names', 'written']) mkdirSync(at(each))
  mkdirSync(join(unifiedMount(), node.cgroup), { recursive: true })
  writeFileSync(at('hosts'), '127.0.0.1 localhost localhost.localdomain\n')
  await execa('npx', ['tsx', 'scripts/make-executable.ts', '--root', at('image'), '-o', at('seccomp-gen')], {
    cwd: root,
  })
  writeFileSync(at('image/authority.pem'), readFileSync(at('authority.pem')))
  const config = { Entrypoint: ['/usr/bin/seccomp-gen'], WorkingDir: '/work' }
  await node.importImage(at('image'), 'docker.io/local/recorder:1', config)
  await node.importImage(at('image'), 'docker.io/local/trusting:1', {
    ...config,
    Env: ['NODE_EXTRA_CA_CERTS=/authority.pem'],
  })
}

/** With TLS, for a name that is not taken for this machine's own. */
async function secureRegistry(): Promise<{ readonly port: number; readonly end: () => Promise<void> }> {
  const [port, key, certificate] = [await freePort(), at('key.pem'), at('authority.pem')]
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost.localdomain',
  ]
  const names = ['-addext', 'subjectAltName=DNS:localhost.localdomain']
  await execa('openssl', [...request, ...names, '-keyout', key, '-out', certificate])
  const configuration = at('secure.yml')
  const http = `{addr: "127.0.0.1:${port}", tls: {certificate: ${certificate}, key: ${key}}}`
  const storage = `{filesystem: {rootdirectory: ${at('secure')}}}`
  writeFileSync(configuration, `version: 0.1\nlog: {level: error}\nstorage: ${storage}\nhttp: ${http}\n`)
  const server = execa('docker-registry', ['serve', configuration], { reject: false, stdio: 'ignore' })
  return {
    port,
    end: async () => {
      server.kill('SIGKILL')
      await server
    },
  }
}

function until(running: ReturnType<typeof execa>, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    running.stderr?.on('data', (piece: Buffer) => {
      if ((said += piece.toString()).includes(words)) resolve()
    })
    running.stderr?.on('end', () => reject(new Error(said)))
  })
}

function write(profile: string): void {
  const file = join(root, 'src/print/cluster/data/recorder-profile.ts')
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(
    file,
    `// Written by scripts/make-recorder-profile.ts: the profile of the recorder itself.\nexport const recorderProfile = ${JSON.stringify(profile)}\n`,
  )
}
