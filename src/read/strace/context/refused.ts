// The errors of a call that a security context may have refused. Authority: errno(3), include/uapi/asm-generic/errno-base.h.
import type { refusedResults } from '../../observations/context.ts'

export type RefusedErrno = (typeof refusedResults)[number]

export const errnoNames: ReadonlyMap<number, RefusedErrno> = new Map([
  [1, 'EPERM'],
  [13, 'EACCES'],
  [30, 'EROFS'],
])
