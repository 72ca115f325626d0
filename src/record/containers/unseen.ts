// A container whose calls are recorded, and nothing of its security context: strace and audit records show what was called
// and what came of it. Whether a capability decided that only the kernel's check tells (capabilities(7)).
import { blindTo, noRows } from '../../read/observations/context.ts'
import { containerNameIn } from '../container-name.ts'
import type { Recording, RefusalsSeenBy } from '../recording.ts'

export function withUnseenContext(
  name: string,
  recorder: Exclude<RefusalsSeenBy, 'ebpf'>,
  recording: Recording,
): Recording {
  const blind = blindTo(['checks', 'files', 'gains', 'start'], recorder)
  const context = { name: containerNameIn(name), ...noRows(), blind }
  return { ...recording, observations: { ...recording.observations, context: [context] } }
}
