// A container whose calls are recorded, and nothing of its security context: strace and audit records show what was called
// and what came of it. Whether a capability decided that only the kernel's check tells (capabilities(7)).
import { containerNameIn } from '../container-name.ts'
import type { Recording, RefusalsSeenBy } from '../recording.ts'

export function withUnseenContext(
  name: string,
  recorder: Exclude<RefusalsSeenBy, 'ebpf'>,
  recording: Recording,
): Recording {
  const blind = (['checks', 'files', 'gains', 'start'] as const).map((what) => ({
    what,
    count: 1,
    first: recorder,
  }))
  const context = {
    name: containerNameIn(name),
    starts: [],
    checks: [],
    changes: [],
    reads: [],
    directories: [],
    mounts: [],
    executions: [],
    identities: [],
    raises: [],
    userNamespaces: [],
    binds: [],
    rings: [],
    blind,
    lost: [],
  }
  return { ...recording, observations: { ...recording.observations, context: [context] } }
}
