// Records all containers below a cgroup at once: one program in the kernel counts what each container calls under its
// filter, from its first call. Names come afterwards, so none has to be known before a container starts.
import { basename, join } from 'node:path'
import { UserError } from '../../errors.ts'
import type { Observations } from '../../observe/index.ts'
import {
  directoriesIn,
  findCgroup,
  ownCgroups,
  unifiedMount,
  wholeHierarchy,
  type FoundCgroup,
} from '../cgroups.ts'
import { MadeCgroups } from '../ebpf/made-cgroups.ts'
import { OwnFilters } from '../ebpf/own-filters.ts'
import { containerNameIn } from '../container-name.ts'
import type { RunningProcesses } from '../ebpf/context/programs.ts'
import { Session, type ArgumentIndexes } from '../ebpf/session.ts'
import type { Sighting } from '../ebpf/watched/session.ts'
import { isFiltered } from '../runner/processes.ts'
import { ContainerGroups, type ContainerGroup } from './groups.ts'

/** What was recorded of a container so far. */
export interface Collected {
  readonly id: string
  /** The directory of the container's cgroup, which with a kubelet is in the pod's. */
  readonly directory: string
  /** With `runs: 1` if its start was seen. Undefined if the container made no call under a filter, or has no name. */
  readonly observations: Observations | undefined
  readonly ended: boolean
  /** The container existed when the recording began. */
  readonly wasThere: boolean
  /** Whether a program was seen to start in it under its filter. */
  readonly started: boolean
  /** The container makes calls, but none under a filter, so no profile applies to it. */
  readonly unfiltered: boolean
}

export interface CollectorOptions {
  /** Arguments whose values are read besides those always read. */
  readonly asked?: ArgumentIndexes | undefined
  /** Which cgroups are containers, by the names of their directories. Default: those that end in a container's id. */
  readonly idOf?: (name: string) => string | undefined
  /** The containers run under our filter, which refuses nothing. */
  readonly ownFilter?: boolean
  /** Also keeps the evidence of the containers' security contexts. All containers share its room. */
  readonly contexts?: boolean
  /** Keeps what the containers' filters refuse, for `refusals()`. */
  readonly refusals?: boolean
}

/** A call that a container's filter may have refused. */
export interface CollectedRefusal {
  readonly name: string
  readonly sighting: Sighting
}

/**
 * How long the container of a refused call may have no name, because names come after the first calls. Milliseconds.
 */
const namePatience = 10_000

export class Collector {
  readonly #session: Session
  readonly #groups: ContainerGroups
  /** Undefined if this kernel does not tell which cgroups it makes. */
  readonly #made: MadeCgroups | undefined
  /** Undefined if the containers run under our filter, or if this kernel does not take the programs. */
  readonly #refusing: OwnFilters | undefined
  readonly #ownFilter: boolean
  /** By container, the number of calls without a filter at the last read. */
  readonly #without = new Map<string, bigint>()
  /** Sightings that `refusals()` has not returned, because nobody asked or the container has no name yet. */
  #sightings: { readonly since: number; readonly sighting: Sighting }[] = []

  private constructor(
    session: Session,
    groups: ContainerGroups,
    made: MadeCgroups | undefined,
    refusing: OwnFilters | undefined,
    ownFilter: boolean,
  ) {
    this.#session = session
    this.#refusing = refusing
    this.#groups = groups
    this.#made = made
    this.#ownFilter = ownFilter
  }

  /** Begins to record. Throws an Error or a BpfError with the reason if that is not possible. */
  static async start(
    root: FoundCgroup,
    { asked, idOf, ownFilter = false, contexts = false, refusals = false }: CollectorOptions = {},
  ): Promise<Collector> {
    const who = { cgroup: root.cgroup, level: root.level }
    const refusing = ownFilter ? undefined : await OwnFilters.start(who)
    const session = await Session.start(
      { who, underFilter: true, apart: 'cgroup', ...(contexts && { containers: 'own' }) },
      {
        asked,
        leftOut: ownCgroups(),
        filters: ownFilter && !isFiltered('self') ? 'own' : 'foreign',
        atExit: refusing?.atExit,
      },
    ).catch((error: unknown) => {
      refusing?.close()
      throw error
    })
    const made = await MadeCgroups.start()
    // A container that exists now may have existed before the recording, so its start may not be recorded.
    const groups = new ContainerGroups(root.directory, { idOf, made: () => made?.take() ?? [] })
    const collector = new Collector(session, groups, made, refusing, ownFilter)
    if (refusals) collector.#keepRefusals()
    return collector
  }

  /** Finds the containers that were made until now, so that the caller can learn their names before `read`. */
  refresh(): void {
    this.#groups.refresh()
  }

  #keepRefusals(): void {
    if (this.#refusing === undefined) {
      this.close()
      throw new UserError('ebpf-needed', { for: 'collect', why: 'refusals need Linux 5.15' })
    }
    this.#refusing.onSighting = (sighting) => this.#sightings.push({ since: performance.now(), sighting })
  }

  /** The possible refusals since this was last called. `nameOf`: the name of a container whose refusals are wanted. */
  refusals(nameOf: (id: string) => string | undefined): readonly CollectedRefusal[] {
    this.refresh()
    const now = performance.now()
    const own = new Set(ownCgroups())
    return this.#sightings.splice(0).flatMap((each): readonly CollectedRefusal[] => {
      if (own.has(each.sighting.cgroup)) return []
      const id = this.#groups.ofCgroup(each.sighting.cgroup)?.id
      const name = id === undefined ? undefined : nameOf(id)
      if (name !== undefined) return [{ name, sighting: each.sighting }]
      if (now - each.since < namePatience) this.#sightings.push(each)
      return []
    })
  }

  /** The number of refused calls that found no room. */
  lostRefusals(): number {
    return this.#refusing?.lost() ?? 0
  }

  /** `nameOf`: the name of a container's source. A container without a name has no observations. */
  read(nameOf: (id: string) => string | undefined): readonly Collected[] {
    const known = this.#session.groups()
    this.refresh()
    const byFirst = new Map(
      known.map((group) => [group.first, { group, container: this.#groups.ofCgroup(group.cgroup) }]),
    )
    const lost = new Map<ContainerGroup, bigint>()
    const started = new Set<ContainerGroup>()
    for (const { group, container } of byFirst.values()) {
      if (container === undefined) continue
      lost.set(container, (lost.get(container) ?? 0n) + group.lost)
      if (group.programs > 0) started.add(container)
    }
    const observations = this.#session.observationsApart(
      (first) => {
        const container = byFirst.get(first)?.container
        return container !== undefined && nameOf(container.id) !== undefined ? container : undefined
      },
      (container) => ({
        name: nameOf(container.id) ?? container.id,
        lost: lost.get(container) ?? 0n,
        midway: container.wasThere,
        isRun: !container.wasThere,
        foreignFilter: !this.#ownFilter,
        refused: this.#refusing?.refused(
          nameOf(container.id) ?? container.id,
          (cgroup) => this.#groups.ofCgroup(cgroup) === container,
        ),
        contexts: this.#session.contexts({
          name: containerNameIn(nameOf(container.id) ?? container.id),
          midway: container.wasThere,
          cgroups: this.#groups.cgroupsOf(container),
        }),
      }),
    )
    const without = this.#unfiltered()
    return this.#groups.all().map((container) => ({
      id: container.id,
      directory: container.directory,
      observations: observations.get(container),
      ended: container.ended,
      wasThere: container.wasThere,
      started: started.has(container),
      unfiltered: observations.get(container) === undefined && this.#isUnfiltered(container, without),
    }))
  }

  /** Calls the listener for each new container. */
  onNew(listener: (id: string) => void): void {
    this.#groups.onNew = listener
  }

  /** Adds the processes of containers that run already to the evidence of contexts. */
  alreadyRunning(look: () => RunningProcesses): void {
    this.#session.alreadyRunning(look)
  }

  /** All containers, without their observations. */
  containers(): readonly Pick<ContainerGroup, 'id' | 'ended' | 'wasThere'>[] {
    return this.#groups.all()
  }

  /** The number of cgroups with calls that were removed before we looked, on a kernel that does not tell of them. */
  nameless(): number {
    return this.#session.groups().filter(({ cgroup }) => !this.#groups.isKnown(cgroup)).length
  }

  /** The programs that made a call first in a container, under its filter: their names as `comm` has them. */
  programsIn(id: string): ReadonlySet<string> {
    const own = new Set(
      this.#session
        .groups()
        .filter(({ cgroup }) => this.#groups.ofCgroup(cgroup)?.id === id)
        .map(({ first }) => first),
    )
    const about = { name: id, lost: 0n, midway: false, isRun: false }
    const [observations] = this.#session
      .observationsApart(
        (first) => (own.has(first) ? id : undefined),
        () => about,
      )
      .values()
    const calls = Object.values(observations?.architectures ?? {}).flatMap((each) => Object.values(each))
    return new Set(calls.map(({ first }) => first.replace(/^ebpf:/, '')))
  }

  /** Frees the data of containers that have ended, and of other cgroups that are gone. */
  forget(ids: ReadonlySet<string>): void {
    const gone = this.#groups.forget(ids)
    if (gone.size === 0) return
    this.#session.forget(gone)
    this.#refusing?.forget(gone)
    for (const id of ids) this.#without.delete(id)
  }

  close(): void {
    this.#groups.close()
    this.#made?.close()
    this.#refusing?.close()
    this.#session.close()
  }

  #unfiltered(): ReadonlyMap<string, bigint> {
    const sums = new Map<string, bigint>()
    for (const [cgroup, count] of this.#session.unfiltered()) {
      const container = this.#groups.ofCgroup(cgroup)
      if (container !== undefined) sums.set(container.id, (sums.get(container.id) ?? 0n) + count)
    }
    return sums
  }

  /** Every container begins without a filter. It is unfiltered only if it goes on or ends without one. */
  #isUnfiltered({ id, ended }: ContainerGroup, without: ReadonlyMap<string, bigint>): boolean {
    const [before, now] = [this.#without.get(id), without.get(id) ?? 0n]
    this.#without.set(id, now)
    return now > 0n && (ended || (before !== undefined && before > 0n && now > before))
  }
}

/**
 * The kubelet's cgroup for all pods, below its cgroupRoot; the whole hierarchy if several kubelets have one. Throws
 * UserError (125) if there is none.
 */
export function podsCgroup(): FoundCgroup {
  const mount = unifiedMount()
  const below = directoriesIn(mount).map((name) => join(mount, name))
  const all = [mount, ...below].flatMap((each) => directoriesIn(each).map((name) => join(each, name)))
  // With systemd, `kubepods.slice` or, below a cgroupRoot `/a`, `a.slice/a-kubepods.slice`.
  const found = all.filter((each) => /^(?:kubepods|(?:.+-)?kubepods\.slice)$/.test(basename(each)))
  if (found.length > 1) return wholeHierarchy()
  const [directory] = found
  if (directory === undefined) throw new UserError('no-pods-cgroup', { mount })
  return findCgroup(directory)
}
