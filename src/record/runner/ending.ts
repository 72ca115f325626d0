// How what was started ended, as its parent is told it.
import type { ChildEnd } from '../recorder.ts'
import type { Ending } from '../../ending.ts'

export function endingOf({ status, signal, byUs, load }: ChildEnd): Ending {
  const why = { ...(byUs && ({ byUs } as const)), ...(load && { load }) }
  return signal === undefined
    ? { kind: 'exited', status: status ?? 1, ...why }
    : { kind: 'killed', signal, ...why }
}
