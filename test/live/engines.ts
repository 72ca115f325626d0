// Real engines for a test of their own: a Docker daemon without network and a store of Podman's in the test's directory,
// both with runc and crun. Nothing of them is left when they end.
import { execa } from 'execa'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { plainEnvironment } from './command.ts'

export type Words = readonly [string, ...string[]]
export type Runtime = 'runc' | 'crun'

export interface Engine {
  /** Why it does not run here; undefined where it does. */
  readonly why: string | undefined
  /** The words that stand before `run`, with this runtime. */
  readonly client: (runtime: Runtime) => Words
  /** Options of `run`. */
  readonly options: (runtime: Runtime) => readonly string[]
}

type Place = (...words: Words) => Words
const quietly = { env: plainEnvironment, reject: false, stdin: 'ignore' } as const
const run = ([first, ...rest]: Words) => execa(first, rest, quietly)

// crun refuses the hybrid cgroup hierarchy, and with version 2 alone wants to raise a limit, which a virtual machine may
// forbid: where the hierarchy is hybrid, crun is shown version 1 only.
const hybrid = readFileSync('/proc/self/mounts', 'utf8').includes(' /sys/fs/cgroup/unified cgroup2 ')
const asItIs: Place = (...words) => words
const onlyVersion1: Place = (...words) =>
  hybrid
    ? ['unshare', '--mount', 'sh', '-c', 'umount /sys/fs/cgroup/unified && exec "$@"', 'sh', ...words]
    : words

/** `work` is a directory of the test, which `end` takes away with all that the engines made. */
export async function startEngines(work: string) {
  const daemons: ChildProcess[] = []
  const docker = await startDocker(work, daemons)
  const podman = await findPodman(work)
  const end = async (): Promise<void> => {
    for (const daemon of daemons) daemon.kill('SIGTERM')
    const ends = daemons
      .filter(({ exitCode, pid }) => exitCode === null && pid !== undefined)
      .map((daemon) => new Promise((resolve) => daemon.once('exit', resolve)))
    await Promise.all(ends)
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
    for (const mount of mounts.map((line) => line.split(' ')[1] ?? '').toReversed())
      if (mount.startsWith(`${work}/`)) await run(['umount', '-l', mount])
    rmSync(work, { recursive: true, force: true })
  }
  return { engines: [['docker', docker] as const, ['podman', podman] as const] as const, end }
}

async function startDocker(work: string, daemons: ChildProcess[]): Promise<Engine> {
  const at = (...names: string[]): string => join(work, 'docker', ...names)
  const socket = (name: string): string => `unix://${at(name, 'socket')}`
  const start = async (name: string, place: Place): Promise<string | undefined> => {
    mkdirSync(at(name), { recursive: true })
    const network = ['--iptables=false', '--ip6tables=false', '--bridge=none']
    const places = ['--data-root', at(name, 'data'), '--exec-root', at(name, 'exec'), '-p', at(name, 'pid')]
    const crun = await run(['sh', '-c', 'command -v crun'])
    const runtimes = crun.failed ? [] : ['--add-runtime', `crun=${crun.stdout}`]
    const [first, ...rest] = place('dockerd', ...network, ...runtimes, ...places, '-H', socket(name))
    const daemon = spawn(first, rest, { stdio: 'ignore' })
    daemon.on('error', () => undefined)
    daemons.push(daemon)
    for (let tries = 0; tries < 150; tries++) {
      if (!(await run(['docker', '-H', socket(name), 'info'])).failed) return undefined
      await wait(200)
    }
    return 'dockerd does not start here'
  }
  const missing = (await run(['dockerd', '--version'])).failed ? 'dockerd is not installed' : undefined
  const started =
    missing === undefined
      ? await Promise.all([start('runc', asItIs), ...(hybrid ? [start('crun', onlyVersion1)] : [])])
      : []
  return {
    why: missing ?? started.find((each) => each !== undefined),
    client: (runtime) => ['docker', '-H', socket(hybrid ? runtime : 'runc')],
    options: (runtime) => ['--runtime', runtime],
  }
}

async function findPodman(work: string): Promise<Engine> {
  const own = ['--root', join(work, 'podman'), '--runroot', join(work, 'podman-run')]
  const places = { runc: asItIs, crun: onlyVersion1 }
  return {
    why: (await run(['podman', '--version'])).failed ? 'podman is not installed' : undefined,
    client: (runtime) => places[runtime]('podman', ...own, '--runtime', runtime),
    // Podman raises these unless told, which a virtual machine may forbid.
    options: () => ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
  }
}

/** Gives every daemon or store of an engine a root file system under this name. */
export async function importImage({ client }: Engine, image: string, root: string): Promise<void> {
  for (const words of new Set([client('runc').join('\0'), client('crun').join('\0')])) {
    const [first = '', ...rest] = words.split('\0')
    const tar = execa('tar', ['-C', root, '-c', '.'], { encoding: 'buffer', buffer: false })
    const imported = execa(first, [...rest, 'import', '-', `${image}:latest`], { ...quietly, stdin: 'pipe' })
    tar.stdout.pipe(imported.stdin)
    const { failed, stderr } = await imported
    if (failed) throw new Error(stderr)
  }
}
