// Decides which directories must be writable if the root file system is read-only. A change needs the directory in
// which it is made; a directory that the program makes itself belongs to the one above. Changes in other mounts do not
// count. Authority: mount(2), MS_RDONLY; open(2), EROFS.
import type { FileUse, ObservedContext } from '../observe/index.ts'
import { ascending } from '../order.ts'
import type { Because, ContextMount } from './context.ts'
import { deedsText, type Deed } from './evidence.ts'
import { whyIncomplete, whyNoStart } from './lost.ts'
import { permissions, type Owned } from './modes.ts'
import { isBelow, isWithin, normal, parentOf } from './paths.ts'

export interface Writable {
  /** False if a read-only root would break the workload or if the evidence is incomplete. */
  readonly readOnlyRoot: boolean
  readonly mounts: readonly ContextMount[]
  readonly because: readonly Because[]
}

export type ObservedChange = ObservedContext['changes'][number]
export type ObservedRead = ObservedContext['reads'][number]

/** Mounts of every container, even if the recording does not list them (runtime-spec, config-linux). */
const runtimeMounts: readonly string[] = ['/proc', '/dev', '/sys']

/** Directories that belong in the image: changes are made once when it is built, not at each start. */
const imageDirectories: readonly string[] = [
  '/etc',
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/boot',
  '/opt',
]

export function writableOf(context: ObservedContext): Writable {
  const unseen = whyUnseen(context)
  if (unseen !== undefined)
    return { readOnlyRoot: false, mounts: [], because: [{ what: 'readOnlyRoot', evidence: unseen }] }
  const changes = context.changes.filter((each) => needsWritable(each, context))
  const made = new Set(changes.filter(({ kind }) => kind === 'mkdir').map(({ path }) => path))
  const directories = new Set([
    ...context.directories.map(({ path }) => path),
    ...[...context.changes, ...context.reads].map(({ path }) => parentOf(path)),
  ])
  const isDirectory = ({ path, fileType }: ObservedChange): boolean =>
    fileType === 'directory' || (fileType === undefined && directories.has(path))
  const needs = new Map<string, ObservedChange[]>()
  for (const change of changes) {
    const place = placeOf(change, made, isDirectory)
    needs.set(place, [...(needs.get(place) ?? []), change])
  }
  const atRoot = needs.get('/')
  if (atRoot !== undefined)
    return {
      readOnlyRoot: false,
      mounts: [],
      because: [
        { what: 'readOnlyRoot', evidence: `the root directory itself is changed: ${changesText(atRoot)}` },
      ],
    }
  const places = [...needs.keys()].sort(ascending)
  const topmost = places.filter((each) => !places.some((other) => isBelow(each, other)))
  const mounts = topmost.map((path) => mountAt(path, context, changes, places))
  const temporary = ownMounts(context)
  return {
    readOnlyRoot: true,
    mounts: [...mounts.map(({ mount }) => mount), ...temporary.map(({ mount }) => mount)].sort((a, b) =>
      ascending(a.path, b.path),
    ),
    because: [
      { what: 'readOnlyRoot', evidence: summary(changes, context) },
      ...mounts.flatMap(({ mount, why }) => [
        { what: mount.path, evidence: `${changesText(below(mount.path, changes))}${why}` },
        ...imageFinding(mount.path),
      ]),
      ...temporary.map(({ mount, changes: its }) => ({
        what: mount.path,
        evidence: `a tmpfs in the recording: ${changesText(its)}`,
      })),
    ],
  }
}

/** Why the recording cannot answer; undefined if it can. */
function whyUnseen({ blind, lost, changes, starts }: ObservedContext): string | undefined {
  if (blind.some(({ what }) => what === 'files')) return 'not evidenced: the recording does not show files'
  const late = whyNoStart({ blind, starts })
  if (late !== undefined) return `${late}; ${changesSeen(changes)}`
  // A changed directory may already be a volume.
  if (blind.some(({ what }) => what === 'mounts'))
    return `not evidenced: the recording does not show which mount a path is in; ${changesSeen(changes)}`
  const incomplete = whyIncomplete({ lost }, 'changes', 'mounts')
  if (incomplete !== undefined) return incomplete
  const cut = changes.find((each) => each.cut === true && each.refused === undefined)
  return cut === undefined
    ? undefined
    : `not evidenced: a path was longer than the recording keeps: ${cut.path}`
}

/** A reason names this many directories and counts the rest. */
const shownDirectories = 12

function changesSeen(changes: readonly ObservedChange[]): string {
  const found = changes.filter((each) => needsWritable(each, { mounts: [] }) || !each.path.startsWith('/'))
  const directories = [...new Set(found.map(({ path }) => parentOf(path)))].sort(ascending)
  if (directories.length === 0) return 'nothing was changed'
  const rest = directories.length - shownDirectories
  const more = rest > 0 ? ` and ${rest} more` : ''
  return `changes are made in ${directories.slice(0, shownDirectories).join(', ')}${more}`
}

function needsWritable(change: ObservedChange, { mounts }: Pick<ObservedContext, 'mounts'>): boolean {
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

const ofDirectory: ReadonlySet<string> = new Set(['chmod', 'chown', 'utime', 'setxattr', 'removexattr'])

/** The nearest directory that the program did not make: from the changed directory itself, or from the parent. */
function placeOf(
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

function below<Use extends FileUse>(directory: string, uses: readonly Use[]): readonly Use[] {
  return uses.filter(({ path }) => isWithin(path, directory))
}

function mountAt(
  path: string,
  context: ObservedContext,
  changes: readonly ObservedChange[],
  places: readonly string[],
): { readonly mount: ContextMount; readonly why: string } {
  const content = imageContent(path, context, changes, places)
  const owned = ownerOf(path, context)
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
      mode: permissions(owned?.mode ?? '0755'),
      uid: owned?.uid ?? 0,
      gid: owned?.gid ?? 0,
      ...(isExecuted || incomplete !== undefined ? { exec: true } : {}),
    },
    why: [
      ...(first === undefined
        ? []
        : [`; ${content.length} of the image’s files below it are used, such as ${first}`]),
      ...(incomplete === undefined ? [] : [`; that no file of the image below it is used is ${incomplete}`]),
      ...(owned === undefined ? ['; its mode and owner are not evidenced'] : []),
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

/** The mode and owner of a directory in the image: a row that no recorded change explains comes first. */
export function ownerOf(path: string, { directories, changes }: ObservedContext): Owned | undefined {
  const rows = directories.filter((each) => each.path === path)
  const isExplained = (row: Owned): boolean =>
    changes.some(
      (each) =>
        each.path === path &&
        each.refused === undefined &&
        ((each.kind === 'chmod' &&
          each.mode !== undefined &&
          permissions(each.mode) === permissions(row.mode)) ||
          (each.kind === 'chown' && each.toUid === row.uid)),
    )
  return rows.find((each) => !isExplained(each)) ?? rows[0]
}

/** In a run with a read-only root the writable directories are already mounts. */
function ownMounts({ mounts, changes, starts, ...context }: ObservedContext): readonly {
  readonly mount: ContextMount
  readonly changes: readonly ObservedChange[]
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
      const owned = ownerOf(path, { mounts, changes, starts, ...context })
      const mount: ContextMount = {
        path,
        kind: 'tmpfs',
        mode: permissions(owned?.mode ?? '0755'),
        uid: owned?.uid ?? 0,
        gid: owned?.gid ?? 0,
      }
      return [{ mount, changes: its }]
    })
}

function imageFinding(path: string): readonly Because[] {
  if (!imageDirectories.some((each) => isWithin(path, each))) return []
  return [
    {
      what: path,
      evidence: 'belongs in the image: what is changed here at the start can be made when it is built',
    },
  ]
}

function summary(changes: readonly ObservedChange[], { starts }: ObservedContext): string {
  if (changes.length === 0)
    return starts.some(({ readOnlyRoot }) => readOnlyRoot === true)
      ? 'it ran so'
      : 'nothing in the root file system was changed'
  const places = new Set(changes.map(({ path }) => parentOf(path)))
  return `changes are made in ${places.size} of its directories, all below the mounts`
}

function changesText(changes: readonly ObservedChange[]): string {
  return deedsText(
    changes.map(({ kind, path, program, uid, count, first, resolved, creates }): Deed => ({
      what: `${kind === 'open' ? (creates === true ? 'creating' : 'writing') : kind} ${path}${resolved ? '' : ' (as the program wrote it)'}`,
      program,
      uid,
      count,
      first,
    })),
  )
}
