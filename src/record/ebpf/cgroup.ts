// Records the present and future processes of a cgroup. In a container's cgroup only calls under a filter are the
// workload's: the runtime works there before it loads the filter. Both kinds are counted separately, because a
// cgroup may not be a container's. If there are calls under a filter, only these are the result, and a notice names the
// processes without a filter. Calls that the filters refuse are reported.
import { existsSync } from 'node:fs'
import { UserError } from '../../errors.ts'
import { findCgroup, isPopulated, processesIn } from '../cgroups.ts'
import type { CgroupOptions, Recording } from '../recording.ts'
import { textOf } from '../runner/processes.ts'
import type { RunningProcesses } from './context/programs.ts'
import { untilOver } from './over.ts'
import { OwnFilters } from './own-filters.ts'
import { Session } from './session.ts'
import { Unfiltered } from '../unfiltered.ts'

/** Throws UserError (125) if nothing in the cgroup made a call. */
export async function recordInCgroup(name: string, options: CgroupOptions): Promise<Recording> {
  const found = findCgroup(options.cgroup)
  const own = await OwnFilters.start(found)
  let session: Session | undefined
  try {
    const recording = (session = await Session.start(
      { who: found, underFilter: false, apart: 'filter' },
      { asked: options.arguments, atExit: own?.atExit },
    ))
    // This question comes after the start of the recording: later processes are recorded from their first call.
    const midway = isPopulated(found.directory)
    if (midway) recording.alreadyRunning(() => runningIn(found.directory))
    if (!midway) options.notice?.({ code: 'waiting', what: options.cgroup })
    const unfiltered = new Unfiltered(() => processesIn(found.directory))
    // A cgroup may be empty for a while. The recording ends when its directory is gone.
    await untilOver(options, () => {
      unfiltered.look()
      return !existsSync(found.directory)
    })
    const parts = recording.partsByFilter(name, midway, own?.refused(name))
    const observations = parts.filtered ?? parts.unfiltered
    if (observations === undefined) throw new UserError('silent-cgroup', { cgroup: options.cgroup })
    const processes = parts.filtered === undefined ? [] : unfiltered.names()
    if (processes.length > 0) options.notice?.({ code: 'without-filter', processes })
    return { observations, ending: { kind: 'released' } }
  } finally {
    own?.close()
    session?.close()
  }
}

/** The processes in a cgroup, and which of them are the first of a PID namespace (proc_pid_status(5), NSpid). */
export function runningIn(directory: string): RunningProcesses {
  const processes = processesIn(directory)
  const isInit = (pid: number): boolean => /^NSpid:\t\d+\t(?:\d+\t)*1$/m.test(textOf(pid, 'status') ?? '')
  return { processes, inits: processes.filter(isInit) }
}
