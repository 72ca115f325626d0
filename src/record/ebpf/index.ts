// Records in the kernel: a small program counts the calls of a command's processes, or of a cgroup, while they run at
// their own speed. The command is our child as it would be a shell's: nothing traces it.
import { basename } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../../errors.ts'
import {
  stopSignals,
  type CgroupOptions,
  type CommandOptions,
  type ProcessOptions,
  type Recording,
} from '../recording.ts'
import { programOf, runToEnd, type Launch } from '../running.ts'
import { signalProcess, withDescendants } from '../traced.ts'
import { findCgroup } from '../cgroups.ts'
import type { Membership } from './program.ts'
import type { Watch } from '../refusals.ts'
import { Session } from './session.ts'

export { whyNoEbpf } from './available.ts'

/** Records with ebpf. Throws UserError (125, 126) where there is nothing to give. */
export async function recordWithEbpf(
  name: string,
  options: CommandOptions | ProcessOptions | CgroupOptions,
  workload?: Workload,
): Promise<Recording> {
  return options.command === undefined ? attached(name, options) : started(name, options, workload)
}

/** What a command starts that is no child of it, such as a container: who counts, and what its filter may refuse. */
export interface Workload extends Launch {
  readonly membership: Membership
  readonly watch?: Watch
}

/** A process, or a cgroup, that runs already: until it is over, `for`, `stop` or a signal says so. */
async function attached(name: string, options: ProcessOptions | CgroupOptions): Promise<Recording> {
  const { pid, cgroup } = options
  if (pid !== undefined && !signalProcess(pid, 0)) {
    throw new UserError(`cannot record process ${pid}: there is no such process`, 125)
  }
  const session = await Session.start(
    cgroup === undefined
      ? { who: 'tree', underFilter: false }
      : { who: findCgroup(cgroup), underFilter: false },
    { processes: pid === undefined ? [] : withDescendants(pid), asked: options.arguments },
  )
  // What was started while we were not attached yet.
  if (pid !== undefined) session.include(withDescendants(pid))
  const over = new AbortController()
  const silence = options.signals?.(() => over.abort())
  const stops = [over.signal, ...stopSignals(options)]
  const stop = AbortSignal.any(stops)
  try {
    // A cgroup may be empty for a while: only its directory going away ends it.
    const lasts = (): boolean => (pid === undefined ? findable(cgroup ?? '') : session.members().length > 0)
    while (!stop.aborted && lasts()) await wait(100, undefined, { signal: stop }).catch(() => undefined)
    const observations = session.observations(name, true)
    if (Object.keys(observations.architectures).length === 0) {
      const what = pid === undefined ? `nothing in cgroup ${cgroup ?? ''}` : `process ${pid}`
      throw new UserError(
        `${what} made ${pid === undefined ? 'a' : 'no'} call while it was recorded: record it for longer`,
        125,
      )
    }
    return { observations, ending: { kind: 'released' } }
  } finally {
    silence?.()
    session.close()
  }
}

/** A command and everything it starts, until the last of it has ended. */
async function started(name: string, options: CommandOptions, workload?: Workload): Promise<Recording> {
  const file = programOf(options)
  const session = await Session.start(workload?.membership ?? { who: 'tree', underFilter: false }, {
    asked: options.arguments,
    watch: workload?.watch,
  })
  try {
    const ending = await runToEnd(options, file, session, workload)
    return {
      observations: session.observations(
        name,
        false,
        workload?.membership.underFilter === true ? undefined : basename(file),
      ),
      ending,
      ...(workload?.watch === undefined ? {} : { refusals: session.refusals() }),
    }
  } finally {
    session.close()
  }
}

function findable(cgroup: string): boolean {
  try {
    findCgroup(cgroup)
    return true
  } catch {
    return false
  }
}
