// Records the present and future processes of a cgroup. In a container's cgroup only calls under a filter are the
// workload's: the runtime works there before it loads the filter. Both kinds are counted separately, since a cgroup may
// not be a container's. Calls under a filter, if any, are the result, and a notice names the processes without a
// filter. What their filters refuse is reported.
import { existsSync } from 'node:fs'
import { UserError } from '../../errors.ts'
import { findCgroup, isPopulated, processesIn } from '../cgroups.ts'
import type { CgroupOptions, Recording } from '../recording.ts'
import { statusOf, textOf } from '../runner/processes.ts'
import type { RunningProcesses } from './context/programs.ts'
import { untilOver } from './over.ts'
import { OwnFilters } from './own-filters.ts'
import { Session } from './session.ts'

/** A process that is found without a filter this many times, once every 100 ms, is assumed never to get one. */
const patience = 5
/** A runtime's process before its filter. Authority: libcontainer/nsenter/nsexec.c of runc; crun keeps its name. */
const runtimes = /^(?:runc(?::\[\d:[A-Z]+\])?|crun|youki|exe)$/

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
    const unfiltered = new Unfiltered(found.directory)
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

/** The processes that are repeatedly found without a filter. */
class Unfiltered {
  readonly #directory: string
  readonly #found = new Map<number, { readonly times: number; readonly name: string }>()

  constructor(directory: string) {
    this.#directory = directory
  }

  look(): void {
    for (const pid of processesIn(this.#directory)) {
      const { times = 0 } = this.#found.get(pid) ?? {}
      const name = statusOf(pid, 'Name')
      if (statusOf(pid, 'Seccomp') === '0' && name !== undefined)
        this.#found.set(pid, { times: times + 1, name })
      else if (name !== undefined) this.#found.delete(pid)
    }
  }

  names(): readonly string[] {
    const kept = [...this.#found.values()].filter(
      ({ times, name }) => times >= patience && !runtimes.test(name),
    )
    return [...new Set(kept.map(({ name }) => name))].sort()
  }
}
