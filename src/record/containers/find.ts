// Finds a running container by its name in an engine: the cgroup in which it runs or, if that cannot be recorded, its
// first process. An engine may run on another machine, whose process ids mean nothing here, so we ask where it runs.
// Authority: docker-inspect(1), docker-context-inspect(1), podman-info(1), proc_pid_cgroup(5).
import { execa } from 'execa'
import { UserError } from '../../errors.ts'
import { isNotFound } from '../../not-found.ts'
import { cgroupOfProcess } from '../cgroups.ts'
import { whyNoEbpf } from '../ebpf/index.ts'
import { spawnEnvironmentOf } from '../runner/spawn-environment.ts'

interface EngineClient {
  readonly name: string
  /** The words that ask where the engine's containers run, and the answers that name another machine. */
  readonly where?: { readonly words: readonly string[]; readonly elsewhere: RegExp }
}
const engines: readonly EngineClient[] = [
  {
    name: 'docker',
    where: {
      words: ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'],
      elsewhere: /^(?!unix:)\w+:/,
    },
  },
  {
    name: 'podman',
    where: { words: ['info', '--format', '{{.Host.ServiceIsRemote}}'], elsewhere: /^true$/ },
  },
  { name: 'nerdctl' },
]

/** Throws UserError (125) if no engine knows the container, or if it is not running on this machine. */
export async function findContainer(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly cgroup: string } | { readonly pid: number }> {
  const pid = await processOfContainer(name, env)
  if ((await whyNoEbpf()) !== undefined) return { pid }
  const cgroup = cgroupOfProcess(pid)
  return cgroup === undefined ? { pid } : { cgroup }
}

/** The first process of a running container. Throws as findContainer does. */
export async function processOfContainer(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const missing: EngineClient[] = []
  const environment = spawnEnvironmentOf({ env })
  for (const engine of engines) {
    const ask = (words: readonly string[]) =>
      execa(engine.name, words, { ...environment, reject: false, stdin: 'ignore' })
    const asked = await ask(['container', 'inspect', '--format', '{{.State.Pid}}', '--', name])
    if (isNotFound(asked)) missing.push(engine)
    if (asked.exitCode !== 0) continue
    const pid = Number(asked.stdout.trim())
    if (pid <= 0) throw new UserError('container-not-running', { container: name, engine: engine.name })
    const place = engine.where && (await ask(engine.where.words))
    if (place?.exitCode === 0 && engine.where?.elsewhere.test(place.stdout) === true)
      throw new UserError('container-elsewhere', { container: name, engine: engine.name })
    return pid
  }
  if (missing.length === engines.length) throw new UserError('no-engine')
  throw new UserError('no-such-container', { container: name })
}
