// Decides what a file's mode lets a user do: the kernel's discretionary check without capabilities. Authority:
// path_resolution(7), "Permissions"; fs/namei.c, acl_permission_check: the first class that matches decides alone.
import type { User } from './context.ts'

export interface Owned {
  /** Octal. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
}

export const read = 4
export const write = 2
export const search = 1
const sticky = 0o1000

export function permits(
  { mode, uid, gid }: Owned,
  { uid: who, gid: group, groups }: User,
  wanted: number,
): boolean {
  const bits = parseInt(mode, 8)
  const shift = who === uid ? 6 : group === gid || groups.includes(gid) ? 3 : 0
  return ((bits >> shift) & wanted) === wanted
}

export function isSticky({ mode }: Owned): boolean {
  return (parseInt(mode, 8) & sticky) !== 0
}

/** The permission bits as four octal digits. */
export function permissions(mode: string): string {
  return (parseInt(mode, 8) & 0o7777).toString(8).padStart(4, '0')
}
