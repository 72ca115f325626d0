// Describes how the child ended, as the kernel reports it to its parent.
import type { ChildEnd } from '../recorder.ts'
import type { Ending } from '../../ending.ts'

export function endingOf({ status, signal, byUs, load }: ChildEnd): Ending {
  const why = { ...(byUs && ({ byUs } as const)), ...(load && { load }) }
  return signal === undefined
    ? { kind: 'exited', status: status ?? 1, ...why }
    : { kind: 'killed', signal, ...why }
}
