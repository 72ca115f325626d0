// A command that starts what is recorded below itself, in a directory and with files of ours that are gone afterwards.
import { closeSync } from 'node:fs'
import { recordWithEbpf } from '../ebpf/index.ts'
import type { Watch } from '../ebpf/refused.ts'
import type { CommandOptions, RecorderName, Recording } from '../recording.ts'
import { recordWithStrace } from '../strace.ts'
import { startGuardian } from './staging.ts'

export interface Below {
  /** What is run; `directory` is ours to write to. */
  readonly prepare: (directory: string) => {
    readonly command: readonly [string, ...string[]]
    /** What the command finds open at 3 and on. Closed here. */
    readonly descriptors?: readonly number[]
  }
  /** Words that take away what may be left. */
  readonly remove?: readonly string[]
  readonly recorder: RecorderName
  readonly watch?: Watch
  /** The command passes no signal on to what it starts: each is sent to that. */
  readonly passesNothing?: true
}

/** Throws UserError (125) where nothing can be recorded. */
export async function recordBelow(name: string, options: CommandOptions, below: Below): Promise<Recording> {
  const { prepare, remove, recorder, watch, passesNothing } = below
  const guardian = await startGuardian({ slice: false, ...(remove && { remove }) })
  try {
    const { directory, startedBy: started } = guardian
    const { command, descriptors = [] } = prepare(directory)
    const workload = {
      started,
      descriptors,
      ...(watch && { watch }),
      ...(passesNothing && { passesNothing }),
    }
    try {
      return recorder === 'strace'
        ? await recordWithStrace(name, { ...options, command }, { directory, ...workload })
        : await recordWithEbpf(
            name,
            { ...options, command },
            { membership: { who: 'tree', underFilter: true }, ...workload },
          )
    } finally {
      for (const each of descriptors) closeSync(each)
    }
  } finally {
    await guardian.end()
  }
}
