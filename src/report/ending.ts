// The end of a command as the last part of a sentence about its run.
import type { Ending } from '../ending.ts'

/** Empty for a command that succeeded or was released. */
export function endingText(ending: Ending): string {
  const load = ending.kind === 'released' ? undefined : ending.load
  if (load?.kind === 'not-ready') return '; the command never became ready, and the load did not run'
  const own = ownText(ending)
  if (load?.kind === 'ended') {
    const early = load.outlived === true && own !== '' ? `${own}, before the load did` : ''
    return load.status === 0 ? early : `${early}; the load ended with status ${load.status}`
  }
  return load === undefined ? own : `${own === '' ? '; the command ended' : `${own},`} before the load ran`
}

function ownText(ending: Ending): string {
  if (ending.kind !== 'released' && ending.byUs === true)
    return '; the command was ended when its time was up'
  switch (ending.kind) {
    case 'exited':
      return ending.status === 0 ? '' : `; the command ended with status ${ending.status}`
    case 'killed':
      return `; the command was ended by ${ending.signal}`
    case 'released':
      return ''
  }
}
