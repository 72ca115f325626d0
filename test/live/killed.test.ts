// The recorder is killed (SIGKILL) at several moments from its start to its end. No program stays attached, and no
// cgroup, container or file is left. The recorded command goes on or ends; after that, nothing of the recording exists.
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { noEbpf, noStrace, plainEnvironment, seccompGen } from './command.ts'
import { dockerSocket, importImage, startEngines, type Words } from './engines.ts'
import { orphanedCgroups, processes, readProcess } from './left.ts'
import { rootfs } from './rootfs.ts'
import { skipFile } from './skip.ts'

const reason =
  process.getuid?.() === 0
    ? await noEbpf()
    : 'programs of the kernel are loaded as root, and this is not root'
skipFile(reason)

t.setTimeout(600_000)
const work = mkdtempSync('/tmp/sg-killed-')
const at = (...names: string[]): string => join(work, ...names)
const { engines, end } = await startEngines(at('engines'))
t.teardown(end)
const noImage = await rootfs(at('image'), ['busybox-static'])
if (noImage === undefined)
  for (const [, engine] of engines)
    if (engine.why === undefined) await importImage(engine, 'seccomp-gen-killed', at('image'))

/** The processes of one recording, found by a word in their environment. */
const processesOf = (mark: string): readonly number[] =>
  processes().filter((pid) => readProcess(pid, 'environ').split('\0').includes(mark))
/** The processes among these that hold a program, map or link of bpf(2). */
function holdersOfBpf(pids: readonly number[]): readonly number[] {
  const holds = (pid: number): boolean => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => /bpf/.test(readlinkSync(`/proc/${pid}/fd/${fd}`)))
    } catch {
      return false
    }
  }
  return pids.filter(holds)
}
interface Case {
  readonly name: string
  readonly skip: string | undefined
  readonly recorder: 'ebpf' | 'strace'
  readonly command: Words
  /** Asks the engine for its running containers. */
  readonly running?: Words
}
const sleeping = ['busybox', 'sleep', '600']
const compose = at('docker-compose.yml')
const service = { image: 'seccomp-gen-killed', command: sleeping, network_mode: 'none' }
writeFileSync(compose, JSON.stringify({ version: '2.4', services: { one: service, two: service } }))
const docker = `DOCKER_HOST=${dockerSocket(at('engines'), 'runc')}`
const noCompose = (await execa('docker-compose', ['version'], { reject: false })).failed
  ? 'docker-compose is not installed'
  : undefined
const cases: readonly Case[] = [
  { name: 'a command under ebpf', skip: undefined, recorder: 'ebpf', command: ['sleep', '3'] },
  { name: 'a command under strace', skip: await noStrace(), recorder: 'strace', command: ['sleep', '3'] },
  ...engines.map(([name, engine]): Case => {
    const [client, options] = [engine.client('runc'), engine.options('runc')]
    const container = ['seccomp-gen-killed', ...sleeping]
    return {
      name: `${name} run`,
      skip: engine.why ?? noImage,
      recorder: 'ebpf',
      command: [...client, 'run', '--rm', '--network', 'none', ...options, ...container],
      running: [...client, 'ps', '--quiet'],
    }
  }),
  {
    name: 'compose up',
    skip: engines[0][1].why ?? noImage ?? noCompose,
    recorder: 'ebpf',
    command: ['env', docker, 'docker-compose', '-f', compose, 'up', '--no-color'],
    running: ['env', docker, 'docker', 'ps', '--quiet'],
  },
]

/** Moments of a recording, as fractions of the time until its command is at work. */
const moments = [0.4, 0.8, 1.1]

for (const { name, skip, recorder, command, running } of cases) {
  t.test(`${name}: killed at ${moments.length} moments`, { skip: skip ?? false }, async (t) => {
    const start = (moment: string) => {
      mkdirSync(at(name, moment), { recursive: true })
      const mark = `SECCOMP_GEN_KILLED=${process.pid}-${moment}`
      const env = { ...plainEnvironment, TMPDIR: at(name, moment), SECCOMP_GEN_KILLED: mark.slice(19) }
      const [first, ...words] = seccompGen
      const trace = ['trace', '--recorder', recorder, '-o', at(`${moment}.json`), '--', ...command]
      const recording = execa(first, [...words, ...trace], {
        env,
        reject: false,
        stdio: 'ignore',
        cleanup: false,
      })
      return { mark, recording }
    }
    const containers = async (): Promise<string> =>
      running === undefined ? '' : (await execa(running[0], running.slice(1), { reject: false })).stdout
    const atWork = async (mark: string): Promise<boolean> =>
      running === undefined
        ? processesOf(mark).some((pid) => readProcess(pid, 'comm') === 'sleep\n')
        : (await containers()) !== ''

    const begun = performance.now()
    const whole = start('whole')
    while (!(await atWork(whole.mark))) await wait(50)
    const took = performance.now() - begun
    t.equal(holdersOfBpf(processesOf(whole.mark)).length, recorder === 'ebpf' ? 1 : 0, 'while it records')
    await wait(500)
    whole.recording.kill('SIGKILL')
    await whole.recording

    const killed = [whole.mark]
    for (const moment of moments) {
      const { mark, recording } = start(String(moment))
      await wait(took * moment)
      recording.kill('SIGKILL')
      await recording
      t.strictSame(holdersOfBpf(processesOf(mark)), [], `at ${moment}: no program is attached any more`)
      killed.push(mark)
    }
    // strace's FIFO has a name while it is made. If the recorder is killed then, its directory stays.
    const withFiles = recorder === 'strace' ? ['whole'] : readdirSync(at(name))
    const left = async () => ({
      processes: killed.flatMap(processesOf),
      files: withFiles.flatMap((moment) => readdirSync(at(name, moment))),
      containers: await containers(),
    })
    const nothing = { processes: [], files: [], containers: '' }
    // A killed client may have asked for a container that is still being made: wait for it.
    let last = await left()
    for (let tries = 0; tries < 300 && JSON.stringify(last) !== JSON.stringify(nothing); tries++) {
      await wait(100)
      last = await left()
    }
    t.strictSame(last, nothing)
    t.strictSame(orphanedCgroups(), [], 'no cgroup')
  })
}
