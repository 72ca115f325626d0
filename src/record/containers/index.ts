// Records what runs in a container: the engine is asked to start it with a filter that allows all, in a cgroup of our
// own, and what is called there under the filter is counted. That is what a profile must allow: the program's calls,
// and the runtime's between loading the filter and starting the program.
import { execa } from 'execa'
import { UserError } from '../../errors.ts'
import { recordWithEbpf } from '../ebpf/index.ts'
import type { Watch } from '../ebpf/refused.ts'
import type { CommandOptions, Recording } from '../recording.ts'
import { surroundingsOf } from '../surroundings.ts'
import type { ContainerRun } from './run.ts'
import { stage } from './staging.ts'

/** A filter to run the container under instead of one that allows all, and what it may refuse. */
export interface Under {
  /** The text of a file that the engine or runtime reads. */
  readonly profile: string
  readonly watch: Watch
}

export { findContainer } from './find.ts'
export { readRuntimeRun, recordRuntime } from './oci-runtime.ts'
export { readContainerRun } from './run.ts'

/** Throws UserError (125) where the engine cannot be asked, or nothing was called in the container. */
export async function recordContainer(
  name: string,
  options: CommandOptions,
  run: ContainerRun,
  under?: Under,
): Promise<Recording> {
  const staging = await stage(await leavesToSystemd(run, options), under?.profile)
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

/** Whether the engine's cgroups are systemd's. The engine says so itself; Docker's client asks its daemon. */
async function leavesToSystemd(run: ContainerRun, options: CommandOptions): Promise<boolean> {
  const member = run.engine === 'podman' ? '.Host.CgroupManager' : '.CgroupDriver'
  const [client = '', ...words] = run.client
  const asked = await execa(client, [...words, 'info', '--format', `{{${member}}}`], {
    ...surroundingsOf(options),
    reject: false,
    stdin: 'ignore',
  })
  if (asked.exitCode === 0) return asked.stdout.trim() === 'systemd'
  const why = asked.stderr.trim().split('\n').at(-1) ?? asked.shortMessage
  throw new UserError(`${run.engine} does not answer: ${why}`, 125)
}
