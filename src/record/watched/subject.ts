// Decides what a watch looks at, and whose call a sighting is: a process and its children, a container of an engine,
// containers of pods, a cgroup, or everything under a filter on this machine. The cgroup of a call identifies its workload.
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { UserError } from '../../errors.ts'
import { cgroupOfProcess, findCgroup, isPopulated, processesIn, unifiedMount } from '../cgroups.ts'
import { processOfContainer } from '../containers/index.ts'
import { engineFirst } from '../engine-first.ts'
import { startOf, withDescendants } from '../runner/processes.ts'
import { ofPods } from './pods.ts'
import type { Subject, WatchSettings } from './settings.ts'

/** @throws UserError (125) if the target is not there. */
export async function subjectOf(settings: WatchSettings): Promise<Subject> {
  const { target, env = process.env } = settings
  if (target === 'everything')
    return {
      watched: 'everything',
      processes: [],
      whereOf: ({ pid }) => (pid === process.pid ? null : cgroupName(pid)),
      isOver: () => false,
      running: () => [],
      close: () => undefined,
    }
  if ('pid' in target) {
    const { pid } = target
    if (startOf(pid) === undefined) throw new UserError('no-such-process', { pid })
    return {
      watched: 'processes',
      processes: withDescendants(pid),
      whereOf: () => `process ${pid}`,
      isOver: (session) => session.members().length === 0,
      running: (session) => session.members(),
      close: () => undefined,
    }
  }
  if ('cgroup' in target) return ofCgroup(target.cgroup, target.cgroup)
  const { query, cri } = target
  const ofItsPods = () => ofPods(query, settings, cri)
  if (!('container' in query) || cri !== undefined) return ofItsPods()
  return engineFirst(async () => {
    const cgroup = cgroupOfProcess(await processOfContainer(query.container, env))
    return cgroup === undefined ? ofItsPods() : ofCgroup(cgroup, query.container)
  }, ofItsPods)
}

function ofCgroup(path: string, name: string): Subject {
  const found = findCgroup(path)
  let began = isPopulated(found.directory)
  return {
    watched: found,
    processes: [],
    whereOf: () => name,
    isOver: () => {
      const lives = isPopulated(found.directory)
      began ||= lives
      return !existsSync(found.directory) || (began && !lives)
    },
    running: () => processesIn(found.directory),
    close: () => undefined,
  }
}

/** The path of a process's cgroup below the root; the process id if the cgroup is not known. */
function cgroupName(pid: number): string {
  const directory = cgroupOfProcess(pid)
  return directory === undefined ? `process ${pid}` : `/${relative(unifiedMount(), directory)}`
}
