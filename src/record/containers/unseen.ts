// Marks the security context of a container as not seen: strace and audit records show calls and their results. Only
// the kernel's own check shows whether a capability decided a result (capabilities(7)).
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
