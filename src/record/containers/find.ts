// A running container by the name its engine gives it: the cgroup it runs in or, where that cannot be recorded, its
// first process. Authority: docker-inspect(1), proc_pid_cgroup(5).
import { execa } from 'execa'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../errors.ts'
import { unifiedMount } from '../cgroups.ts'
import { whyNoEbpf } from '../ebpf/index.ts'

const engines = ['docker', 'podman', 'nerdctl'] as const

/** Throws UserError (125) where no engine knows such a container, or it does not run. */
export async function findContainer(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly cgroup: string } | { readonly pid: number }> {
  const pid = await processOf(name, env)
  if ((await whyNoEbpf()) !== undefined) return { pid }
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')
  const path = /^0::(\/.+)$/m.exec(groups)?.[1]
  if (path === undefined || path === '/') return { pid }
  return { cgroup: join(unifiedMount(), path) }
}

async function processOf(name: string, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const missing: string[] = []
  for (const engine of engines) {
    const asked = await execa(engine, ['container', 'inspect', '--format', '{{.State.Pid}}', '--', name], {
      env: Object.fromEntries(Object.entries(env).filter((entry) => entry[1] !== undefined)) as Record<
        string,
        string
      >,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    })
    if (asked.code === 'ENOENT') missing.push(engine)
    if (asked.exitCode !== 0) continue
    const pid = Number(asked.stdout.trim())
    if (pid > 0) return pid
    throw new UserError(`container ${name} of ${engine} is not running: start it, then record it`, 125)
  }
  if (missing.length === engines.length)
    throw new UserError('none of docker, podman and nerdctl is installed: give --pid or --cgroup', 125)
  throw new UserError(
    `no container ${name} was found: see docker ps, podman ps (as the user who started it)`,
    125,
  )
}
