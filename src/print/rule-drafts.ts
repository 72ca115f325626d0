// Drafts rules for a policy's answers on some of its architectures. The rules of a profile hold for every architecture
// of its filter.
//
// So if architectures differ, allowing wins: a call that one target allows and another refuses or does not name is
// allowed on both. If one target allows it for all arguments, so do both. Dialects that keep hosts apart ask for one
// host at a time (print-policy.ts). Writing both rules would not help: in libseccomp the first unconditional rule wins,
// and an unconditional rule wins over every conditional one.
import { architectures as rows, type Architecture } from '../abi/architectures.ts'
import { ENOSYS } from '../abi/errnos.ts'
import { multiplexerOf } from '../abi/multiplexers.ts'
import { UserError } from '../errors.ts'
import { ascending } from '../order.ts'
import { conditionsKey } from '../policy/conditions.ts'
import type { MaskedCondition, Policy, PolicyRule } from '../policy/policy.ts'

/**
 * One answer to one call. Several drafts for a call are alternatives: allowed arguments, and values that keep an errno.
 */
export interface RuleDraft {
  readonly syscall: string
  /** Undefined: the call is allowed. */
  readonly errno: number | undefined
  /** The call is allowed and logged. */
  readonly isLogged?: true
  /** All must hold. Sorted by index, at most one an index. Empty: all arguments. */
  readonly conditions: readonly MaskedCondition[]
}

/** The drafts for these architectures, sorted by call, without answers that equal the default's. */
export function draftsOf(policy: Policy, architectures: readonly Architecture[]): readonly RuleDraft[] {
  const byCall = new Map<string, PolicyRule[]>()
  for (const rule of policy.rules) {
    if (!rule.architectures.some((each) => architectures.includes(each))) continue
    const rules = byCall.get(rule.syscall)
    if (rules === undefined) byCall.set(rule.syscall, [rule])
    else rules.push(rule)
  }
  const unneeded = policy.defaultAction.type === 'errno' ? policy.defaultAction.errno : undefined
  return [...byCall]
    .sort(([one], [other]) => ascending(one, other))
    .flatMap(([syscall, rules]) => draftsOfCall(syscall, rules, architectures))
    .filter(({ errno, isLogged }) =>
      isLogged === true ? policy.defaultAction.type !== 'log' : errno === undefined || errno !== unneeded,
    )
}

function draftsOfCall(
  syscall: string,
  rules: readonly PolicyRule[],
  architectures: readonly Architecture[],
): readonly RuleDraft[] {
  const allowing = rules.filter(({ action }) => action.type === 'allow')
  if (allowing.length > 0) {
    const allowed = alternatives(syscall, undefined, allowing)
    if (mustAgree(syscall, architectures)) return allowed
    const taken = new Set(allowed.map(({ conditions }) => conditionsKey(conditions)))
    if (taken.has('')) return allowed
    const kept = rules.filter((rule) => {
      const key = conditionsKey(joinConditions(rule))
      return rule.action.type === 'errno' && key !== '' && !taken.has(key) && taken.add(key)
    })
    return [...allowed, ...kept.flatMap((rule) => alternatives(syscall, errnoOf(rule), [rule]))]
  }
  const logging = rules.filter(({ action }) => action.type === 'log')
  if (logging.length > 0)
    return alternatives(syscall, undefined, logging).map((draft) => ({ ...draft, isLogged: true }))
  // One errno must be chosen: ENOSYS if present, because libc's fallbacks continue after it, else the smallest.
  const errnos = rules.flatMap((rule) => errnoOf(rule) ?? [])
  const errno = errnos.includes(ENOSYS) ? ENOSYS : Math.min(...errnos)
  return alternatives(
    syscall,
    errno,
    rules.filter((rule) => errnoOf(rule) === errno),
  )
}

function errnoOf({ action }: PolicyRule): number | undefined {
  return action.type === 'errno' ? action.errno : undefined
}

/**
 * Whether all rules for the call must have one action: on an architecture that multiplexes the call, libseccomp refuses
 * rules with two actions for it (EEXIST).
 */
function mustAgree(syscall: string, architectures: readonly Architecture[]): boolean {
  return multiplexerOf(syscall) !== undefined && architectures.some((each) => rows[each].multiplexes)
}

function alternatives(
  syscall: string,
  errno: number | undefined,
  rules: readonly PolicyRule[],
): readonly RuleDraft[] {
  const distinct = new Map<string, RuleDraft>()
  for (const rule of rules) {
    const conditions = joinConditions(rule)
    distinct.set(conditionsKey(conditions), { syscall, errno, conditions })
  }
  const always = distinct.get('')
  if (always !== undefined) return [always]
  return [...distinct].sort(([one], [other]) => ascending(one, other)).map(([, answer]) => answer)
}

/**
 * Joins conditions so that each index occurs once, because a runtime reads a repeated index as alternatives. Two masked
 * comparisons of one argument become one with both masks. A comparison with mask 0 is dropped: it always holds.
 */
function joinConditions(rule: PolicyRule): readonly MaskedCondition[] {
  const joined = new Map<number, MaskedCondition>()
  for (const { index, mask, value } of rule.conditions) {
    const before = joined.get(index) ?? { index, mask: 0n, value: 0n }
    const possible = (value & ~mask) === 0n && ((before.value ^ value) & before.mask & mask) === 0n
    if (!possible) throw new UserError('conditions-never-hold', { call: rule.syscall, argument: index })
    joined.set(index, { index, mask: before.mask | mask, value: before.value | value })
  }
  return [...joined.values()].filter(({ mask }) => mask !== 0n).sort((one, other) => one.index - other.index)
}
