// Finds the user on whose behalf root works: the one who called sudo(8). New files belong to that user, but only if the
// user could have made or replaced them: in a directory of the user or in a sticky directory for all.
import type { Stats } from 'node:fs'
import type { World } from './world.ts'

export interface Invoker {
  readonly uid: number
  readonly gid: number
}

/**
 * The user who called sudo. Undefined for root itself, for other users, and for a hook, whose files somebody else
 * names.
 */
export function callerOf({ env, ownFilesOnly }: World): Invoker | undefined {
  const [uid, gid] = [idIn(env['SUDO_UID']), idIn(env['SUDO_GID'])]
  if (ownFilesOnly === true || process.geteuid?.() !== 0 || process.platform !== 'linux') return undefined
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { uid, gid }
}

/** A 32-bit id. The largest number means no id (chown(2)). */
function idIn(word: string | undefined): number | undefined {
  const id = /^\d{1,10}$/.test(word ?? '') ? Number(word) : NaN
  return id < 0xffffffff ? id : undefined
}

const sticky = 0o1000
const writableByAll = 0o002

/** Whether everybody can make files in the directory and nobody can replace those of others. */
export function isShared({ mode }: Stats): boolean {
  return (mode & sticky) !== 0 && (mode & writableByAll) !== 0
}

/** The owner of a new file in the directory; undefined for our own user. */
export function ownerIn(directory: Stats, caller: Invoker | undefined): Invoker | undefined {
  return caller !== undefined && (directory.uid === caller.uid || isShared(directory)) ? caller : undefined
}
