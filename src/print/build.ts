// Turns a policy into a profile document with as few rules as possible, in a fixed order: calls allowed for all
// arguments, calls allowed under conditions, calls answered with an errno of their own.
import { architectures, isArchitecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { isObject, valueOf } from '../options.ts'
import { ascending } from '../order.ts'
import { conditionsKey } from '../policy/conditions.ts'
import type { MaskedCondition, Policy } from '../policy/policy.ts'
import { draftsOf, type RuleDraft } from './rule-drafts.ts'
import type { OciArgument, OciProfile, OciRule } from '../profile/document.ts'
import { errnoLimit } from '../profile/words.ts'

/** A policy. */
export const policyValue = valueOf<Policy>('a policy: give what derivePolicy returns', (value) => {
  if (!isObject(value) || !Array.isArray(value['architectures']) || !Array.isArray(value['rules']))
    return false
  const names: readonly unknown[] = value['architectures']
  return names.length > 0 && names.every((each) => typeof each === 'string' && isArchitecture(each))
})

/**
 * The plain OCI profile of a policy. Its rules hold for every architecture of the policy: a call that is allowed on one
 * and refused on another is allowed (see rule-drafts.ts). Only the Docker dialect of printPolicyAs keeps hosts apart.
 *
 * @throws UserError if the architectures differ in byte order, because libseccomp then makes no filter (db.c,
 * db_col_db_add), and if no profile can state the policy: it has an errno that libseccomp refuses, or conditions that
 * never hold.
 */
export function buildProfile(policy: Policy): OciProfile {
  policyValue(policy, 'buildProfile: policy')
  const [first, ...others] = policy.architectures
  const { byteOrder } = architectures[first]
  const other = others.find((each) => architectures[each].byteOrder !== byteOrder)
  if (other !== undefined) throw new UserError('byte-orders-mixed', { architectures: [first, other] })
  return {
    ...defaultOf(policy),
    ...flagsOf(policy),
    architectures: policy.architectures.map((each) => architectures[each].scmp),
    syscalls: rulesOf(draftsOf(policy, policy.architectures)),
  }
}

export function defaultOf({ defaultAction }: Policy): Pick<OciProfile, 'defaultAction' | 'defaultErrnoRet'> {
  switch (defaultAction.type) {
    case 'errno':
      return { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: checkedErrno(defaultAction.errno) }
    case 'kill-process':
      return { defaultAction: 'SCMP_ACT_KILL_PROCESS' }
    case 'log':
      return { defaultAction: 'SCMP_ACT_LOG' }
  }
}

/**
 * For a profile without flags, runtimes set SPEC_ALLOW, which avoids the mitigations of speculation. A profile with
 * flags must name SPEC_ALLOW itself.
 */
export function flagsOf({ logsRefusals }: Policy): Pick<OciProfile, 'flags'> {
  return logsRefusals === true ? { flags: ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'] } : {}
}

/** The fewest rules for these drafts: calls with the same answer and conditions share one rule. */
export function rulesOf(drafts: readonly RuleDraft[]): readonly OciRule[] {
  const groups = new Map<string, { readonly like: RuleDraft; readonly names: string[] }>()
  for (const draft of drafts) {
    const key = `${draft.isLogged === true ? 'log' : (draft.errno ?? 'allow')} ${conditionsKey(draft.conditions)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { like: draft, names: [draft.syscall] })
    else group.names.push(draft.syscall)
  }
  return [...groups.values()]
    .map(({ like, names }) => ({ like, names: names.sort(ascending) }))
    .sort(
      (one, other) =>
        order(one.like) - order(other.like) ||
        ascending(one.names[0] as string, other.names[0] as string) ||
        ascending(conditionsKey(one.like.conditions), conditionsKey(other.like.conditions)),
    )
    .map(({ like: { errno, conditions, isLogged }, names }) => ({
      names,
      ...(isLogged === true
        ? { action: 'SCMP_ACT_LOG' as const }
        : errno === undefined
          ? { action: 'SCMP_ACT_ALLOW' as const }
          : { action: 'SCMP_ACT_ERRNO' as const, errnoRet: checkedErrno(errno) }),
      ...(conditions.length === 0 ? {} : { args: conditions.map(argumentOf) }),
    }))
}

function order({ errno, conditions }: RuleDraft): number {
  if (errno === undefined) return conditions.length === 0 ? -2 : -1
  return errno
}

/**
 * MASKED_EQ: (argument & value) == valueTwo. A mask of all 64 bits becomes a plain EQ: the mask would exceed the
 * operator's int64, and some programs would round it. Masks of `int` arguments are never so wide.
 */
function argumentOf({ index, mask, value }: MaskedCondition): OciArgument {
  if (mask === 0xffffffffffffffffn) return { index, value, op: 'SCMP_CMP_EQ' }
  return { index, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' }
}

function checkedErrno(errno: number): number {
  if (Number.isInteger(errno) && errno >= 0 && errno <= errnoLimit) return errno
  throw new UserError('errno-not-taken', { errno, limit: errnoLimit })
}
