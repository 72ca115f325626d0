// Collects the rules of a policy, one architecture after the other, and sorts them.
import type { Architecture } from '../abi/architectures.ts'
import { ascending } from '../order.ts'
import { inOrder } from './answers.ts'
import { conditionsKey } from './conditions.ts'
import type { PolicyRule, Reason, RuleAction } from './policy.ts'

/** Architectures that give a call the same answer share one rule. */
export class Rules {
  readonly #rules = new Map<string, PolicyRule>()

  /** Architectures must come in their order. */
  add(
    architecture: Architecture,
    syscall: string,
    action: RuleAction,
    conditions: PolicyRule['conditions'],
    because: readonly Reason[],
  ): void {
    const answer = `${action.type} ${action.type === 'errno' ? action.errno : ''}`
    const key = `${syscall} ${answer} ${conditionsKey(conditions)}`
    const { architectures = [], because: before = [] } = this.#rules.get(key) ?? {}
    this.#rules.set(key, {
      syscall,
      architectures: [...new Set([...architectures, architecture])] as [Architecture, ...Architecture[]],
      action,
      conditions,
      because: [...before, ...because] as [Reason, ...Reason[]],
    })
  }

  inOrder(): readonly PolicyRule[] {
    return [...this.#rules.values()]
      .map((rule) => ({ ...rule, because: inOrder(rule.because) }))
      .sort(
        (a, b) =>
          ascending(a.syscall, b.syscall) ||
          ascending(a.action.type, b.action.type) ||
          ascending(conditionsKey(a.conditions), conditionsKey(b.conditions)),
      )
  }
}
