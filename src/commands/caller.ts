// On whose behalf root works: what sudo(8) says of the user who called it. A file made for that user is given to them,
// and only where they could have made or replaced it themselves: in a directory of their own, or in one for all.
import type { Stats } from 'node:fs'
import type { World } from './world.ts'

export interface Caller {
  readonly uid: number
  readonly gid: number
}

/** Undefined for root itself, for everybody who is not root, and for a hook: who names its files did not run us. */
export function callerOf({ env, ownFilesOnly }: World): Caller | undefined {
  const [uid, gid] = [idIn(env['SUDO_UID']), idIn(env['SUDO_GID'])]
  if (ownFilesOnly === true || process.geteuid?.() !== 0 || process.platform !== 'linux') return undefined
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { uid, gid }
}

/** A number of 32 bits, but for the last, which means none (chown(2)). */
function idIn(word: string | undefined): number | undefined {
  const id = /^\d{1,10}$/.test(word ?? '') ? Number(word) : NaN
  return id < 0xffffffff ? id : undefined
}

const sticky = 0o1000
const writableByAll = 0o002

/** A directory in which everybody makes files, and none those of others. */
export function isShared({ mode }: Stats): boolean {
  return (mode & sticky) !== 0 && (mode & writableByAll) !== 0
}

/** Whose a new file in the directory is; undefined: ours. */
export function ownerIn(directory: Stats, caller: Caller | undefined): Caller | undefined {
  return caller !== undefined && (directory.uid === caller.uid || isShared(directory)) ? caller : undefined
}
