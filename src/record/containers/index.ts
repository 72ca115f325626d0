// Records what runs in a container: the engine is asked to start it with a filter that allows all, in a cgroup of our
// own, and what is called there under the filter is counted. That is what a profile must allow: the program's calls,
// and the runtime's between loading the filter and starting the program.
import { execa } from 'execa'
import { UserError } from '../../errors.ts'
import { recordWithEbpf } from '../ebpf/index.ts'
import type { CommandOptions, Recording, RecordSettings, RefusalsSeenBy } from '../recording.ts'
import { surroundingsOf } from '../surroundings.ts'
import { recordStarted } from './below.ts'
import { noNewPrivileges, readProject, writeOverride, type ComposeUp } from './compose.ts'
import type { ContainerRun } from './run.ts'
import { stage, startGuardian, writeFilter, type Under } from './staging.ts'

export { recordBelow } from './below.ts'
export { readComposeUp } from './compose.ts'
export { findContainer } from './find.ts'
export { readRuntimeRun, recordBundle, recordRuntime, type RuntimeRun } from './oci-runtime.ts'
export { readContainerRun, type ContainerRun } from './run.ts'
export type { Under } from './staging.ts'

/** Whether strace can follow what this engine starts: podman has no daemon. */
export function startsBelow(run: ContainerRun): boolean {
  return run.engine === 'podman'
}

/**
 * The same where bpf(2) is not permitted: strace follows the engine into the container, or audit records tell of it.
 * Throws UserError (125) as it does.
 */
export async function traceContainer(
  name: string,
  options: CommandOptions,
  run: ContainerRun,
  under?: Under,
  recorder: RefusalsSeenBy = 'strace',
): Promise<Recording> {
  // newuidmap gains no privileges while it is traced: the user namespace is there before, as after any command.
  const [client = '', ...rest] = run.client
  if (process.getuid?.() !== 0)
    await execa(client, [...rest, 'unshare', 'true'], {
      ...surroundingsOf(options),
      reject: false,
      stdio: 'ignore',
    })
  const guardian = await startGuardian({ slice: false })
  try {
    const words = ['--security-opt', `seccomp=${writeFilter(guardian.directory, under?.profile)}`]
    const command = options.command.toSpliced(run.insertAt, 0, ...words) as [string, ...string[]]
    const workload = { started: guardian.startedBy, ...(under && { watch: under.watch }) }
    const recording = await recordStarted(
      name,
      { ...options, command },
      guardian.directory,
      recorder,
      workload,
    )
    return run.noNewPrivileges ? { ...recording, noNewPrivileges: true } : recording
  } finally {
    await guardian.end()
  }
}

/** Throws UserError (125) where the engine cannot be asked, or nothing was called in the container. */
export async function recordContainer(
  name: string,
  options: CommandOptions,
  run: ContainerRun,
  under?: Under,
): Promise<Recording> {
  const staging = await stage(await leavesToSystemd(run, options), under && { profile: under.profile })
  try {
    const words = ['--security-opt', `seccomp=${staging.filter}`, '--cgroup-parent', staging.parent]
    const command = options.command.toSpliced(run.insertAt, 0, ...words) as [string, ...string[]]
    const recording = await recordWithEbpf(
      name,
      { ...options, command },
      {
        membership: { who: staging.membership, underFilter: true },
        processes: staging.processes,
        started: staging.startedBy,
        ...(under && { watch: under.watch }),
      },
    )
    return run.noNewPrivileges ? { ...recording, noNewPrivileges: true } : recording
  } finally {
    await staging.end()
  }
}

/** All containers of a project: one profile for every service. Throws UserError (125). */
export async function recordCompose(
  name: string,
  options: CommandOptions,
  up: ComposeUp,
): Promise<Recording> {
  const { before, project } = await readProject(up, options)
  const systemd = await leavesToSystemd({ engine: 'docker', client: up.client }, options)
  const staging = await stage(systemd, { remove: [...before, 'rm', '--stop', '--force'] })
  try {
    const override = writeOverride(project, staging.directory, staging.filter, staging.parent)
    const rest = options.command.slice(up.before.length)
    const command = [...before, '-f', override, ...rest] as unknown as [string, ...string[]]
    const recording = await recordWithEbpf(
      name,
      { ...options, command },
      {
        membership: { who: staging.membership, underFilter: true },
        processes: staging.processes,
        started: staging.startedBy,
      },
    )
    return noNewPrivileges(project) ? { ...recording, noNewPrivileges: true } : recording
  } finally {
    await staging.end()
  }
}

/** Whether the engine's cgroups are systemd's. */
async function leavesToSystemd(
  run: Pick<ContainerRun, 'engine' | 'client'>,
  options: CommandOptions,
): Promise<boolean> {
  const member = run.engine === 'podman' ? '.Host.CgroupManager' : '.CgroupDriver'
  return (await askEngine(run, member, options)) === 'systemd'
}

/** The engine says of itself; Docker's client asks its daemon. Throws UserError (125) where it does not answer. */
export async function askEngine(
  run: Pick<ContainerRun, 'engine' | 'client'>,
  member: string,
  settings: RecordSettings,
): Promise<string> {
  const [client = '', ...words] = run.client
  const asked = await execa(client, [...words, 'info', '--format', `{{${member}}}`], {
    ...surroundingsOf(settings),
    reject: false,
    stdin: 'ignore',
  })
  if (asked.exitCode === 0) return asked.stdout.trim()
  const why = asked.stderr.trim().split('\n').at(-1) ?? asked.shortMessage
  throw new UserError(`${run.engine} does not answer: ${why}`, 125)
}
