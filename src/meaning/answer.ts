// What a filter answers to one call, and which answers permit more than others.
// Authority: seccomp(2) for what each action does; runc and crun for an errno that is left out (EPERM).
import { errnoNumber } from '../abi/errnos.ts'
import type { Action } from '../profile/document.ts'
import { takesErrno } from '../profile/words.ts'

/** `KILL` is `KILL_THREAD`, its name of today. */
export interface Answer {
  readonly action: Exclude<Action, 'SCMP_ACT_KILL'>
  /** 0 to 4094; with ERRNO what the call returns, with TRACE the message to the tracer; undefined with the others. */
  readonly errno: number | undefined
}

/** Also what a filter answers to an architecture it does not have (libseccomp: bad_arch_action). */
export const killThread: Answer = { action: 'SCMP_ACT_KILL_THREAD', errno: undefined }
export const noSuchCall: Answer = { action: 'SCMP_ACT_ERRNO', errno: 38 }

const EPERM = 1

/** `errnoName` goes before the number where containers/common reads it. */
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
 * How an answer changes what a program can do. A partial order of three levels: the call is carried out (ALLOW, and
 * LOG, which also writes a line), somebody outside decides (NOTIFY, TRACE), the call is refused (an errno, a signal,
 * an end). Answers of one level differ in how they are noticed, not in what they permit: sideways.
 * Undefined for the same answer.
 */
export function directionOf(before: Answer, after: Answer): Direction | undefined {
  if (isSameAnswer(before, after)) return undefined
  const step = level(after) - level(before)
  return step > 0 ? 'wider' : step < 0 ? 'narrower' : 'sideways'
}

/** 2 carried out, 1 somebody decides, 0 refused. */
export function level({ action }: Answer): 0 | 1 | 2 {
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
