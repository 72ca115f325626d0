// What runs in a cgroup, now and later. Of containers only what is called under a filter is the workload's: their runtime
// sets them up in the same cgroup before its filter is loaded. Nobody says that a cgroup is a container's, so both are
// counted, each apart: where anything ran under a filter, that is the recording, and who ran without one is named.
import { existsSync } from 'node:fs'
import { UserError } from '../../errors.ts'
import { findCgroup, isPopulated, processesIn } from '../cgroups.ts'
import type { CgroupOptions, Recording } from '../recording.ts'
import { statusOf, textOf } from '../runner/processes.ts'
import type { RunningProcesses } from './context/programs.ts'
import { untilOver } from './over.ts'
import { Session } from './session.ts'

/** How often a process must be found without a filter, every 100 ms, to be one that gets none. */
const patience = 5
/** The runtime itself, before its filter. Authority: libcontainer/nsenter/nsexec.c of runc; crun keeps its name. */
const runtimes = /^(?:runc(?::\[\d:[A-Z]+\])?|crun|youki|exe)$/

/** Throws UserError (125) where there is nothing to give. */
export async function recordInCgroup(name: string, options: CgroupOptions): Promise<Recording> {
  const found = findCgroup(options.cgroup)
  const session = await Session.start(
    { who: found, underFilter: false, apart: 'filter' },
    { asked: options.arguments },
  )
  try {
    // Asked when the recording has begun: what starts from here on is recorded from its first call.
    const midway = isPopulated(found.directory)
    if (midway) session.alreadyRunning(() => runningIn(found.directory))
    if (!midway) options.notice?.({ code: 'waiting', what: options.cgroup })
    const unfiltered = new Unfiltered(found.directory)
    // A cgroup may be empty for a while: only its directory going away ends it.
    await untilOver(options, () => {
      unfiltered.look()
      return !existsSync(found.directory)
    })
    const parts = session.partsByFilter(name, midway)
    const observations = parts.filtered ?? parts.unfiltered
    if (observations === undefined) throw new UserError('silent-cgroup', { cgroup: options.cgroup })
    const processes = parts.filtered === undefined ? [] : unfiltered.names()
    if (processes.length > 0) options.notice?.({ code: 'without-filter', processes })
    return { observations, ending: { kind: 'released' } }
  } finally {
    session.close()
  }
}

/** What runs in a cgroup, and which of it is the first process of a PID namespace (proc_pid_status(5), NSpid). */
function runningIn(directory: string): RunningProcesses {
  const processes = processesIn(directory)
  const isInit = (pid: number): boolean => /^NSpid:\t\d+\t(?:\d+\t)*1$/m.test(textOf(pid, 'status') ?? '')
  return { processes, inits: processes.filter(isInit) }
}

/** The processes that are found without a filter again and again. */
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
