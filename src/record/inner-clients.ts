// A command that asks an engine for containers in the course of its work, a script or make: the record holds the calls of
// the engine's client, and none of the containers'. A profile made of it would be wrong in both.
import { basename } from 'node:path'
import { UserError } from '../errors.ts'
import { clientIn, runsContainer } from './command/clients.ts'
import type { Recording } from './recording.ts'

/** The words of the first client that was to run a container. */
export function runningClient({ clients = [] }: Recording): readonly string[] | undefined {
  for (const words of clients) {
    const at = clientIn(words)
    if (at !== undefined && runsContainer(words, at)) return words.slice(at)
  }
  return undefined
}

/** Throws UserError (125) where the command ran containers. */
export function refuseClients(recording: Recording): Recording {
  const words = runningClient(recording)
  if (words === undefined) return recording
  const [client = ''] = words
  const shown = [basename(client), ...words.slice(1, 3)].join(' ')
  throw new UserError('inner-client-recorded', { program: basename(client), words: shown })
}
