// However a recording or a verification ends, it leaves nothing weaker behind. Compares containers with their filters,
// cgroups, mounts, temporary directories, processes and BPF programs (by id), before and after several ways at once:
// left-ways.ts has them all.
import { execa } from 'execa'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { whyNotRun } from '../../scripts/bundle.ts'
import { noEbpf } from './command.ts'
import { image, looping, runOf, waysOf, type Way } from './left-ways.ts'
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
const marked = { ...process.env, ...env, TMPDIR: temporary, SECCOMP_GEN_LEFT: String(process.pid) }

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
const prefix = `left-${process.pid}`

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
        (name) => name.includes(prefix) || recorders.some((pid) => name.startsWith(`seccompgen${pid}x`)),
      ),
    cgroups: orphanedCgroups(),
    mounts: readFileSync('/proc/self/mounts', 'latin1')
      .split('\n')
      .filter((line) => line.includes(temporary)),
    // The tests' loader keeps its compiled files there.
    directories: readdirSync(temporary),
    processes: own().map((pid) => readProcess(pid, 'cmdline').replaceAll('\0', ' ')),
    programs: own().flatMap(programsOf),
    pinned: pinned(),
  }
}

// Not marked as a process of the recorders.
const beforehand = execa('sh', ['-c', 'while :; do sleep 0.2; done'], { reject: false, stdin: 'ignore' })
t.teardown(async () => {
  beforehand.kill()
  await beforehand
})
const composed = await execa('docker-compose', ['version'], { reject: false })
const limited = await said('docker', 'info', '--format', '{{.MemoryLimit}}')
const ways = waysOf({
  at,
  prefix,
  podman: [podman, limits],
  pid: beforehand.pid ?? 0,
  missing: {
    docker: noDocker,
    podman: noPodman,
    compose: composed.failed ? 'docker-compose is not installed' : undefined,
    memory: limited === 'true' ? undefined : 'Docker limits no memory here',
  },
})

/** Goes one way to its end. The status, and all that was written. */
async function go({ words: more, signals = [], after, silent }: Way) {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
  const recorder = spawn(node, [...words, ...more], { env: marked, cwd: quietly.cwd, stdio })
  recorders.push(recorder.pid ?? 0)
  let output = ''
  const { stdout, stderr } = recorder
  for (const stream of [stdout, stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()))
  const ended = new Promise<number | null>((resolve) => recorder.once('exit', resolve))
  const begun = (): boolean =>
    recorder.exitCode !== null ||
    (silent === true ? programsOf(recorder.pid ?? 0).length > 0 : /\bbegun$/m.test(output))
  if (signals.length > 0) for (let tries = 0; tries < 600 && !begun(); tries++) await wait(100)
  const missed = signals.length > 0 && !begun()
  for (const [at, signal] of signals.entries()) {
    if (at > 0) await wait(1000)
    recorder.kill(signal)
  }
  const status = await ended
  // What goes on may hold the recorder's output.
  if (after !== undefined) await said(...after)
  for (const stream of [stdout, stderr]) stream.destroy()
  return { status, output, missed }
}

/** So many batches that each keeps two processors busy, with the ways of one kind in different batches. */
const batches = 5
const possible = ways.filter(({ skip }) => skip === undefined)
for (const { name, skip } of ways) if (skip !== undefined) t.test(name, { skip }, () => undefined)
for (let batch = 0; batch < batches; batch++) {
  const own = possible.filter((_, at) => at % batches === batch)
  t.test(own.map(({ name }) => name).join('; '), async (t) => {
    const besides = own.flatMap(({ beside = [] }) => beside)
    await Promise.all(besides.map((each) => said('docker', ...runOf(each), '-d', image, ...looping)))
    if (besides.length > 0) t.teardown(() => said('docker', 'rm', '-f', ...besides))
    const before = await all()
    const ended = await Promise.all(own.map(go))
    for (const [at, { name, status }] of own.entries()) {
      t.notOk(ended[at]?.missed, `${name}: has begun: ${ended[at]?.output}`)
      if (status !== undefined) t.equal(ended[at]?.status, status, `${name}: ${ended[at]?.output}`)
    }
    // A guardian works for a while after its recorder was killed.
    let after = await all()
    for (let tries = 0; tries < 300 && JSON.stringify(after) !== JSON.stringify(before); tries++) {
      await wait(200)
      after = await all()
    }
    t.strictSame(after, before)
  })
}
