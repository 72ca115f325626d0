// Gives each service of a compose project its own cgroup below the recording's cgroup. All containers of the service
// run there, so a container's cgroup identifies its service, and services can be recorded separately. Authority:
// systemd.slice(5) (`a-b.slice` lies in `a.slice`).
import { basename, dirname, join } from 'node:path'
import { findCgroup, unifiedMount } from '../cgroups.ts'
import { Collector } from '../collect/index.ts'
import { fileName } from '../file-name.ts'
import type { CommandOptions, RecordedContainer } from '../recording.ts'
import type { Staging } from './staging.ts'

/** The cgroup_parent of the service with index `at`. */
export function serviceParent({ parent }: Staging, systemd: boolean, at: number): string {
  return systemd ? parent.replace(/\.slice$/, `-service${at}.slice`) : `${parent}/service${at}`
}

const serviceDirectory = /(?:^|-)service(\d+)(?:\.slice)?$/

/** The name of the service in whose cgroup the path lies. `names`: in the order of their indexes. */
export function serviceIn(names: readonly string[], path: string): string | undefined {
  const [, at] = serviceDirectory.exec(basename(dirname(path))) ?? []
  return at === undefined ? undefined : names[Number(at)]
}

export interface Services {
  /** The recordings of the services in which a program was started. */
  readonly read: () => readonly RecordedContainer[]
  readonly close: () => void
}

/** `names`: the names of all services, in the order of their indexes. */
export async function startServices(
  names: readonly string[],
  { parent }: Staging,
  { arguments: asked, notice }: CommandOptions,
): Promise<Services> {
  const collector = await Collector.start(findCgroup(join(unifiedMount(), parent)), {
    asked,
    ownFilter: true,
    contexts: true,
    idOf: (directory) => serviceDirectory.exec(directory)?.[1],
  })
  return {
    read: () => {
      const found = collector.read((at) => `docker:${names[Number(at)] ?? at}`)
      const named = (at: string): string => names[Number(at)] ?? at
      const failed = found.filter(({ started }) => !started)
      if (failed.length > 0)
        notice?.({ code: 'never-started', containers: failed.map(({ id }) => named(id)) })
      return found.flatMap(({ id, observations, started }) =>
        observations === undefined || !started ? [] : [{ name: fileName(named(id)), observations }],
      )
    },
    close: () => collector.close(),
  }
}
