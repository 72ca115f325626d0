// A policy's answers on some of its architectures, as a filter without architectures can state them: the rules of a
// profile hold for every architecture of its filter.
//
// So where architectures differ, allow wins: a call allowed on one target and answered with an errno (or not named)
// on another is allowed on both, and allowed whatever its arguments if one of them allows it so. Dialects that can
// tell hosts apart ask for one host at a time (print-policy.ts). libseccomp would not do better with both rules:
// of two unconditional ones the first wins, and an unconditional one beats every conditional one.
import { architectures as rows, type Architecture } from '../abi/architectures.ts'
import { multiplexerOf } from '../abi/multiplexers.ts'
import { conditionsKey } from '../policy/conditions.ts'
import type { MaskedCondition, Policy, PolicyRule } from '../policy/policy.ts'

/** One answer to one call. Several for a call are alternatives: what is allowed, and values that keep an errno. */
export interface RuleDraft {
  readonly syscall: string
  /** Undefined: allowed. */
  readonly errno: number | undefined
  /** Allowed, and said in the log. */
  readonly isLogged?: true
  /** Sorted by index, one an index, all must hold; none: whatever the arguments. */
  readonly conditions: readonly MaskedCondition[]
}

const ENOSYS = 38

/** The answers of the rules for these architectures, those that the default gives anyway left out; sorted by call. */
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
    .sort(([one], [other]) => byText(one, other))
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
  // Of several errnos one must be chosen: ENOSYS, because libc's fallbacks go on after it, else the smallest.
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
 * Where a filter has an architecture that multiplexes the call, libseccomp refuses rules with two actions for it
 * (-EEXIST, facts: semantics.md, rule merging 7).
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
  return [...distinct].sort(([one], [other]) => byText(one, other)).map(([, answer]) => answer)
}

/**
 * At most one condition an index, because a runtime takes a rule that names an index twice for alternatives. Two
 * masked comparisons of one argument are one with both masks; a comparison under mask 0 says nothing.
 */
function joinConditions(rule: PolicyRule): readonly MaskedCondition[] {
  const joined = new Map<number, MaskedCondition>()
  for (const { index, mask, value } of rule.conditions) {
    const before = joined.get(index) ?? { index, mask: 0n, value: 0n }
    const possible = (value & ~mask) === 0n && ((before.value ^ value) & before.mask & mask) === 0n
    if (!possible) throw new Error(`the conditions on argument ${index} of ${rule.syscall} can never hold`)
    joined.set(index, { index, mask: before.mask | mask, value: before.value | value })
  }
  return [...joined.values()].filter(({ mask }) => mask !== 0n).sort((one, other) => one.index - other.index)
}

/** By code units: the same everywhere. */
export function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
