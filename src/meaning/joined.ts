// Adds the rules of a resolved profile one by one, as a runtime adds them to libseccomp's filter. A rule is added to
// every architecture; if one architecture refuses it, the whole profile is refused.
// Authority: runc seccomp_linux.go (matchCall), crun seccomp.c, libseccomp 2.5.4 src/db.c.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { isSameAnswer } from './answer.ts'
import { BeyondBound, type Added } from './chain-add.ts'
import { alternativesOf, type Condition } from './conditions.ts'
import type { Context } from './context.ts'
import { addRule, type FilterEntry } from './entries.ts'
import { callsOf, memberConditions, otherCallsOf } from './names.ts'
import type { ProfileRefusal } from './refusal.ts'
import { othersOf, type OtherArchitectures } from './refused-words.ts'
import type { Resolved, ResolvedRule } from './resolve.ts'
import { isKnownTo } from './versions/library.ts'

/**
 * How many nodes are visited for one profile. A profile that needs more has far more instructions than the kernel
 * takes.
 */
const workLimit = 4_000_000

export interface Joined {
  readonly entries: ReadonlyMap<Architecture, ReadonlyMap<number | string, FilterEntry>>
  /** The first refusal of each call. Later rules of the call were not added. */
  readonly refusals: readonly ProfileRefusal[]
}

/**
 * `of`: the names whose rules are added; default: all. `others`: the architectures of the filter without a table in
 * this project; for these only libseccomp's refusals are found.
 */
export function addRules(
  resolved: Resolved,
  context: Context,
  of: (name: string) => boolean = () => true,
  others: OtherArchitectures = othersOf(resolved, context),
): Joined {
  const { runtime, library } = context
  const entries = new Map<Architecture, Map<number | string, FilterEntry>>(
    resolved.architectures.map((each) => [each, new Map()]),
  )
  const all = [
    ...[...entries].map(([architecture, calls]) => ({
      calls,
      architecture,
      bits: architectures[architecture].bits,
      named: (name: string) => callsOf(name, architecture, library),
    })),
    ...[...others].map(([architecture, other]) => ({
      calls: new Map<number | string, FilterEntry>(),
      architecture,
      bits: other.bits,
      named: (name: string) => otherCallsOf(name, other, library),
    })),
  ]
  const known = new Map<string, boolean>()
  const isKnown = (name: string): boolean => {
    const before = known.get(name) ?? isKnownTo(library, name)
    known.set(name, before)
    return before
  }
  const refusals: ProfileRefusal[] = []
  const work = { left: workLimit }
  const refused = new Set<string>()
  for (const rule of resolved.rules) {
    if (isSameAnswer(rule.answer, resolved.defaultAnswer)) continue
    const alternatives = alternativesOf(rule.args, runtime)
    for (const [place, name] of rule.names.entries()) {
      if (!of(name) || refused.has(name) || !isKnown(name)) continue
      const refusal = addRuleOf(rule, place, alternatives)
      if (refusal === undefined) continue
      refused.add(name)
      refusals.push(refusal)
    }
  }
  return { entries, refusals }

  function addRuleOf(
    rule: ResolvedRule,
    place: number,
    alternatives: readonly (readonly Condition[])[],
  ): ProfileRefusal | undefined {
    const name = rule.names[place] as string
    for (const conditions of alternatives) {
      for (const { calls, architecture, bits, named } of all) {
        for (const { call, member } of named(name)) {
          const its = member === undefined ? conditions : memberConditions(member, conditions)
          const outcome = outcomeOf(() => addRule(calls, call, its, rule.answer, bits, work))
          if (outcome !== 'added') return refusalOf(outcome, rule, place, name, architecture)
        }
      }
    }
    return undefined
  }
}

function outcomeOf(add: () => Added): Added | 'beyond' {
  try {
    return add()
  } catch (error) {
    if (error instanceof BeyondBound) return 'beyond'
    throw error
  }
}

function refusalOf(
  outcome: Exclude<Added, 'added'> | 'beyond',
  { at, namesAt, pointer }: ResolvedRule,
  place: number,
  name: string,
  architecture: string,
): ProfileRefusal {
  return {
    code: `rules-${outcome}`,
    ...(namesAt[place] ?? { at, pointer }),
    facts: { name, architecture, ...(outcome === 'beyond' ? { bound: String(workLimit) } : {}) },
  }
}
