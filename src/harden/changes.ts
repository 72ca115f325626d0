// Decides which changes need a writable root file system, and in which directory: the one of the change or, if the
// program made that itself, the nearest one above that it did not make. Authority: mount(2), MS_RDONLY.
import type { ObservedContext } from '../observe/index.ts'
import { isWithin, normal, parentOf } from './paths.ts'

export type ObservedChange = ObservedContext['changes'][number]
export type ObservedRead = ObservedContext['reads'][number]

/** Mounts of every container, even if the recording does not list them (runtime-spec, config-linux). */
export const runtimeMounts: readonly string[] = ['/proc', '/dev', '/sys']

export function needsWritable(change: ObservedChange, { mounts }: Pick<ObservedContext, 'mounts'>): boolean {
  if (!change.started || change.refused !== undefined) return false
  const path = normal(change.path)
  if (path === undefined || (path === '/' && change.kind === 'open')) return false
  // A device, fifo or socket can be written on a read-only mount.
  if (change.kind === 'open' && change.fileType !== undefined && change.fileType !== 'regular') return false
  return (change.mount ?? mountOf(path, mounts)) === '/'
}

/** The mount that contains a path, by the longest prefix. */
export function mountOf(path: string, mounts: ObservedContext['mounts']): string {
  const known = [...mounts.map((each) => each.path), ...runtimeMounts]
  return known
    .filter((each) => isWithin(path, each))
    .reduce((longest, each) => (each.length > longest.length ? each : longest), '/')
}

/** Finds out whether a change is about a directory: the kernel said so, or paths below it were used. */
export function directoriesIn({
  directories,
  changes,
  reads,
}: ObservedContext): (change: ObservedChange) => boolean {
  const known = new Set([
    ...directories.map(({ path }) => path),
    ...[...changes, ...reads].map(({ path }) => parentOf(path)),
  ])
  return ({ path, fileType }) => fileType === 'directory' || (fileType === undefined && known.has(path))
}

/** Changes of a directory that need that directory writable, not the one above. `access` asks for the same. */
const ofDirectory: ReadonlySet<string> = new Set([
  'chmod',
  'chown',
  'utime',
  'setxattr',
  'removexattr',
  'setflags',
  'access',
])

/** The nearest directory that the program did not make: from the changed directory itself, or from the parent. */
export function placeOf(
  change: ObservedChange,
  made: ReadonlySet<string>,
  isDirectory: (change: ObservedChange) => boolean,
): string {
  const { kind, path } = change
  const isItself = ofDirectory.has(kind) && path !== '/' && isDirectory(change)
  let place = isItself ? path : parentOf(path)
  while (place !== '/' && made.has(place)) place = parentOf(place)
  return place
}
