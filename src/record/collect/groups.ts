// Follows the containers below a cgroup as their directories come and go. A cgroup's id is the inode of its directory.
// A container's directory has a name that ends in the container's id; all directories below it are the container's too.
// A directory that is gone before we look at it is known if the kernel told that it was made. A directory that inotify
// does not take, because a user's watches are limited, is looked at again and again.
// Authority: cgroup-v2.rst; inotify(7), which cgroups support.
import { existsSync, readdirSync, statSync, watch, type FSWatcher } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { unifiedMount } from '../cgroups.ts'
import { containerIdIn } from '../cri/cgroup-path.ts'
import type { MadeCgroup } from '../ebpf/made-cgroups.ts'

export interface ContainerGroup {
  /** The container's id. */
  readonly id: string
  /** The container existed when the recording began. */
  readonly wasThere: boolean
  /** The directory is gone. */
  ended: boolean
  readonly directory: string
}

export interface GroupsOptions {
  /** Which cgroups are containers, by the names of their directories. Default: those that end in a container's id. */
  readonly idOf?: ((name: string) => string | undefined) | undefined
  /** The cgroups that the kernel made since it was last asked. */
  readonly made?: (() => readonly MadeCgroup[]) | undefined
}

interface Followed {
  readonly cgroup: bigint
  readonly group: ContainerGroup | undefined
  /** Undefined if inotify did not take the directory. */
  watcher: FSWatcher | undefined
}

/** How often the directories that inotify does not take are looked at. Milliseconds. */
const pace = 500

export class ContainerGroups {
  readonly #root: string
  readonly #byCgroup = new Map<bigint, ContainerGroup>()
  /** The cgroups that belong to no container. */
  readonly #others = new Set<bigint>()
  /** Those of #others that are gone. */
  readonly #goneOthers = new Set<bigint>()
  readonly #containers = new Map<string, ContainerGroup>()
  readonly #directories = new Map<string, Followed>()
  #looked = 0
  #wasThere = true
  /** Called when a container's directory is made: the container, and its name, may be gone very soon. */
  onNew: (id: string) => void = () => undefined
  readonly #idOf: (name: string) => string | undefined
  readonly #made: () => readonly MadeCgroup[]

  constructor(root: string, { idOf = containerIdIn, made = () => [] }: GroupsOptions = {}) {
    this.#root = root
    this.#idOf = idOf
    this.#made = made
    this.#look(root, undefined)
    this.refresh()
    this.#wasThere = false
  }

  /** Finds the containers that were made until now, those that have ended too. */
  refresh(): void {
    // Ids grow, so a container comes before the cgroups in it.
    const made = [...this.#made()].sort((a, b) => (a.cgroup < b.cgroup ? -1 : 1))
    for (const { cgroup, path } of made)
      if (!this.isKnown(cgroup)) this.#add(cgroup, join(unifiedMount(), path))
    if (performance.now() - this.#looked > pace) this.#lookAgain()
  }

  /** The container of a cgroup; undefined if there is none, or if the cgroup was removed before we knew of it. */
  ofCgroup(cgroup: bigint): ContainerGroup | undefined {
    return this.#byCgroup.get(cgroup)
  }

  /** The container's own cgroup and those below it. */
  cgroupsOf(container: ContainerGroup): ReadonlySet<bigint> {
    return new Set([...this.#byCgroup].flatMap(([cgroup, own]) => (own === container ? [cgroup] : [])))
  }

  /** Whether it is known if the cgroup belongs to a container. */
  isKnown(cgroup: bigint): boolean {
    return this.#byCgroup.has(cgroup) || this.#others.has(cgroup)
  }

  all(): readonly ContainerGroup[] {
    return [...this.#containers.values()]
  }

  /** Frees the data of these containers, and of the other cgroups that are gone; returns all these cgroups. */
  forget(ids: ReadonlySet<string>): ReadonlySet<bigint> {
    const gone = new Set(this.#goneOthers)
    if (ids.size > 0) for (const [cgroup, { id }] of this.#byCgroup) if (ids.has(id)) gone.add(cgroup)
    for (const cgroup of gone) {
      this.#byCgroup.delete(cgroup)
      this.#others.delete(cgroup)
    }
    this.#goneOthers.clear()
    for (const id of ids) this.#containers.delete(id)
    return gone
  }

  #look(directory: string, within: ContainerGroup | undefined): void {
    if (this.#directories.has(directory)) return
    const inode = statSync(directory, { bigint: true, throwIfNoEntry: false })?.ino
    if (inode === undefined) return
    const group = this.#byCgroup.get(inode) ?? within ?? this.#container(directory)
    this.#keep(inode, group)
    const followed: Followed = { cgroup: inode, group, watcher: undefined }
    this.#directories.set(directory, followed)
    followed.watcher = this.#watch(directory, group)
    // Directories that were made before the watch.
    this.#lookInto(directory, group)
  }

  /** Undefined if the user may watch no more files, or if the directory is gone. */
  #watch(directory: string, group: ContainerGroup | undefined): FSWatcher | undefined {
    try {
      const watcher = watch(directory, { persistent: false }, (_, name) =>
        this.#changed(directory, name, group),
      )
      return watcher.on('error', () => this.#gone(directory))
    } catch {
      return undefined
    }
  }

  #lookInto(directory: string, group: ContainerGroup | undefined): void {
    try {
      for (const entry of readdirSync(directory, { withFileTypes: true }))
        if (entry.isDirectory()) this.#look(join(directory, entry.name), group)
    } catch {
      this.#gone(directory)
    }
  }

  #lookAgain(): void {
    this.#looked = performance.now()
    for (const [directory, { watcher, group }] of this.#directories)
      if (watcher === undefined) this.#lookInto(directory, group)
  }

  #keep(cgroup: bigint, group: ContainerGroup | undefined): void {
    if (group === undefined) this.#others.add(cgroup)
    else this.#byCgroup.set(cgroup, group)
  }

  /** The new container whose directory this is; undefined if it is not a container's. */
  #container(directory: string): ContainerGroup | undefined {
    const id = this.#idOf(basename(directory))
    if (id === undefined) return undefined
    const group = { id, directory, wasThere: this.#wasThere, ended: false }
    this.#containers.set(id, group)
    if (!this.#wasThere) this.onNew(id)
    return group
  }

  /** A cgroup that the kernel made, which may be gone. */
  #add(cgroup: bigint, directory: string): void {
    if (!directory.startsWith(`${this.#root}${sep}`)) return
    const within = [...this.#containers.values()].find((each) =>
      directory.startsWith(`${each.directory}${sep}`),
    )
    const group = within ?? this.#container(directory)
    this.#keep(cgroup, group)
    if (existsSync(group?.directory ?? directory)) return
    if (group === undefined) this.#goneOthers.add(cgroup)
    else group.ended = true
  }

  #changed(directory: string, name: string | null, group: ContainerGroup | undefined): void {
    this.refresh()
    if (name === null) return
    const path = join(directory, name)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory() === true) this.#look(path, group)
    else if (found === undefined) this.#gone(path)
  }

  #gone(directory: string): void {
    for (const [path, { watcher, cgroup }] of this.#directories) {
      if (path !== directory && !path.startsWith(`${directory}/`)) continue
      watcher?.close()
      this.#directories.delete(path)
      if (this.#others.has(cgroup)) this.#goneOthers.add(cgroup)
    }
    for (const group of this.#containers.values())
      if (group.directory === directory || group.directory.startsWith(`${directory}/`)) group.ended = true
  }

  close(): void {
    for (const { watcher } of this.#directories.values()) watcher?.close()
    this.#directories.clear()
  }
}
