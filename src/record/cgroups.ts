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

/** Where version 2 is mounted: /sys/fs/cgroup, or beside version 1 /sys/fs/cgroup/unified. Throws UserError (125). */
export function unifiedMount(): string {
  for (const mount of cgroupMounts()) if (mount.version === 2) return mount.path
  throw new UserError('no-unified-cgroups')
}

/** Every hierarchy, in the order of /proc/self/mountinfo; the escapes of proc(5) are read. */
export function cgroupMounts(): readonly { readonly path: string; readonly version: 1 | 2 }[] {
  const mounts: { path: string; version: 1 | 2 }[] = []
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [, root, path, type] = /^\S+ \S+ \S+ (\S+) (\S+) .*? - (\S+) /.exec(line) ?? []
    if (path === undefined || root !== '/' || (type !== 'cgroup' && type !== 'cgroup2')) continue
    mounts.push({
      path: path.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
      version: type === 'cgroup2' ? 2 : 1,
    })
  }
  return mounts
}

/** The cgroup of a directory, given whole or below the mount point. Throws UserError (125) where there is none. */
export function findCgroup(path: string): Cgroup {
  const mount = unifiedMount()
  const below = (directory: string): boolean => !relative(mount, directory).startsWith('..')
  const directory = below(resolve(path)) ? resolve(path) : join(mount, path)
  const found = statSync(directory, { bigint: true, throwIfNoEntry: false })
  if (!found?.isDirectory() || !below(directory)) {
    throw new UserError('no-such-cgroup', { cgroup: path, mount })
  }
  const level = relative(mount, directory).split('/').filter(Boolean).length
  if (level === 0) throw new UserError('root-cgroup', { cgroup: path })
  return { cgroup: found.ino, level }
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
