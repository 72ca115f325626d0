// Detects a command, such as a script or make, that has an engine run containers. The recording of such a command holds
// the calls of the engine's client and none of the containers', so a profile from it would be wrong for both.
import { basename } from 'node:path'
import { UserError } from '../errors.ts'
import { clientIn, runsContainer } from './command/clients.ts'
import type { Recording } from './recording.ts'

/** The words of the first client that was asked to run a container, from the client's name on. */
export function runningClient({ clients = [] }: Recording): readonly string[] | undefined {
  for (const words of clients) {
    const at = clientIn(words)
    if (at !== undefined && runsContainer(words, at)) return words.slice(at)
  }
  return undefined
}

/** Returns the recording. Throws UserError (125) if the command had an engine run containers. */
export function refuseClients(recording: Recording): Recording {
  const words = runningClient(recording)
  if (words === undefined) return recording
  const [client = ''] = words
  const shown = [basename(client), ...words.slice(1, 3)].join(' ')
  throw new UserError('inner-client-recorded', { program: basename(client), words: shown })
}
