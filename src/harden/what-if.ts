// Judges what would be refused to another user: every open and change that root made, by modes and owners, as the
// kernel would without capabilities, including the directories above. Authority: path_resolution(7), "Permissions";
// chown(2), chmod(2), unlink(2) (sticky directories), mknod(2).
import type { ObservedContext } from '../observe/index.ts'
import type { ContextMount, User } from './context.ts'
import type { ObservedChange, ObservedRead } from './changes.ts'
import type { Deed } from './evidence.ts'
import { isSticky, permissions, permits, read, search, write, type Owned } from './modes.ts'
import { ancestorsOf, isWithin, normal, parentOf } from './paths.ts'
import { root } from './user.ts'
import { ownerOf } from './directory-owner.ts'

export interface WhatIf {
  /** Kinds of opens and changes that root made. */
  readonly uses: number
  readonly refused: readonly Deed[]
  /** Deeds by which root gives files to this user: not needed if the image gives them. */
  readonly prepared: readonly Deed[]
  /** The number of opens and changes whose modes and owners are unknown. */
  readonly unknown: number
}

type AccessAnswer = 'permitted' | 'prepared' | 'unknown' | { readonly because: string }

export function whatIf(context: ObservedContext, user: User, mounts: readonly ContextMount[]): WhatIf {
  const uses = [...context.changes, ...context.reads].filter(
    (each) => each.started && each.uid === root && each.refused === undefined && each.kind !== 'map-exec',
  )
  const judge = judgeFor(context, user, mounts)
  const judged = uses.map((use) => ({ use, answer: judge(use) }))
  const deeds = (wanted: (answer: AccessAnswer) => boolean): readonly Deed[] =>
    judged
      .filter(({ answer }) => wanted(answer))
      .map(({ use, answer }) => ({
        what: `${use.kind} ${use.path}${typeof answer === 'object' ? ` (${answer.because})` : ''}`,
        program: use.program,
        uid: use.uid,
        count: use.count,
        first: use.first,
      }))
  return {
    uses: uses.length,
    refused: deeds((answer) => typeof answer === 'object'),
    prepared: deeds((answer) => answer === 'prepared'),
    unknown: judged.filter(({ answer }) => answer === 'unknown').length,
  }
}

function judgeFor(
  context: ObservedContext,
  user: User,
  mounts: readonly ContextMount[],
): (use: ObservedChange | ObservedRead) => AccessAnswer {
  const owners = new Map<string, Owned | undefined>()
  const owned = (path: string): Owned | undefined => {
    if (!owners.has(path)) owners.set(path, path === '/' ? rootOf(context) : ownerOf(path, context))
    return owners.get(path)
  }
  const made = new Set(
    context.changes
      .filter((each) => each.uid === root && each.refused === undefined && isMaking(each))
      .map(({ path }) => path),
  )
  const isHis = (path: string): boolean => {
    for (let each = path; each !== '/'; each = parentOf(each)) if (made.has(each)) return true
    return mounts.some(
      (mount) => mount.kind === 'tmpfs' && mount.uid === user.uid && isWithin(path, mount.path),
    )
  }
  return (use) => {
    const path = normal(use.path)
    if (path === undefined) return 'unknown'
    const above = ancestorsOf(path).filter((each) => !isHis(each))
    for (const directory of above) {
      const its = owned(directory)
      if (its !== undefined && !permits(its, user, search)) return { because: placeText(directory, its) }
    }
    const answer = judged(use, path)
    // A directory above whose mode and owner were not recorded may refuse the use.
    return answer === 'permitted' && above.some((each) => owned(each) === undefined) ? 'unknown' : answer
  }

  function judged(use: ObservedChange | ObservedRead, path: string): AccessAnswer {
    const parent = parentOf(path)
    const file = fileOf(use)
    switch (use.kind) {
      case 'map-exec':
      case 'access':
        return 'permitted'
      case 'open': {
        if (isHis(path)) return use.creates === true ? inDirectory(parent) : 'permitted'
        if (file === undefined) return 'unknown'
        const wanted = (use.reads === true ? read : 0) | (use.writes === true ? write : 0)
        return permits(file, user, wanted) ? 'permitted' : { because: ownerText(file) }
      }
      case 'chown': {
        const isToHim =
          (use.toUid === undefined || use.toUid === user.uid) &&
          (use.toGid === undefined || use.toGid === user.gid || user.groups.includes(use.toGid))
        if (isToHim) return isHis(path) || file?.uid === user.uid ? 'permitted' : 'prepared'
        return { because: `to ${use.toUid ?? '-'}:${use.toGid ?? '-'}` }
      }
      case 'chmod':
      case 'utime':
      case 'setxattr':
      case 'removexattr':
      case 'setflags':
        if (isHis(path) || file?.uid === user.uid) return 'permitted'
        return file === undefined ? 'unknown' : { because: ownerText(file) }
      case 'truncate':
        if (isHis(path)) return 'permitted'
        if (file === undefined) return 'unknown'
        return permits(file, user, write) ? 'permitted' : { because: ownerText(file) }
      case 'mknod':
        return use.fileType === 'character' || use.fileType === 'block'
          ? { because: 'a device' }
          : inDirectory(parent)
      case 'unlink':
      case 'rmdir':
      case 'rename-from':
      case 'rename-to': {
        const its = owned(parent)
        const isProtected =
          its !== undefined &&
          isSticky(its) &&
          its.uid !== user.uid &&
          !isHis(path) &&
          file !== undefined &&
          file.uid !== user.uid
        return isProtected ? { because: `sticky ${placeText(parent, its)}` } : inDirectory(parent)
      }
      case 'mkdir':
      case 'link':
      case 'symlink':
      case 'bind':
        return inDirectory(parent)
    }
  }

  function inDirectory(directory: string): AccessAnswer {
    if (isHis(directory)) return 'permitted'
    const its = owned(directory)
    if (its === undefined) return 'unknown'
    return permits(its, user, write | search) ? 'permitted' : { because: placeText(directory, its) }
  }
}

/** The root directory when the container started. */
function rootOf({ starts: [start] }: ObservedContext): Owned | undefined {
  const { rootMode: mode, rootUid: uid, rootGid: gid } = start ?? {}
  return mode === undefined || uid === undefined || gid === undefined ? undefined : { mode, uid, gid }
}

/**
 * Root made the file in the recording, so the other user would make and own it. An open with O_CREAT may find the file
 * there (`> /dev/null`): then the file's own mode decides. strace shows neither the owner nor who made it.
 */
function isMaking({ kind, creates, ours, fileUid }: ObservedChange): boolean {
  if (kind === 'open')
    return creates === true && (fileUid === undefined || (fileUid === root && ours === true))
  return ['mkdir', 'mknod', 'symlink', 'bind', 'rename-to'].includes(kind)
}

function fileOf({ fileMode, fileUid, fileGid }: ObservedChange | ObservedRead): Owned | undefined {
  if (fileMode === undefined || fileUid === undefined || fileGid === undefined) return undefined
  return { mode: fileMode, uid: fileUid, gid: fileGid }
}

function ownerText({ mode, uid, gid }: Owned): string {
  return `mode ${permissions(mode)}, owner ${uid}:${gid}`
}

function placeText(path: string, owned: Owned): string {
  return `${path}: ${ownerText(owned)}`
}
