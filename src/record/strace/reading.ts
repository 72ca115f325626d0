// Reads strace's output while strace writes it. If the reader fails, its error is reported after strace has ended, so
// that the recorded command continues.
import { hostOfNode } from '../../abi/architectures.ts'
import { UserError } from '../../errors.ts'
import { observeWith, type Observations } from '../../observe/index.ts'
import type { RecordSettings } from '../recording.ts'
import type { Refusals, Watch } from '../refusals.ts'
import type { Fifo } from './fifo.ts'
import type { Progress } from './progress.ts'
import type { ExecutedProgram } from '../../read/strace/executed.ts'
import type { ReturnedCalls } from '../../read/strace/filtered-results.ts'
import { clientOf } from './clients.ts'
import { KeptRefusals, refusalsIn, wantedFor } from './refusals.ts'

export interface Read {
  readonly observations: Observations
  /** Undefined if no filter is watched. */
  readonly refusals: Refusals | undefined
  /** How many programs were started under a filter, if only calls under a filter count. */
  readonly filtered: number | undefined
  /** How many programs were started. */
  readonly programs: number
  /** The words of each started client of a container engine. Empty if only calls under a filter count. */
  readonly clients: readonly (readonly string[])[]
}

export interface Filtered {
  /** Counts only calls under a filter. */
  readonly afterFilter?: boolean
  readonly watch?: Watch | undefined
  /** Receives each call that the filter may have refused, as it comes. */
  readonly kept?: KeptRefusals
}

export type Settled = { readonly value: Read } | { readonly error: unknown }

const nothing: Watch = { results: [], traps: false, calls: [] }

export async function readTrace(
  name: string,
  options: RecordSettings,
  fifo: Fifo,
  progress: Progress,
  { afterFilter = false, watch, kept = new KeptRefusals() }: Filtered = {},
): Promise<Settled> {
  const source = { name, bytes: progress.overhear(fifo.bytes) }
  const architecture = hostOfNode(process.arch)
  let returned: ReturnedCalls | undefined
  const clients: (readonly string[])[] = []
  let executed = 0
  const reading = {
    format: 'strace',
    afterFilter,
    ...(options.arguments && { arguments: options.arguments }),
    ...(architecture && { architecture }),
  } as const
  try {
    const results = {
      wanted: wantedFor(watch ?? nothing, (call) => kept.add(call)),
      tell: (found: ReturnedCalls) => (returned = found),
    }
    const reports = afterFilter
      ? { returned: results }
      : {
          executed: (program: ExecutedProgram) => {
            executed++
            clients.push(...clientOf(program))
          },
        }
    const observations = await observeWith(reports, [source], reading)
    const found = returned as ReturnedCalls | undefined
    const refusals = watch && found && refusalsIn(found)
    return {
      value: {
        observations,
        refusals,
        filtered: found?.programs,
        programs: found?.programs ?? executed,
        clients,
      },
    }
  } catch (error) {
    return { error }
  }
}

export function valueOf(read: Settled): Read {
  if ('value' in read) return read.value
  throw read.error instanceof UserError ? read.error.withStatus(125) : read.error
}
