// What a filter answers to one call, and which answers permit more than others.
// Authority: seccomp(2) for what each action does; runc and crun for a missing errno (EPERM).
import { errnoNumber } from '../abi/errnos.ts'
import type { Action } from '../profile/document.ts'
import { takesErrno } from '../profile/words.ts'

/** `SCMP_ACT_KILL` is an older name of `SCMP_ACT_KILL_THREAD` and never stands here. */
export interface Answer {
  readonly action: Exclude<Action, 'SCMP_ACT_KILL'>
  /** 0 to 4094. ERRNO: what the call returns. TRACE: the message to the tracer. Undefined for other actions. */
  readonly errno: number | undefined
}

/** A filter also answers this to calls of an architecture that it does not name (libseccomp: bad_arch_action). */
export const killThread: Answer = { action: 'SCMP_ACT_KILL_THREAD', errno: undefined }
export const noSuchCall: Answer = { action: 'SCMP_ACT_ERRNO', errno: 38 }

const EPERM = 1

/** If the loader reads `errnoName` (containers/common), the name wins over the number. */
export function answerOf(action: Action, errno: number | undefined, errnoName?: string): Answer {
  const same = action === 'SCMP_ACT_KILL' ? 'SCMP_ACT_KILL_THREAD' : action
  if (!takesErrno(same)) return { action: same, errno: undefined }
  const named = errnoName === undefined ? undefined : errnoNumber(errnoName)
  return { action: same, errno: named ?? errno ?? EPERM }
}

export function isSameAnswer(one: Answer | undefined, other: Answer | undefined): boolean {
  return one?.action === other?.action && one?.errno === other?.errno
}

/** `SCMP_ACT_ERRNO(1)`, `SCMP_ACT_ALLOW`. */
export function answerText({ action, errno }: Answer): string {
  return errno === undefined ? action : `${action}(${errno})`
}

/** `wider`: the later profile permits more. `sideways`: it refuses in another way. */
export type Direction = 'wider' | 'narrower' | 'sideways'

/**
 * How a new answer changes what a program can do. There are three levels: the kernel carries the call out (ALLOW, LOG),
 * another process decides (NOTIFY, TRACE), the filter refuses the call (ERRNO, TRAP, KILL). Two answers of one level
 * permit the same and are noticed differently: the change is sideways. Undefined if both answers are the same.
 */
export function directionOf(before: Answer, after: Answer): Direction | undefined {
  if (isSameAnswer(before, after)) return undefined
  const step = permissiveness(after) - permissiveness(before)
  return step > 0 ? 'wider' : step < 0 ? 'narrower' : 'sideways'
}

/** 2: the kernel carries the call out; 1: another process decides; 0: the filter refuses the call. */
export function permissiveness({ action }: Answer): 0 | 1 | 2 {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
      return 2
    case 'SCMP_ACT_NOTIFY':
    case 'SCMP_ACT_TRACE':
      return 1
    case 'SCMP_ACT_ERRNO':
    case 'SCMP_ACT_TRAP':
    case 'SCMP_ACT_KILL_THREAD':
    case 'SCMP_ACT_KILL_PROCESS':
      return 0
  }
}
