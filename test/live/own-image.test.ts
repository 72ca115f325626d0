// The recorder's image, built and run with the users' tools: with a read-only root it has all it needs, and it records
// another container with only CAP_BPF and CAP_PERFMON.
import { execa } from 'execa'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parseProfile } from '../../src/profile/index.ts'
import { noEbpf, seccompGen } from './command.ts'

t.setTimeout(240_000)
const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-image-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
/** Separate storage: the user's Podman is neither seen nor changed. */
const storage = [
  '--storage-driver',
  'vfs',
  '--root',
  join(folder, 'storage'),
  '--runroot',
  join(folder, 'run'),
]
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--network', 'none']
const podman = (...words: readonly string[]) => execa('podman', [...storage, ...words], { reject: false })
const container = (...words: readonly string[]) => podman('--runtime', 'runc', 'run', ...limits, ...words)
const image = 'localhost/seccomp-gen-image-test'

const skip = await prepared()

/** Why the image cannot be built here; false if it is built. */
async function prepared(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root'
  for (const program of ['buildah', 'podman', 'runc', 'busybox'])
    if ((await execa('sh', ['-c', 'command -v "$0"', program], { reject: false })).failed)
      return `${program} is not installed`
  const executable = join(folder, 'seccomp-gen')
  const made = await execa(
    'npx',
    ['tsx', 'scripts/make-executable.ts', '--root', join(folder, 'image'), '-o', executable],
    { cwd: root, reject: false, timeout: 120_000 },
  )
  if (made.failed) return 'Node 26 cannot be had from the registry here'
  const built = await execa(
    'buildah',
    [
      ...storage,
      'build',
      '--isolation',
      'chroot',
      '--file',
      join(root, 'Containerfile'),
      '--tag',
      image,
      join(folder, 'image'),
    ],
    { reject: false },
  )
  if (built.failed) throw new Error(built.stderr)
  const tried = await container('--rm', image, '--version')
  return tried.failed ? `podman starts no container here: ${tried.stderr.split('\n')[0]}` : false
}

t.test('reads and answers in a read-only root, as an ordinary user', { skip }, async (t) => {
  const trace = join(root, 'traces/web-server')
  const words = [
    '--rm',
    '--read-only',
    '--cap-drop',
    'ALL',
    '--user',
    '65532:65532',
    '-v',
    `${trace}:/work:ro`,
  ]
  const { stdout, stderr } = await container(...words, image, 'generate', 'web-server.strace')
  const [program, ...before] = seccompGen
  const here = await execa(program, [...before, 'generate', 'web-server.strace'], { cwd: trace })
  t.equal(stdout, here.stdout, stderr)
})

t.test(
  'records another container with two capabilities',
  { skip: skip || (await noEbpf()) || false },
  async (t) => {
    const files = join(folder, 'busybox')
    mkdirSync(join(files, 'bin'), { recursive: true })
    copyFileSync('/bin/busybox', join(files, 'bin/busybox'))
    symlinkSync('busybox', join(files, 'bin/sh'))
    await execa('sh', ['-c', 'tar -C "$0" -c . | podman "$@" import - workload:latest', files, ...storage])
    const loop = 'while /bin/busybox true; do /bin/busybox mkdir -p /tmp/x; /bin/busybox sleep 0.1; done'
    await container('--detach', '--name', 'workload', 'localhost/workload', '/bin/sh', '-c', loop)
    t.teardown(() => podman('rm', '--force', '--time', '0', 'workload'))
    const { stdout: pid } = await podman('inspect', '--format', '{{.State.Pid}}', 'workload')
    const [, cgroup = ''] = /^0::(.+)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? []
    t.not(cgroup, '')

    const record = (capabilities: readonly string[]) =>
      container(
        '--rm',
        '--read-only',
        '--pid',
        'host',
        '--cgroupns',
        'host',
        '--cap-drop',
        'ALL',
        ...capabilities.flatMap((each) => ['--cap-add', each]),
        // The default profile of Podman 4 refuses bpf(2) whatever the capabilities.
        '--security-opt',
        'seccomp=unconfined',
        '-v',
        '/sys/fs/cgroup:/sys/fs/cgroup:ro',
        image,
        'trace',
        '--cgroup',
        cgroup,
        '--for',
        '2s',
      )
    const { stdout, stderr, exitCode } = await record(['BPF', 'PERFMON'])
    t.equal(exitCode, 0, stderr)
    const allowed = parseProfile(stdout, { name: 'recorded' }).profile.syscalls.flatMap(({ names }) => names)
    for (const call of ['mkdir', 'execve', 'wait4']) t.ok(allowed.includes(call), call)

    // As in the table of docs/containers.md: both capabilities are necessary.
    for (const capabilities of [['BPF'], ['PERFMON'], []]) {
      const refused = await record(capabilities)
      t.equal(refused.exitCode, 125, capabilities.join() || 'none')
      t.match(refused.stderr, 'CAP_BPF and CAP_PERFMON')
    }
  },
)

t.test(
  'collects under the profile that deploy/ gives it',
  { skip: skip || (await noEbpf()) || false },
  async (t) => {
    const [names, name] = [join(folder, 'names'), `under-own-${process.pid}`]
    mkdirSync(names)
    const loop = 'while /bin/busybox true; do /bin/busybox mkdir -p /tmp/x; /bin/busybox sleep 0.1; done'
    const { stdout: id } = await container(
      '--detach',
      '--name',
      name,
      'localhost/workload',
      '/bin/sh',
      '-c',
      loop,
    )
    t.teardown(() => podman('rm', '--force', '--time', '0', name))
    writeFileSync(join(names, `web_shop_main-${id}.log`), '')
    const { stdout: pid } = await podman('inspect', '--format', '{{.State.Pid}}', name)
    const [, cgroup = ''] = /^0::(.+)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? []
    const { stdout, stderr, exitCode } = await container(
      '--rm',
      '--read-only',
      '--cap-drop',
      'ALL',
      '--cap-add',
      'BPF',
      '--cap-add',
      'PERFMON',
      '--security-opt',
      'no-new-privileges',
      '--security-opt',
      `seccomp=${join(root, 'deploy/place/seccomp-gen-record.json')}`,
      '-v',
      '/sys/fs/cgroup:/host/cgroup:ro',
      '-v',
      `${names}:/var/log/containers:ro`,
      image,
      'collect',
      '--root',
      cgroup,
      '--refusals',
      '--stdout',
      '--for',
      '3s',
    )
    t.equal(exitCode, 0, stderr)
    t.match(JSON.parse(stdout), { sources: [{ name: 'shop/web/main' }] })
  },
)
