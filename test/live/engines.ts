// Real engines for one test: a Docker daemon without network and a Podman store in the test's directory, both with runc
// and crun. Nothing of them is left when they end.
import { execa } from 'execa'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { plainEnvironment } from './command.ts'

export type Words = readonly [string, ...string[]]
export type Runtime = 'runc' | 'crun'

export interface Engine {
  /** Why the engine does not run here; undefined if it does. */
  readonly why: string | undefined
  /** The words before `run`, with this runtime. */
  readonly client: (runtime: Runtime) => Words
  /** Options of `run`. */
  readonly options: (runtime: Runtime) => readonly string[]
  /** The clients of the engine's image stores, one a store. */
  readonly stores: readonly Words[]
}

type Place = (...words: Words) => Words
const quietly = { env: plainEnvironment, reject: false, stdin: 'ignore' } as const
const run = ([first, ...rest]: Words) => execa(first, rest, quietly)

// crun refuses the hybrid cgroup hierarchy. With version 2 alone it raises a limit, which a virtual machine may forbid.
// So on the hybrid hierarchy crun sees version 1 only.
const hybrid = readFileSync('/proc/self/mounts', 'utf8').includes(' /sys/fs/cgroup/unified cgroup2 ')
const onlyVersion1: Place = (...words) =>
  hybrid
    ? ['unshare', '--mount', 'sh', '-c', 'umount /sys/fs/cgroup/unified && exec "$@"', 'sh', ...words]
    : words
/** The words before a command that a runtime runs in. */
export const seenBy: Readonly<Record<Runtime, Place>> = { runc: (...words) => words, crun: onlyVersion1 }

/** The socket of the daemon that serves this runtime, for example for DOCKER_HOST. */
export function dockerSocket(work: string, runtime: Runtime): string {
  return `unix://${join(work, 'docker', hybrid ? runtime : 'runc', 'socket')}`
}

/** Starts the engines in `work`, a directory of the test; `end` removes it with everything that the engines made. */
export async function startEngines(work: string, runtimes: readonly Runtime[] = ['runc', 'crun']) {
  const daemons: ChildProcess[] = []
  const docker = await startDocker(work, runtimes, daemons)
  const podman = await findPodman(work)
  const end = async (): Promise<void> => {
    for (const daemon of daemons) daemon.kill('SIGTERM')
    const ends = daemons
      .filter(({ exitCode, pid }) => exitCode === null && pid !== undefined)
      .map((daemon) => new Promise((resolve) => daemon.once('exit', resolve)))
    await Promise.all(ends)
    await deleteContainers(work)
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
    for (const mount of mounts.map((line) => line.split(' ')[1] ?? '').toReversed())
      if (mount.startsWith(`${work}/`)) await run(['umount', '-l', mount])
    rmSync(work, { recursive: true, force: true })
  }
  return { engines: [['docker', docker] as const, ['podman', podman] as const] as const, end }
}

/** Podman that was killed leaves its stopped containers in the runtimes' own lists. */
async function deleteContainers(work: string): Promise<void> {
  for (const runtime of ['runc', 'crun']) {
    const { stdout, failed } = await run([runtime, 'list', '--format', 'json'])
    if (failed || stdout === '') continue
    const containers = JSON.parse(stdout) as
      readonly { readonly id: string; readonly bundle: string }[] | null
    for (const { id, bundle } of containers ?? [])
      if (bundle.startsWith(`${work}/`)) await run([runtime, 'delete', '--force', id])
  }
}

async function startDocker(
  work: string,
  runtimes: readonly Runtime[],
  daemons: ChildProcess[],
): Promise<Engine> {
  const at = (...names: string[]): string => join(work, 'docker', ...names)
  const client = (runtime: Runtime): Words => ['docker', '-H', dockerSocket(work, runtime)]
  const served: readonly Runtime[] = hybrid ? runtimes : ['runc']
  const start = async (name: Runtime): Promise<string | undefined> => {
    mkdirSync(at(name), { recursive: true })
    const network = ['--iptables=false', '--ip6tables=false', '--bridge=none']
    const places = ['--data-root', at(name, 'data'), '--exec-root', at(name, 'exec'), '-p', at(name, 'pid')]
    const crun = await run(['sh', '-c', 'command -v crun'])
    const more = crun.failed ? [] : ['--add-runtime', `crun=${crun.stdout}`]
    const socket = ['-H', dockerSocket(work, name)]
    const [first, ...rest] = seenBy[name]('dockerd', ...network, ...more, ...places, ...socket)
    const daemon = spawn(first, rest, { stdio: 'ignore' })
    daemon.on('error', () => undefined)
    daemons.push(daemon)
    for (let tries = 0; tries < 150; tries++) {
      if (!(await run([...client(name), 'info'])).failed) return undefined
      await wait(200)
    }
    return 'dockerd does not start here'
  }
  const missing = (await run(['dockerd', '--version'])).failed ? 'dockerd is not installed' : undefined
  const started = missing === undefined ? await Promise.all(served.map(start)) : []
  return {
    why: missing ?? started.find((each) => each !== undefined),
    client,
    options: (runtime) => ['--runtime', runtime],
    stores: served.map(client),
  }
}

async function findPodman(work: string): Promise<Engine> {
  const own = ['--root', join(work, 'podman'), '--runroot', join(work, 'podman-run')]
  const client = (runtime: Runtime): Words => seenBy[runtime]('podman', ...own, '--runtime', runtime)
  return {
    why: (await run(['podman', '--version'])).failed ? 'podman is not installed' : undefined,
    client,
    // By default Podman raises these limits, which a virtual machine may forbid.
    options: () => ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
    stores: [client('runc')],
  }
}

/** Imports a root file system into every daemon or store of an engine, under this name. */
export async function importImage({ stores }: Engine, image: string, root: string): Promise<void> {
  for (const [first, ...rest] of stores) {
    const tar = execa('tar', ['-C', root, '-c', '.'], { encoding: 'buffer', buffer: false })
    const imported = execa(first, [...rest, 'import', '-', `${image}:latest`], { ...quietly, stdin: 'pipe' })
    tar.stdout.pipe(imported.stdin)
    const { failed, stderr } = await imported
    if (failed) throw new Error(stderr)
  }
}
