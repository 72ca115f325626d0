// The answers that the decisions of this room pass to each other, each with its reason, for one architecture. This file
// also merges them: reasons add up, and an allowed call stays allowed.
import type { Reason, RuleAction } from './policy.ts'
import { compareReasons } from './reasons.ts'

/** The answer that one decision proposes for one call. */
export interface Proposal {
  readonly syscall: string
  readonly action: RuleAction
  readonly because: Reason
  /** The errno with which every seen call failed, although the proposal allows the call. */
  readonly refused?: number | undefined
}

/** The merged answer to a call: one action and every reason for it. */
export interface Decided {
  readonly action: RuleAction
  readonly because: readonly [Reason, ...Reason[]]
}

export const allow: RuleAction = { type: 'allow' }

/** ENOSYS (the kernel lacks the call) is 38 on every architecture of this project (asm-generic/errno.h). */
export const noSuchCall: RuleAction = { type: 'errno', errno: 38 }

/**
 * Merges all answers of one architecture into one action for each call. If one decision allows a call, the call is
 * allowed, and the reasons for a refusal are dropped: a refusal of this room only chooses a better errno.
 */
export function mergeProposals(answers: Iterable<Proposal>): ReadonlyMap<string, Decided> {
  const decided = new Map<string, Decided>()
  for (const { syscall, action, because } of answers) {
    const before = decided.get(syscall)
    if (before === undefined || (action.type === 'allow' && before.action.type !== 'allow')) {
      decided.set(syscall, { action, because: [because] })
    } else if (action.type === before.action.type) {
      decided.set(syscall, { action, because: [...before.because, because] })
    }
  }
  return decided
}

/** Each reason once, sorted as in reasons.ts. */
export function inOrder(reasons: readonly [Reason, ...Reason[]]): readonly [Reason, ...Reason[]] {
  const [first, ...rest] = reasons
  const kept: [Reason, ...Reason[]] = [first]
  for (const reason of rest) {
    if (!kept.some((other) => compareReasons(other, reason) === 0)) kept.push(reason)
  }
  kept.sort(compareReasons)
  return kept
}
