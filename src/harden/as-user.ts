// Derives the context of a workload that starts as a non-root user. Capabilities with which root only prepared for this
// user are not needed. Deeds that the user could not do are missing. Authority: capabilities(7): execve by a non-root
// user gives only the file's capabilities; runtimes add no ambient ones (kubernetes/kubernetes#56374).
import type { ObservedContext } from '../observe/index.ts'
import { ascending } from '../order.ts'
import type { NeededDeed } from './unchecked.ts'
import type { Because, ContextMount, User } from './context.ts'
import { deedsText } from './evidence.ts'
import { permits, search, write } from './modes.ts'
import { becomes, root } from './user.ts'

export interface CapabilitiesAsUser {
  readonly needed: readonly string[]
  /** Recorded deeds of root that the user cannot do. */
  readonly missing: readonly Because[]
  readonly because: readonly Because[]
}

/** The user, with the groups that a program of the container had after it became this user. */
export function userOf(context: ObservedContext, uid: number, gid?: number): User {
  const known = becomes(context).find((each) => each.uid === uid)
  return { uid, gid: gid ?? known?.gid ?? uid, groups: known?.groups ?? [] }
}

export function capabilitiesAs(
  user: User,
  context: ObservedContext,
  deeds: ReadonlyMap<string, readonly NeededDeed[]>,
): CapabilitiesAsUser {
  const needed: string[] = []
  const missing: Because[] = []
  const because: Because[] = []
  for (const [capability, all] of [...deeds].sort(([a], [b]) => ascending(a, b))) {
    const kept = all.filter((deed) => deed.from === 'file' || isGained(capability, deed, context))
    if (kept.length > 0) {
      needed.push(capability)
      because.push({ what: capability, evidence: deedsText(kept) })
      continue
    }
    const why = whyNotNeeded(capability, user, context, all)
    if (why === undefined)
      missing.push({ what: capability, evidence: `uid ${user.uid} cannot: ${deedsText(all)}` })
    else because.push({ what: capability, evidence: `not needed as uid ${user.uid}: ${why}` })
  }
  return { needed, missing, because }
}

/** Whether a non-root user gained the capability by executing the program: the container must then have it. */
function isGained(capability: string, { program }: NeededDeed, { executions }: ObservedContext): boolean {
  return executions.some(
    ({ started, euidBefore = root, gained = [], path }) =>
      started &&
      euidBefore !== root &&
      gained.some((each) => each === capability) &&
      commOf(path) === program,
  )
}

/** The kernel names a process by the first 15 bytes of the file name that it executes (execve(2), PR_SET_NAME). */
function commOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).slice(0, 15)
}

function whyNotNeeded(
  capability: string,
  user: User,
  context: ObservedContext,
  deeds: readonly NeededDeed[],
): string | undefined {
  const others = becomes(context).filter(({ uid }) => uid !== user.uid)
  switch (capability) {
    case 'CAP_SETUID':
    case 'CAP_SETGID':
      return others.length === 0 ? 'it starts as whom its programs become' : undefined
    case 'CAP_CHOWN': {
      const given = context.changes.filter(
        ({ kind, granted }) => kind === 'chown' && granted?.includes('CAP_CHOWN') === true,
      )
      const isHis = given.every(
        ({ toUid, toGid }) =>
          (toUid === undefined || toUid === user.uid || toUid === root) && isGroupOf(user, toGid),
      )
      return given.length > 0 && isHis
        ? `root only prepares for it: chown in the image instead: ${deedsText(deeds)}`
        : undefined
    }
    case 'CAP_DAC_OVERRIDE':
    case 'CAP_DAC_READ_SEARCH':
    case 'CAP_FOWNER':
    case 'CAP_FSETID':
      return 'what modes and owners refuse stands below runAsNonRoot'
    case 'CAP_NET_BIND_SERVICE':
      return 'a sysctl opens the port'
    case 'CAP_KILL':
      return others.length === 0 ? 'all processes are its own' : undefined
    case 'CAP_SETFCAP':
      return deeds.every(({ from }) => from === 'namespace') ? 'it maps itself into the namespace' : undefined
    default:
      return undefined
  }
}

function isGroupOf(user: User, gid: number | undefined): boolean {
  return gid === undefined || gid === root || gid === user.gid || user.groups.includes(gid)
}

/** A tmpfs can belong to the user. A volume keeps the owner that its content has in the image. */
export function ownedMounts(mounts: readonly ContextMount[], user: User): readonly ContextMount[] {
  return mounts.map((mount) =>
    mount.kind === 'volume' || permits(mount, user, write | search)
      ? mount
      : { ...mount, uid: user.uid, gid: user.gid },
  )
}
