// What runs already, a process or a cgroup: recorded until it is over, `for`, `stop` or a signal says so.
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../../errors.ts'
import { findCgroup } from '../cgroups.ts'
import { stopSignals, type CgroupOptions, type ProcessOptions, type Recording } from '../recording.ts'
import { signalProcess, withDescendants } from '../runner/processes.ts'
import { Session } from './session.ts'

/** `underFilter`: only what is called under a filter. Throws UserError (125) where there is nothing to give. */
export async function attachEbpf(
  name: string,
  options: ProcessOptions | CgroupOptions,
  underFilter = false,
): Promise<Recording> {
  const { pid, cgroup } = options
  if (pid !== undefined && !signalProcess(pid, 0)) {
    throw new UserError('no-such-process', { pid })
  }
  const session = await Session.start(
    cgroup === undefined ? { who: 'tree', underFilter: false } : { who: findCgroup(cgroup), underFilter },
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
      throw pid === undefined
        ? new UserError('silent-cgroup', { cgroup: cgroup ?? '' })
        : new UserError('silent-process', { pid })
    }
    return { observations, ending: { kind: 'released' } }
  } finally {
    silence?.()
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
