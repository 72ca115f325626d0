// The errors by which a security context may refuse a call. Authority: errno(3), include/uapi/asm-generic/errno-base.h.
import type { refusedResults } from '../../observations/context.ts'

export type RefusedErrno = (typeof refusedResults)[number]

export const errnoNames: ReadonlyMap<number, RefusedErrno> = new Map([
  [1, 'EPERM'],
  [13, 'EACCES'],
  [30, 'EROFS'],
])
