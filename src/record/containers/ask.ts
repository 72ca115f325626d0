// Asks an engine about its own configuration.
import { execa } from 'execa'
import { UserError } from '../../errors.ts'
import type { EngineRun } from '../command/index.ts'
import type { CommandOptions, RecordSettings } from '../recording.ts'
import { spawnEnvironmentOf } from '../runner/spawn-environment.ts'

/** Whether the engine leaves its cgroups to systemd. */
export async function leavesToSystemd(
  run: Pick<EngineRun, 'engine' | 'client'>,
  options: CommandOptions,
): Promise<boolean> {
  const member = run.engine === 'podman' ? '.Host.CgroupManager' : '.CgroupDriver'
  return (await askEngine(run, member, options)) === 'systemd'
}

/** One member of the engine's `info`. Throws UserError (125) if the engine, or its daemon, does not answer. */
export async function askEngine(
  run: Pick<EngineRun, 'engine' | 'client'>,
  member: string,
  settings: RecordSettings,
): Promise<string> {
  const [client = '', ...words] = run.client
  const asked = await execa(client, [...words, 'info', '--format', `{{${member}}}`], {
    ...spawnEnvironmentOf(settings),
    reject: false,
    stdin: 'ignore',
  })
  if (asked.exitCode === 0) return asked.stdout.trim()
  const why = asked.stderr.trim().split('\n').at(-1) ?? asked.shortMessage ?? ''
  throw new UserError('engine-silent', { engine: run.engine, why })
}
