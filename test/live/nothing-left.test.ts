// However a recording or a verification ends, it leaves nothing weaker behind. Compares containers with their filters,
// cgroups, mounts, temporary directories, processes and BPF programs (by id), before and after.
import { execa } from 'execa'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { whyNotRun } from '../../scripts/bundle.ts'
import { noEbpf } from './command.ts'
import { orphanedCgroups, processes, readProcess } from './left.ts'
import { skipFile } from './skip.ts'

skipFile((await noEbpf()) ?? whyNotRun('runc'))
t.setTimeout(900_000)
const { at, close, engines, env, limits, node, podman, quietly, words } = await import('./containers.ts')
t.teardown(close)
const [[, noDocker], [, noPodman]] = engines as [(typeof engines)[number], (typeof engines)[number]]
const temporary = at('temporary')
mkdirSync(temporary)
const mark = `SECCOMP_GEN_LEFT=${process.pid}`
const marked = { ...env, TMPDIR: temporary, SECCOMP_GEN_LEFT: String(process.pid) }

const said = async (program: string, ...more: readonly string[]): Promise<string> =>
  (await execa(program, more, quietly)).stdout
const own = (): readonly number[] =>
  processes().filter((pid) => readProcess(pid, 'environ').split('\0').includes(mark))

/** The ids of the programs that a process holds. A program without a holder is gone, unless it is pinned. */
function programsOf(pid: number): readonly string[] {
  const entries = existsSync(`/proc/${pid}/fdinfo`) ? readdirSync(`/proc/${pid}/fdinfo`) : []
  return entries.flatMap((entry) => /^prog_id:\t(\d+)$/m.exec(readProcess(pid, `fdinfo/${entry}`))?.[1] ?? [])
}
const pinned = (): readonly string[] => (existsSync('/sys/fs/bpf') ? readdirSync('/sys/fs/bpf').sort() : [])

/** The ids of all recorders so far: the containers that `verify` makes in runc and crun have them in their names. */
const recorders: number[] = []
const container = `left-${process.pid}`

async function all() {
  const docker = (await said('docker', 'ps', '-aq', '--no-trunc')).split('\n').filter(Boolean)
  const format = '{{.HostConfig.SecurityOpt}} {{.State.Status}} {{.State.Pid}}'
  const filters = await Promise.all(
    docker.map(async (id) => {
      const inspected = await said('docker', 'inspect', '--format', format, id)
      const status = readProcess(Number(/\d+$/.exec(inspected)?.[0] ?? 0), 'status')
      return [inspected, ...(status.match(/^(?:Seccomp|NoNewPrivs).*$/gm) ?? [])].join(' ')
    }),
  )
  const [podmanClient = '', ...podmanWords] = podman
  return {
    docker: docker.map((id, at) => `${id} ${filters[at]}`),
    podman: noPodman === undefined ? await said(podmanClient, ...podmanWords, 'ps', '-aq') : '',
    // Names of this test and of its recorders only: others may start containers too.
    runtime: (await said('runc', 'list', '-q'))
      .split('\n')
      .filter(
        (name) => name.includes(container) || recorders.some((pid) => name.startsWith(`seccompgen${pid}x`)),
      ),
    cgroups: orphanedCgroups(),
    mounts: readFileSync('/proc/self/mounts', 'latin1')
      .split('\n')
      .filter((line) => line.includes(temporary)),
    // The tests' loader keeps its compiled files there.
    directories: readdirSync(temporary).filter((name) => !name.startsWith('tsx-')),
    processes: own().map((pid) => readProcess(pid, 'cmdline').replaceAll('\0', ' ')),
    programs: own().flatMap(programsOf),
    pinned: pinned(),
  }
}

interface Way {
  readonly name: string
  readonly words: readonly string[]
  /** Signals sent once the container's program runs, a second apart. */
  readonly signals?: readonly NodeJS.Signals[]
  readonly status?: number
  /** Runs before the comparison, because nobody weakens what the way leaves running: it has its own filter. */
  readonly after?: readonly [string, ...string[]]
  /** A container of Docker runs before and after. */
  readonly beside?: true
  readonly skip?: string | undefined
}

const run = ['run', '--rm', '--network', 'none', '--name', container]
const image = 'seccomp-gen-test'
const profile = at('profile.json')
const trace = (...more: readonly string[]): readonly string[] => ['trace', '-o', profile, ...more]
const looping = ['sh', '-c', 'trap "exit 0" TERM INT; echo begun; while :; do sleep 0.2; done']
const deaf = ['sh', '-c', 'trap "" TERM INT; echo begun; while :; do sleep 0.2; done']
const runc = ['runc', 'run', '--bundle', at('bundle'), container]
const docker = (...more: readonly string[]): readonly string[] => ['--', 'docker', ...run, image, ...more]
const refusing = at('refusing.json')
const failing = at('fails.sh')
writeFileSync(failing, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
// Not marked as a process of the recorders.
const beforehand = execa('sh', ['-c', 'while :; do sleep 0.2; done'], { reject: false, stdin: 'ignore' })
t.teardown(async () => {
  beforehand.kill()
  await beforehand
})
const pid = String(beforehand.pid)
const yml = at('left.yml')
const service = { image, command: looping, network_mode: 'none' }
writeFileSync(yml, JSON.stringify({ version: '2.4', services: { one: service } }))
writeFileSync(
  refusing,
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['getdents64'], action: 'SCMP_ACT_ERRNO' }],
  }),
)
const noCompose = (await execa('docker-compose', ['version'], { reject: false })).failed
  ? 'docker-compose is not installed'
  : undefined
const podmanRun = [...podman, ...run, ...limits, image]

const each = [
  'trace',
  '--each',
  at('each'),
  '--',
  'sh',
  '-c',
  `exec docker ${run.join(' ')} ${image} ${looping[0]} -c '${looping[2]}'`,
]
const up = trace('--', 'docker-compose', '-f', yml, 'up', '--no-color')
const down = ['docker-compose', '-f', yml, 'down', '--timeout', '1'] as const
const besides = (...more: readonly string[]): readonly string[] => trace(...more, '--container', container)

const ways: readonly Way[] = [
  { name: 'ends', words: trace(...docker('ls', '/')), status: 0, skip: noDocker },
  { name: 'fails', words: trace(...docker('sh', '-c', 'exit 7')), status: 7, skip: noDocker },
  { name: '--for', words: trace('--for', '1s', ...docker(...looping)), status: 0, skip: noDocker },
  { name: 'SIGINT', words: trace(...docker(...looping)), signals: ['SIGINT'], skip: noDocker },
  { name: 'SIGTERM', words: trace(...docker(...looping)), signals: ['SIGTERM'], skip: noDocker },
  {
    name: 'a second SIGINT',
    words: trace(...docker(...deaf)),
    signals: ['SIGINT', 'SIGINT', 'SIGKILL'],
    skip: noDocker,
  },
  { name: 'SIGKILL', words: trace(...docker(...looping)), signals: ['SIGKILL'], skip: noDocker },
  { name: 'the program is not there', words: trace(...docker('typo')), status: 127, skip: noDocker },
  {
    name: '-d --restart always',
    words: trace(
      '--',
      'docker',
      ...run.filter((word) => word !== '--rm'),
      '-d',
      '--restart',
      'always',
      image,
      'true',
    ),
    status: 125,
    skip: noDocker,
  },
  {
    name: 'the load fails',
    words: trace('--ready', 'true', '--load', failing, ...docker(...looping)),
    status: 3,
    skip: noDocker,
  },
  {
    name: 'Podman, SIGKILL',
    words: trace('--', ...podmanRun, ...looping),
    signals: ['SIGKILL'],
    skip: noPodman,
  },
  { name: 'runc', words: trace('--', ...runc), status: 0 },
  { name: 'verify', words: ['verify', refusing, '--', ...runc] },
  { name: 'verify --repair', words: ['verify', '--repair', refusing, '--', ...runc] },
  { name: 'verify, SIGKILL', words: ['verify', refusing, '--', 'sleep', '30'], signals: ['SIGKILL'] },
  { name: '--container', words: besides('--for', '1s'), beside: true, status: 0, skip: noDocker },
  { name: '--container, SIGINT', words: besides(), beside: true, signals: ['SIGINT'], skip: noDocker },
  { name: '--container, SIGKILL', words: besides(), beside: true, signals: ['SIGKILL'], skip: noDocker },
  { name: '--cgroup', words: ['trace', '--for', '1s', '-o', profile, '--cgroup', 'docker'], skip: noDocker },
  { name: 'compose, SIGTERM', words: up, signals: ['SIGTERM'], after: down, skip: noDocker ?? noCompose },
  { name: 'compose, SIGKILL', words: up, signals: ['SIGKILL'], after: down, skip: noDocker ?? noCompose },
  { name: '--each, SIGINT', words: each, signals: ['SIGINT'], skip: noDocker },
  {
    name: 'the load succeeds',
    words: trace('--ready', 'true', '--load', 'true', ...docker(...looping)),
    status: 0,
    skip: noDocker,
  },
  { name: '--repeat', words: trace('--repeat', '2', ...docker('ls', '/')), status: 0, skip: noDocker },
  { name: '--under', words: trace('--under', 'docker', ...docker('ls', '/')), status: 0, skip: noDocker },
  { name: '--pid', words: trace('--for', '1s', '--pid', pid), status: 0 },
]

for (const { name, words: more, signals = [], status, after: undone, beside, skip } of ways)
  t.test(name, { skip: skip ?? false }, async (t) => {
    if (beside === true) {
      await said('docker', ...run, '-d', image, ...looping)
      t.teardown(() => said('docker', 'rm', '-f', container))
    }
    const before = await all()
    const recorder = execa(node, [...words, ...more], { ...quietly, env: marked, cleanup: false, all: true })
    recorders.push(recorder.pid ?? 0)
    const begun = async (): Promise<boolean> => {
      const running = await said('docker', 'ps', '-q')
      return own().some((pid) => /^(?:sleep|sh)$/m.test(readProcess(pid, 'comm'))) || running !== ''
    }
    if (signals.length > 0) for (let tries = 0; tries < 150 && !(await begun()); tries++) await wait(200)
    for (const signal of signals) {
      await wait(1500)
      recorder.kill(signal)
    }
    const ended = await recorder
    if (status !== undefined) t.equal(ended.exitCode, status, ended.all)
    if (undone !== undefined) await said(...undone)
    // A guardian works for a while after its recorder was killed.
    let after = await all()
    for (let tries = 0; tries < 150 && JSON.stringify(after) !== JSON.stringify(before); tries++) {
      await wait(200)
      after = await all()
    }
    t.strictSame(after, before)
  })
