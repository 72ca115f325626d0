// Control groups, version 2: where they are mounted and how the kernel identifies one. The id of a cgroup is the inode
// of its directory; its level is the number of directories below the root.
// Authority: cgroups(7), kernel Documentation/admin-guide/cgroup-v2.rst.
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

interface CgroupMount {
  readonly path: string
  readonly version: 1 | 2
  /** The mounted directory of the hierarchy, as our cgroup namespace names it. */
  readonly root: string
}

/**
 * The mount point of the whole version 2 hierarchy: /sys/fs/cgroup, or /sys/fs/cgroup/unified beside version 1; in a
 * container with its own cgroup namespace, a bind mount of the host's. Only the root has no file cgroup.events. Throws
 * UserError (125) if there is none, or if only a container's part is mounted, because levels count from the root.
 */
export function unifiedMount(): string {
  return unifiedRoot().path
}

function unifiedRoot(): CgroupMount {
  const mounts = allMounts().filter(({ version }) => version === 2)
  const root = mounts.find(({ path }) => existsSync(path) && !existsSync(join(path, 'cgroup.events')))
  if (root !== undefined) return root
  const [part] = mounts
  if (part === undefined) throw new UserError('no-unified-cgroups')
  throw new UserError('part-of-cgroups', { mount: part.path })
}

/** The mounts of whole hierarchies, of both versions, in the order of /proc/self/mountinfo. */
export function cgroupMounts(): readonly CgroupMount[] {
  return allMounts().filter(({ root }) => root === '/')
}

/** Decodes the octal escapes of proc(5). */
function allMounts(): readonly CgroupMount[] {
  const mounts: CgroupMount[] = []
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
 * The directory of a process's version 2 cgroup; undefined if it is the root or unknown. In a cgroup namespace of our
 * own the kernel writes the path relative to that namespace: the path is resolved only if it leads through the root.
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

/** The ids of the cgroups that may be our own, including the root of our own cgroup namespace if it is mounted. */
export function ownCgroups(): readonly bigint[] {
  const own = cgroupOfProcess('self')
  const parts = allMounts().filter(
    ({ version, path, root }) => version === 2 && root === '/' && existsSync(join(path, 'cgroup.events')),
  )
  return [...(own === undefined ? [] : [own]), ...parts.map(({ path }) => path)].map(
    (path) => statSync(path, { bigint: true }).ino,
  )
}

/** The processes in a cgroup and below it, without those that have no number in our process id namespace. */
export function processesIn(directory: string): readonly number[] {
  const own = textIn(join(directory, 'cgroup.procs'))
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0)
  return [...own, ...directoriesIn(directory).flatMap((name) => processesIn(join(directory, name)))]
}

/** Whether any process, even one without a number here, runs in a cgroup or below it (cgroup-v2.rst, cgroup.events). */
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

/** The names of the directories in a directory; none if it cannot be read. */
export function directoriesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
}

/** The cgroup of a directory, given in full or below the mount point. Throws UserError (125) if there is none. */
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

/** The root of version 2, which `findCgroup` refuses because it holds every process. */
export function wholeHierarchy(): FoundCgroup {
  const directory = unifiedMount()
  return { directory, cgroup: statSync(directory, { bigint: true }).ino, level: 0 }
}

/** The directories of this cgroup in every hierarchy, because engines create them in version 1 too. */
export function everywhere(cgroup: string | undefined): readonly string[] {
  return cgroup === undefined ? [] : cgroupMounts().map(({ path }) => join(path, cgroup))
}

/** Removes a cgroup and those below it, the lowest first. A cgroup with a process in it stays. */
export function removeCgroup(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory()) removeCgroup(join(directory, entry.name))
    rmdirSync(directory)
  } catch {
    // It does not exist, or is not empty yet.
  }
}

/** How long the processes of a killed container may take to end. Milliseconds. */
const patience = 2000

/**
 * Removes the cgroup of a container that has ended. The runtime itself gives up if a process that it killed is still in
 * the cgroup. If the command left a process running on purpose, the cgroup stays.
 */
export async function removeEnded(cgroup: string): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < patience; await wait(50)) {
    const left = everywhere(cgroup).filter((each) => existsSync(each))
    if (left.length === 0) return
    for (const each of left) removeCgroup(each)
  }
}
