// Records a running process and its descendants until they have ended, or until `for`, `stop` or a signal ends it. If
// they run under a filter, the calls that the filter refuses are reported.
import { UserError } from '../../errors.ts'
import type { ProcessOptions, Recording } from '../recording.ts'
import { startOf, withDescendants } from '../runner/processes.ts'
import { untilOver } from './over.ts'
import { OwnFilters } from './own-filters.ts'
import { Session } from './session.ts'

/** Throws UserError (125) if the process does not exist or made no call. */
export async function attachEbpf(name: string, options: ProcessOptions): Promise<Recording> {
  const { pid } = options
  if (startOf(pid) === undefined) throw new UserError('no-such-process', { pid })
  const own = await OwnFilters.start('processes', withDescendants(pid))
  let session: Session | undefined
  try {
    const recording = (session = await Session.start(
      { who: 'tree', underFilter: false },
      { processes: withDescendants(pid), asked: options.arguments, atExit: own?.atExit },
    ))
    // Includes the processes that started before the programs were attached.
    recording.include(withDescendants(pid))
    own?.include(withDescendants(pid))
    options.begun?.(() => recording.newest())
    await untilOver(options, () => recording.members().length === 0)
    const observations = recording.observations(name, true, { refused: own?.refused(name) })
    if (Object.keys(observations.architectures).length === 0) throw new UserError('silent-process', { pid })
    const clients = recording.clients().map(({ words }) => words)
    return { observations, ending: { kind: 'released' }, clients }
  } finally {
    own?.close()
    session?.close()
  }
}
