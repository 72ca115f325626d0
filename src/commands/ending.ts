// Turns a command's end into our exit status: the command's own, or 128 plus the signal's number, as in a shell.
import { constants } from 'node:os'
import { hasFailed, type Ending } from '../ending.ts'
import { verdictOf, type Verified } from '../report/verification.ts'

export function statusOf(ending: Ending): number {
  if (ending.kind === 'released' || !hasFailed(ending)) return 0
  const { load } = ending
  if (load?.kind === 'ended') return load.status
  if (load?.kind === 'not-ready' || ending.byUs === true) return 125
  const own =
    ending.kind === 'exited' ? ending.status : 128 + (constants.signals[ending.signal as NodeJS.Signals] ?? 0)
  // The command ended before the load ran: its own status says why, unless that is 0.
  return own || 125
}

/** The command's own status, or 1 if it succeeded and the profile does not suffice. */
export function verificationStatus(verified: Verified): number {
  const status = statusOf(verified.ending)
  return status === 0 && verdictOf(verified) !== 'suffices' ? 1 : status
}
