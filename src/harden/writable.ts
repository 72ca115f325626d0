// Decides which directories must be writable if the root file system is read-only: where changes are made (changes.ts),
// and what is mounted there (mounts.ts). Changes in other mounts do not count.
// Authority: mount(2), MS_RDONLY; open(2), EROFS.
import type { ObservedContext } from '../observe/index.ts'
import { ascending } from '../order.ts'
import { directoriesIn, needsWritable, placeOf, type ObservedChange } from './changes.ts'
import type { Because, ContextMount } from './context.ts'
import { deedsText, type Deed } from './evidence.ts'
import { whyIncomplete, whyNoStart } from './lost.ts'
import { mountAt, ownMounts } from './mounts.ts'
import { isBelow, isWithin, parentOf } from './paths.ts'

export interface Writable {
  /** False if a read-only root would break the workload or if the evidence is incomplete. */
  readonly readOnlyRoot: boolean
  readonly mounts: readonly ContextMount[]
  readonly because: readonly Because[]
}

/** Directories whose changes belong in the image: they are made once, when it is built, not at each start. */
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
  const isDirectory = directoriesIn(context)
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
        {
          what: mount.path,
          evidence: `${changesText(changes.filter(({ path }) => isWithin(path, mount.path)))}${why}`,
        },
        ...imageFinding(mount.path),
      ]),
      ...temporary.map(({ mount, changes: its, why }) => ({
        what: mount.path,
        evidence: `a tmpfs in the recording: ${changesText(its)}${why === '' ? '' : `; ${why}`}`,
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
