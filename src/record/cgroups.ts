// Control groups, version 2: where they are mounted and how the kernel names one. Its id is the inode of its directory,
// its level the number of directories below the root. Authority: cgroups(7), kernel Documentation/admin-guide/cgroup-v2.rst.
import { existsSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.ts'

export interface Cgroup {
  readonly cgroup: bigint
  readonly level: number
}
export interface FoundCgroup extends Cgroup {
  readonly directory: string
}

interface Mount {
  readonly path: string
  readonly version: 1 | 2
  /** The directory of the hierarchy that is mounted, as our cgroup namespace names it. */
  readonly root: string
}

/**
 * Where the whole hierarchy of version 2 is mounted: /sys/fs/cgroup, or beside version 1 /sys/fs/cgroup/unified; in a
 * container that has a cgroup namespace of its own, a bind of the host's. The root alone has no file cgroup.events.
 * Throws UserError (125) where there is none, and where only a container's own part is mounted: levels count from the root.
 */
export function unifiedMount(): string {
  return unifiedRoot().path
}

function unifiedRoot(): Mount {
  const mounts = allMounts().filter(({ version }) => version === 2)
  const root = mounts.find(({ path }) => existsSync(path) && !existsSync(join(path, 'cgroup.events')))
  if (root !== undefined) return root
  const [part] = mounts
  if (part === undefined) throw new UserError('no-unified-cgroups')
  throw new UserError('part-of-cgroups', { mount: part.path })
}

/** Every hierarchy, in the order of /proc/self/mountinfo. */
export function cgroupMounts(): readonly Mount[] {
  return allMounts().filter(({ root }) => root === '/')
}

/** The escapes of proc(5) are read. */
function allMounts(): readonly Mount[] {
  const mounts: Mount[] = []
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [, root = '', path, type] = /^\S+ \S+ \S+ (\S+) (\S+) .*? - (\S+) /.exec(line) ?? []
    if (path === undefined || (type !== 'cgroup' && type !== 'cgroup2')) continue
    mounts.push({
      path: path.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
      version: type === 'cgroup2' ? 2 : 1,
      root,
    })
  }
  return mounts
}

/**
 * The directory of a process's cgroup of version 2; undefined where it is the root, or not told. In a cgroup namespace
 * of our own the kernel writes the way to it from there: that way is known where it leads over the root.
 */
export function cgroupOfProcess(pid: number | 'self'): string | undefined {
  let groups: string
  try {
    groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    return undefined
  }
  const path = /^0::(\/.+)$/m.exec(groups)?.[1]
  if (path === undefined || path === '/') return undefined
  const { path: mount, root } = unifiedRoot()
  const upwards = /^(?:\/\.\.)*/.exec(path)?.[0] ?? ''
  if (upwards !== (root === '/' ? '' : root)) return undefined
  const directory = join(mount, path.slice(upwards.length))
  return existsSync(directory) ? directory : undefined
}

/** The ids of the cgroups that may be our own: in a cgroup namespace of our own its root, which is mounted as such. */
export function ownCgroups(): readonly bigint[] {
  const own = cgroupOfProcess('self')
  const parts = allMounts().filter(
    ({ version, path, root }) => version === 2 && root === '/' && existsSync(join(path, 'cgroup.events')),
  )
  return [...(own === undefined ? [] : [own]), ...parts.map(({ path }) => path)].map(
    (path) => statSync(path, { bigint: true }).ino,
  )
}

/** The processes in a cgroup and below it. Those of another namespace of process ids have no number here. */
export function processesIn(directory: string): readonly number[] {
  const own = textIn(join(directory, 'cgroup.procs'))
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0)
  return [...own, ...directoriesIn(directory).flatMap((name) => processesIn(join(directory, name)))]
}

/** Whether anything runs in a cgroup or below it, whatever its number. cgroup-v2.rst, cgroup.events. */
export function isPopulated(directory: string): boolean {
  return /^populated 1$/m.test(textIn(join(directory, 'cgroup.events')))
}

function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function directoriesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
}

/** The cgroup of a directory, given whole or below the mount point. Throws UserError (125) where there is none. */
export function findCgroup(path: string): FoundCgroup {
  const mount = unifiedMount()
  const below = (directory: string): boolean => !relative(mount, directory).startsWith('..')
  const directory = below(resolve(path)) ? resolve(path) : join(mount, path)
  const found = statSync(directory, { bigint: true, throwIfNoEntry: false })
  if (!found?.isDirectory() || !below(directory)) {
    throw new UserError('no-such-cgroup', { cgroup: path, mount })
  }
  const level = relative(mount, directory).split('/').filter(Boolean).length
  if (level === 0) throw new UserError('root-cgroup', { cgroup: path })
  return { cgroup: found.ino, level, directory }
}

/** The directories of this cgroup in every hierarchy: engines make them in version 1 as well. */
export function everywhere(cgroup: string | undefined): readonly string[] {
  return cgroup === undefined ? [] : cgroupMounts().map(({ path }) => join(path, cgroup))
}

/** A cgroup is removed from below; one in which something runs stays. */
export function removeCgroup(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory()) removeCgroup(join(directory, entry.name))
    rmdirSync(directory)
  } catch {
    // Not there, or not empty yet.
  }
}

/** How long what a killed container left has to end. Milliseconds. */
const patience = 2000

/**
 * Removes the cgroup of a container that has ended. The runtime gives up where a process that it killed is still in it;
 * what the command left running on purpose keeps it.
 */
export async function removeEnded(cgroup: string): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < patience; await wait(50)) {
    const left = everywhere(cgroup).filter((each) => existsSync(each))
    if (left.length === 0) return
    for (const each of left) removeCgroup(each)
  }
}
