// Follows the containers below a cgroup as their directories come and go. A cgroup's id is the inode of its directory.
// A container's directory has a name that ends in the container's id; all directories below it are the container's too.
// Authority: cgroup-v2.rst; inotify(7), which cgroups support.
import { readdirSync, statSync, watch, type FSWatcher } from 'node:fs'
import { basename, join } from 'node:path'
import { containerIdIn } from '../cri/cgroup-path.ts'

export interface ContainerGroup {
  /** The container's id. */
  readonly id: string
  /** The container existed when the recording began. */
  readonly wasThere: boolean
  /** The directory is gone. */
  ended: boolean
  readonly directory: string
}

export class ContainerGroups {
  readonly #byCgroup = new Map<bigint, ContainerGroup>()
  /** The cgroups that belong to no container. */
  readonly #others = new Set<bigint>()
  readonly #containers = new Map<string, ContainerGroup>()
  readonly #watchers = new Map<string, FSWatcher>()
  #wasThere = true
  /** Called when a container's directory is made: the container, and its name, may be gone very soon. */
  onNew: (id: string) => void = () => undefined
  readonly #idOf: (name: string) => string | undefined

  constructor(root: string, idOf: (name: string) => string | undefined = containerIdIn) {
    this.#idOf = idOf
    this.#look(root, undefined)
    this.#wasThere = false
  }

  /** The container of a cgroup; undefined if there is none, or if the cgroup was removed before we looked at it. */
  ofCgroup(cgroup: bigint): ContainerGroup | undefined {
    return this.#byCgroup.get(cgroup)
  }

  /** The container's own cgroup and those below it. */
  cgroupsOf(container: ContainerGroup): ReadonlySet<bigint> {
    return new Set([...this.#byCgroup].flatMap(([cgroup, own]) => (own === container ? [cgroup] : [])))
  }

  /** Whether the directory of a cgroup was seen. */
  isKnown(cgroup: bigint): boolean {
    return this.#byCgroup.has(cgroup) || this.#others.has(cgroup)
  }

  all(): readonly ContainerGroup[] {
    return [...this.#containers.values()]
  }

  /** Frees the data of a container that has ended. */
  forget(group: ContainerGroup): void {
    this.#containers.delete(group.id)
    for (const [cgroup, own] of this.#byCgroup) if (own === group) this.#byCgroup.delete(cgroup)
  }

  #look(directory: string, within: ContainerGroup | undefined): void {
    if (this.#watchers.has(directory)) return
    const inode = statSync(directory, { bigint: true, throwIfNoEntry: false })?.ino
    if (inode === undefined) return
    const id = within === undefined ? this.#idOf(basename(directory)) : undefined
    const group = within ?? (id === undefined ? undefined : this.#made(id, directory))
    if (group === undefined) this.#others.add(inode)
    else this.#byCgroup.set(inode, group)
    try {
      const watcher = watch(directory, { persistent: false }, (_, name) =>
        this.#changed(directory, name, group),
      )
      watcher.on('error', () => this.#gone(directory))
      this.#watchers.set(directory, watcher)
      // Directories that were made before the watch.
      for (const entry of readdirSync(directory, { withFileTypes: true }))
        if (entry.isDirectory()) this.#look(join(directory, entry.name), group)
    } catch {
      this.#gone(directory)
    }
  }

  #made(id: string, directory: string): ContainerGroup {
    const group = { id, directory, wasThere: this.#wasThere, ended: false }
    this.#containers.set(id, group)
    if (!this.#wasThere) this.onNew(id)
    return group
  }

  #changed(directory: string, name: string | null, group: ContainerGroup | undefined): void {
    if (name === null) return
    const path = join(directory, name)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory() === true) this.#look(path, group)
    else if (found === undefined) this.#gone(path)
  }

  #gone(directory: string): void {
    for (const [path, watcher] of this.#watchers) {
      if (path !== directory && !path.startsWith(`${directory}/`)) continue
      watcher.close()
      this.#watchers.delete(path)
    }
    for (const group of this.#containers.values())
      if (group.directory === directory || group.directory.startsWith(`${directory}/`)) group.ended = true
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }
}
