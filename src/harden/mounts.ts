// Decides what is mounted on a directory that must be writable: a volume if files of the image are used there, else an
// empty tmpfs. Both get the directory's mode and owner in the image. Authority: mount(8); tmpfs(5).
import type { ObservedContext } from '../observe/index.ts'
import { ascending } from '../order.ts'
import { runtimeMounts, type ObservedChange } from './changes.ts'
import type { ContextMount } from './context.ts'
import { directoryOwner } from './directory-owner.ts'
import { whyIncomplete } from './lost.ts'
import { isBelow, isWithin, parentOf } from './paths.ts'

export function mountAt(
  path: string,
  context: ObservedContext,
  changes: readonly ObservedChange[],
  places: readonly string[],
): { readonly mount: ContextMount; readonly why: string } {
  const content = imageContent(path, context, changes, places)
  const { mode, uid, gid, why } = directoryOwner(path, context)
  const isExecuted = [
    ...context.reads.filter(({ kind }) => kind === 'map-exec').map((each) => each.path),
    ...context.executions.map((each) => each.path),
  ].some((each) => isBelow(each, path))
  const [first] = content
  // Content that may be used must not be hidden.
  const incomplete = whyIncomplete(context, 'reads', 'executions')
  return {
    mount: {
      path,
      kind: first === undefined && incomplete === undefined ? 'tmpfs' : 'volume',
      mode,
      uid,
      gid,
      ...(isExecuted || incomplete !== undefined ? { exec: true } : {}),
    },
    why: [
      ...(first === undefined
        ? []
        : [`; ${content.length} of the image’s files below it are used, such as ${first}`]),
      ...(incomplete === undefined ? [] : [`; that no file of the image below it is used is ${incomplete}`]),
      ...(why === '' ? [] : [`; ${why}`]),
    ].join(''),
  }
}

/** Used paths below a directory that were there before: an empty directory mounted over it would hide them. */
function imageContent(
  directory: string,
  context: ObservedContext,
  changes: readonly ObservedChange[],
  places: readonly string[],
): readonly string[] {
  const made = new Set(changes.filter(makes).map(({ path }) => path))
  const isOurs = (path: string): boolean => {
    for (let each = path; each !== directory && each !== '/'; each = parentOf(each))
      if (made.has(each)) return true
    return false
  }
  const used = [
    ...context.reads.filter(
      ({ kind, fileType, refused }) =>
        refused === undefined && (kind === 'map-exec' || fileType === undefined || fileType === 'regular'),
    ),
    ...changes.filter((each) => !makes(each) && each.kind !== 'rename-to' && !needsNoContent(each)),
  ].filter((each) => each.started && each.ours !== true && isBelow(each.path, directory))
  const found = [
    ...used.map(({ path }) => path),
    ...context.executions
      .filter(({ started, refused }) => started && refused === undefined)
      .map(({ path }) => path),
    // Changed directories that the program did not make.
    ...places,
  ].filter((each) => isBelow(each, directory) && !isOurs(each))
  return [...new Set(found)].sort(ascending)
}

/**
 * The change makes a path that need not have been there before. A rename does not count: it may replace a file of the
 * image that was used before.
 */
function makes({ kind, ours }: ObservedChange): boolean {
  return (kind === 'open' && ours === true) || ['mkdir', 'mknod', 'link', 'symlink', 'bind'].includes(kind)
}

/** The file was there, but the open would create it and does not read its content. */
function needsNoContent({ kind, creates, reads }: ObservedChange): boolean {
  return kind === 'open' && creates === true && reads !== true
}

/** The tmpfs mounts that a run with a read-only root already has, with the changes in each. */
export function ownMounts({ mounts, changes, starts, directories }: ObservedContext): readonly {
  readonly mount: ContextMount
  readonly changes: readonly ObservedChange[]
  /** What stands in for a mode and an owner that are not evidenced. */
  readonly why: string
}[] {
  if (!starts.some(({ readOnlyRoot }) => readOnlyRoot === true)) return []
  return mounts
    .filter(
      ({ path, filesystem, readOnly }) =>
        filesystem === 'tmpfs' &&
        !readOnly &&
        path !== '/' &&
        !runtimeMounts.some((each) => isWithin(path, each)),
    )
    .flatMap(({ path }) => {
      const its = changes.filter((each) => each.mount === path && each.refused === undefined && each.started)
      if (its.length === 0) return []
      const { mode, uid, gid, why } = directoryOwner(path, { changes, directories })
      return [{ mount: { path, kind: 'tmpfs', mode, uid, gid } as const, changes: its, why }]
    })
}
