// A command that starts what is recorded below itself, in a directory and with files of ours that are gone afterwards.
import { closeSync } from 'node:fs'
import type { CommandOptions, Recording, RefusalsSeenBy } from '../recording.ts'
import type { Launch } from '../recorder.ts'
import { recorders } from '../recorders.ts'
import type { Watch } from '../refusals.ts'
import { run } from '../runner/index.ts'
import { inTemporary } from '../temporary.ts'
import { startGuardian } from './staging.ts'
import { withUnseenContext } from './unseen.ts'

/** What is started in the directory. */
export interface Below extends Pick<Launch, 'passesNothing' | 'container' | 'takesExec'> {
  readonly command: readonly [string, ...string[]]
  /** What the command finds open at 3 and on. Closed here. */
  readonly descriptors?: readonly number[]
}

export interface BelowOptions {
  readonly recorder: RefusalsSeenBy
  readonly watch?: Watch | undefined
  /** Words that take away what may be left. */
  readonly remove?: readonly string[]
  /** Done when all has ended, while the directory is still there. */
  readonly ended?: () => Promise<void>
}

/** Throws UserError (125) where nothing can be recorded. `prepare` is given a directory that is ours to write to. */
export async function recordBelow(
  name: string,
  options: CommandOptions,
  { recorder, watch, remove, ended }: BelowOptions,
  prepare: (directory: string) => Below,
): Promise<Recording> {
  const guardian = await startGuardian({ slice: false, ...(remove && { remove }) })
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
      await ended?.()
      return recorder === 'ebpf' ? recording : withUnseenContext(name, recorder, recording)
    } finally {
      for (const each of descriptors) closeSync(each)
    }
  } finally {
    await guardian.end()
  }
}
