// A command that starts what is recorded below itself, in a directory and with files of ours that are gone afterwards.
import { closeSync } from 'node:fs'
import { runWithAudit } from '../audit/index.ts'
import { recordWithEbpf } from '../ebpf/index.ts'
import type { Watch } from '../refusals.ts'
import type { CommandOptions, Recording, RefusalsSeenBy } from '../recording.ts'
import type { Launch } from '../running.ts'
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
  readonly recorder: RefusalsSeenBy
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
      return await recordStarted(name, { ...options, command }, directory, recorder, workload)
    } finally {
      for (const each of descriptors) closeSync(each)
    }
  } finally {
    await guardian.end()
  }
}

/** A command that starts a filter's process below itself. */
export async function recordStarted(
  name: string,
  options: CommandOptions,
  directory: string,
  recorder: RefusalsSeenBy,
  workload: Launch & { readonly started: (pid: number) => void; readonly watch?: Watch },
): Promise<Recording> {
  switch (recorder) {
    case 'strace':
      return recordWithStrace(name, options, { directory, ...workload })
    case 'ebpf':
      return recordWithEbpf(name, options, { membership: { who: 'tree', underFilter: true }, ...workload })
    case 'audit': {
      const { watch } = workload
      if (watch === undefined) throw new Error('audit tells of refusals only')
      return runWithAudit(name, options, { ...workload, watch })
    }
  }
}
