// Records a command that starts the container as its child, in a directory of ours that is removed afterwards.
import { closeSync } from 'node:fs'
import type { CommandOptions, Recording, RefusalsSeenBy } from '../recording.ts'
import type { Launch } from '../recorder.ts'
import { recorders } from '../recorders.ts'
import type { Watch } from '../refusals.ts'
import { run } from '../runner/index.ts'
import { inTemporary } from '../temporary.ts'
import { startGuardian } from './staging.ts'
import { withUnseenContext } from './unseen.ts'

/** The command to start in the directory. */
export interface Below extends Pick<Launch, 'passesNothing' | 'container' | 'takesExec'> {
  readonly command: readonly [string, ...string[]]
  /** Descriptors that the command gets as 3 and up. recordBelow closes ours. */
  readonly descriptors?: readonly number[]
}

export interface BelowOptions {
  readonly recorder: RefusalsSeenBy
  readonly watch?: Watch | undefined
  /** The command that removes the container if we or the command are killed. */
  readonly remove?: readonly string[]
  /** Called after all processes have ended, while the directory still exists. */
  readonly ended?: () => Promise<void>
}

/** Throws UserError (125) if nothing can be recorded. `prepare` gets a directory that it may write to. */
export async function recordBelow(
  name: string,
  options: CommandOptions,
  { recorder, watch, remove, ended }: BelowOptions,
  prepare: (directory: string) => Below,
): Promise<Recording> {
  const guardian = await startGuardian({ slice: false, ...(remove && { remove }) })
  let isKilled = false
  try {
    const { directory, startedBy: started } = guardian
    const { command, descriptors = [], ...more } = inTemporary(() => prepare(directory))
    const given = { ...options, command }
    const launch: Launch = {
      name,
      options: given,
      scope: 'filtered',
      directory,
      started,
      descriptors,
      ...more,
    }
    try {
      const recording = await run(recorders[recorder], { ...launch, ...(watch && { watch }) })
      isKilled = recording.ending.kind === 'killed'
      await ended?.()
      return recorder === 'ebpf' ? recording : withUnseenContext(name, recorder, recording)
    } finally {
      for (const each of descriptors) closeSync(each)
    }
  } finally {
    await guardian.end(isKilled)
  }
}
