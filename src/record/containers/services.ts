// Records the services of a compose project separately: each service has its own cgroup below the recording's cgroup,
// in which all of its containers are. Authority: systemd.slice(5) (`a-b.slice` lies in `a.slice`).
import { join } from 'node:path'
import { findCgroup, unifiedMount } from '../cgroups.ts'
import { Collector } from '../collect/index.ts'
import { fileName } from '../file-name.ts'
import type { CommandOptions, RecordedContainer } from '../recording.ts'
import type { Staging } from './staging.ts'

/** The cgroup_parent of the service with index `at`. */
export function serviceParent({ parent }: Staging, systemd: boolean, at: number): string {
  return systemd ? parent.replace(/\.slice$/, `-service${at}.slice`) : `${parent}/service${at}`
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
    idOf: (directory) => /(?:^|-)service(\d+)(?:\.slice)?$/.exec(directory)?.[1],
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
