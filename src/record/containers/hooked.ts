// Records the container of an OCI hook: from the prestart stage, when its first process waits to become the program,
// until that process ends. Authority: runtime-spec config.md (hooks) and runtime.md (state), oci-seccomp-bpf-hook(8).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../../errors.ts'
import type { Observations } from '../../observe/index.ts'
import { cgroupOfProcess, findCgroup } from '../cgroups.ts'
import type { Membership } from '../ebpf/membership.ts'
import { Session, type ArgumentIndexes } from '../ebpf/session.ts'
import { signalProcess } from '../runner/processes.ts'

/** The parts of a container's state that we use. The runtime passes the state to the hook. */
export interface HookState {
  readonly id: string
  readonly pid: number
  readonly bundle: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** Calls `attached` when the recording has begun: only then may the runtime continue. */
export async function recordHooked(
  state: HookState,
  attached: () => void,
  asked?: ArgumentIndexes,
): Promise<Observations> {
  const filtered = hasFilter(state.bundle)
  const cgroup = filtered ? cgroupOf(state.pid) : undefined
  const membership: Membership = { who: cgroup ?? 'tree', underFilter: filtered }
  // Without a filter only the execve between them separates the runtime's calls from the program's.
  const session = await Session.start(membership, {
    processes: cgroup === undefined ? [state.pid] : [],
    state: filtered ? 'counted' : 'pending',
    asked,
    unfiltered: !filtered,
    filters: filtered ? 'foreign' : 'own',
  })
  try {
    attached()
    while (signalProcess(state.pid, 0)) await wait(50)
    if (filtered && session.programs() === 0) throw new UserError('hooked-never-started')
    return session.observations(`container ${state.id}`, false)
  } finally {
    session.close()
  }
}

function hasFilter(bundle: string): boolean {
  const file = join(bundle, 'config.json')
  try {
    const config = JSON.parse(readFileSync(file, 'utf8')) as { linux?: { seccomp?: unknown } }
    return config.linux?.seccomp !== undefined && config.linux.seccomp !== null
  } catch (error) {
    throw new UserError('bundle-not-read', { file, why: (error as Error).message }, 2)
  }
}

/** The container's own cgroup, in which processes that are added later run too. */
function cgroupOf(pid: number): ReturnType<typeof findCgroup> | undefined {
  const directory = cgroupOfProcess(pid)
  return directory === undefined ? undefined : findCgroup(directory)
}
