// How a command's end becomes a status (contract: the command's own; a signal as a shell tells it, 128 and its number).
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
  // Its own status says why it ended before the load ran; that of one that succeeded says nothing.
  return own || 125
}

/** The command's own, or 1 where it succeeded and the profile does not suffice. */
export function verificationStatus(verified: Verified): number {
  const status = statusOf(verified.ending)
  return status === 0 && verdictOf(verified) !== 'suffices' ? 1 : status
}
