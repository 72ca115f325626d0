// How what was started ended, as its parent is told it.
import type { ChildEnd } from '../recorder.ts'
import type { Ending } from '../recording.ts'

export function endingOf({ status, signal }: ChildEnd): Ending {
  return signal === undefined ? { kind: 'exited', status: status ?? 1 } : { kind: 'killed', signal }
}
