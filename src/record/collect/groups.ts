// The containers below a cgroup, as their directories come and go: the id of a cgroup is the inode of its directory, and
// the name of a container's ends in the container's id. What lies below a container's directory is the container's too.
// Authority: cgroup-v2.rst; inotify(7), which cgroups support.
import { readdirSync, statSync, watch, type FSWatcher } from 'node:fs'
import { basename, join } from 'node:path'
import { containerIdIn } from '../cri/cgroup-path.ts'

export interface ContainerGroup {
  /** Of the container. */
  readonly id: string
  /** It was there when the recording began. */
  readonly wasThere: boolean
  /** Its directory is gone. */
  ended: boolean
  readonly directory: string
}

export class ContainerGroups {
  readonly #byCgroup = new Map<bigint, ContainerGroup>()
  /** Of directories that are no container's. */
  readonly #others = new Set<bigint>()
  readonly #containers = new Map<string, ContainerGroup>()
  readonly #watchers = new Map<string, FSWatcher>()
  #wasThere = true
  /** Told of a container when its directory is made: it may be gone, and its name forgotten, very soon. */
  onNew: (id: string) => void = () => undefined
  readonly #idOf: (name: string) => string | undefined

  constructor(root: string, idOf: (name: string) => string | undefined = containerIdIn) {
    this.#idOf = idOf
    this.#look(root, undefined)
    this.#wasThere = false
  }

  /** Whose a cgroup is; undefined for one that is no container's, or was gone before it was looked at. */
  ofCgroup(cgroup: bigint): ContainerGroup | undefined {
    return this.#byCgroup.get(cgroup)
  }

  /** Whether the directory of a cgroup was seen. */
  isKnown(cgroup: bigint): boolean {
    return this.#byCgroup.has(cgroup) || this.#others.has(cgroup)
  }

  all(): readonly ContainerGroup[] {
    return [...this.#containers.values()]
  }

  /** No more is kept of one that has ended. */
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
      // What was made before it was watched.
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
