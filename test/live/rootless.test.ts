// An ordinary user's rootless Podman, recorded by strace: the container runs again under the profile. If the recorder
// is killed (SIGKILL), no container and no process of it stays.
import { execa } from 'execa'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { noStrace, plainEnvironment, seccompGen } from './command.ts'
import { processes, readProcess } from './left.ts'
import { rootfs } from './rootfs.ts'

/** A user who has subordinate ids for newuidmap(1); .ci/run makes one if there is none. */
const subordinate = existsSync('/etc/subuid') ? readFileSync('/etc/subuid', 'utf8') : ''
const user = /^([a-z_][a-z0-9_-]*):\d+:65536$/m.exec(subordinate)?.[1]
const work = mkdtempSync('/tmp/sg-rootless-')
const at = (...names: string[]): string => join(work, ...names)
const environment = { ...plainEnvironment, HOME: work, XDG_RUNTIME_DIR: at('run'), TMPDIR: at('tmp') }
const as = (words: readonly string[], options = {}) => {
  const mark = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const all = ['-u', user ?? '', '--', 'env', ...mark, ...words]
  return execa('runuser', all, { reject: false, stdin: 'ignore', cwd: work, ...options })
}
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']
const podman = ['podman', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc']
const run = (...more: string[]): readonly string[] => [
  ...podman,
  'run',
  '--rm',
  '--network',
  'none',
  ...limits,
  ...more,
]

async function whyNot(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'this is not root, who may become another user'
  if (user === undefined) return 'no user has ids for a namespace in /etc/subuid'
  const noImage = (await noStrace()) ?? (await rootfs(at('image'), ['busybox-static']))
  if (noImage !== undefined) return noImage
  const { uid, gid } = await idsOf(user)
  for (const folder of ['', 'run', 'tmp']) {
    mkdirSync(at(folder), { recursive: true })
    chownSync(at(folder), uid, gid)
  }
  const read = await as([...seccompGen, '--version'])
  if (read.failed) return `${user} cannot run what is here: ${read.stderr.split('\n')[0] ?? ''}`
  await execa('tar', ['-C', at('image'), '-cf', at('image.tar'), '.'])
  const imported = await as([...podman, 'import', at('image.tar'), 'seccomp-gen-rootless'])
  if (imported.failed) return `podman does not run without root here: ${imported.stderr}`
  const tried = await as(run('seccomp-gen-rootless', 'busybox', 'true'))
  return tried.failed ? `podman does not run without root here: ${tried.stderr}` : undefined
}

async function idsOf(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((what) => execa('id', [what, name])))
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) }
}

/** The user's processes in this test, without the one that holds Podman's namespaces from its first command on. */
const ours = (): readonly number[] =>
  processes().filter(
    (pid) =>
      readProcess(pid, 'environ').includes(work) &&
      readProcess(pid, 'comm') !== 'podman\n' &&
      readProcess(pid, 'cmdline') !== '',
  )

t.setTimeout(600_000)
t.teardown(async () => {
  if (user !== undefined) await as(['podman', 'system', 'migrate'])
  if (user !== undefined) await as(['podman', 'unshare', 'rm', '-rf', at('.local')])
  rmSync(work, { recursive: true, force: true })
})
const reason = await whyNot()
const trace = [...seccompGen, 'trace', '--recorder', 'strace', '-o', at('run', 'profile.json'), '--']

t.test('recorded, and run under its profile', { skip: reason ?? false }, async (t) => {
  const recorded = await as([...trace, ...run('seccomp-gen-rootless', 'busybox', 'ls', '/')])
  t.equal(recorded.exitCode, 0, recorded.stderr)
  t.match(recorded.stdout, /^proc$/m)
  const { syscalls } = JSON.parse(readFileSync(at('run', 'profile.json'), 'utf8')) as {
    readonly syscalls: readonly { readonly names: readonly string[] }[]
  }
  const named = syscalls.flatMap(({ names }) => names)
  t.ok(named.includes('getdents64'), 'ls lists')
  t.notOk(named.includes('mount'), 'the engine mounts, before the filter')
  const filter = ['--security-opt', `seccomp=${at('run', 'profile.json')}`]
  const again = await as(run(...filter, 'seccomp-gen-rootless', 'busybox', 'ls', '/'))
  t.equal(again.exitCode, 0, again.stderr)
})

t.test('killed: nothing stays', { skip: reason ?? false }, async (t) => {
  const before = ours()
  const containers = async (): Promise<string> => (await as([...podman, 'ps', '--all', '--quiet'])).stdout
  const recording = as([...trace, ...run('seccomp-gen-rootless', 'busybox', 'sleep', '600')])
  while ((await as([...podman, 'ps', '--quiet'])).stdout === '') await wait(100)
  const recorder = ours().filter((pid) => /cli\.m?js\0trace/.test(readProcess(pid, 'cmdline')))
  for (const pid of recorder) process.kill(pid, 'SIGKILL')
  await recording
  const left = async () => ({
    containers: await containers(),
    processes: ours().filter((pid) => !before.includes(pid)),
    files: readdirSync(at('tmp')).filter((name) => name.startsWith('seccomp-gen')),
  })
  const nothing = { containers: '', processes: [], files: [] }
  let last = await left()
  for (let tries = 0; tries < 300 && JSON.stringify(last) !== JSON.stringify(nothing); tries++) {
    await wait(100)
    last = await left()
  }
  t.strictSame(last, nothing)
})
