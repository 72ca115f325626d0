// How a command's end becomes a status (contract: the command's own; a signal as a shell tells it, 128 and its number).
import { constants } from 'node:os'
import type { Ending } from '../record/index.ts'

export function statusOf(ending: Ending): number {
  const load = ending.kind === 'released' ? undefined : ending.load
  if (load?.kind === 'ended') return load.status
  if (load?.kind === 'not-ready') return 125
  // Its own status says why it ended; that of one that succeeded says nothing.
  return ownStatus(ending) || (load === undefined ? 0 : 125)
}

function ownStatus(ending: Ending): number {
  // What we ended because its time was up has succeeded.
  if (ending.kind !== 'released' && ending.byUs === true) return 0
  switch (ending.kind) {
    case 'exited':
      return ending.status
    case 'killed':
      return 128 + (constants.signals[ending.signal as NodeJS.Signals] ?? 0)
    case 'released':
      return 0
  }
}
