// What the decisions of this room hand to each other: answers to calls, each with its reason, on one architecture.
// The rules of merging stand here once: reasons add up, and an allowed call stays allowed.
import type { Reason, RuleAction } from './policy.ts'
import { compareReasons } from './reasons.ts'

/** One decision's word on one call. */
export interface Proposal {
  readonly syscall: string
  readonly action: RuleAction
  readonly because: Reason
  /** The errno with which every such call failed; of a call that is allowed. */
  readonly refused?: number | undefined
}

/** What became of a call: one action, and every reason that was given for it. */
export interface Decided {
  readonly action: RuleAction
  readonly because: readonly [Reason, ...Reason[]]
}

export const allow: RuleAction = { type: 'allow' }

/** ENOSYS, 38 on every architecture here (asm-generic/errno.h): the kernel has no such call. */
export const noSuchCall: RuleAction = { type: 'errno', errno: 38 }

/**
 * All answers of one architecture, one action a call. What one decision allows is allowed, whatever another says of
 * it: every refusal of this room is only the better way to refuse. The reasons for refusing then no longer hold.
 */
export function settle(answers: Iterable<Proposal>): ReadonlyMap<string, Decided> {
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

/** Every reason once, in the order of reasons.ts. */
export function inOrder(reasons: readonly [Reason, ...Reason[]]): readonly [Reason, ...Reason[]] {
  const [first, ...rest] = reasons
  const kept: [Reason, ...Reason[]] = [first]
  for (const reason of rest) {
    if (!kept.some((other) => compareReasons(other, reason) === 0)) kept.push(reason)
  }
  kept.sort(compareReasons)
  return kept
}
