// Which arguments of a needed call are allowed: all that the ceiling allows, and beyond it what was seen. The call
// keeps the ceiling's conditions. A value that was seen outside of them is added by itself, and a call that the ceiling
// refuses is allowed because it was seen. An unknown value opens nothing, because that would be a guess. A value with
// which every call was refused opens nothing either and keeps its answer.
import type { Architecture } from '../abi/architectures.ts'
import type { Ceiling } from './ceiling.ts'
import { both, conditionsKey } from './conditions.ts'
import { allow } from './answers.ts'
import type { Beyond, MaskedCondition, Reason, RuleAction } from './policy.ts'
import { combinations, maskOf, withoutRefused, type KnownValues, type ArgumentValues } from './values.ts'

export const conditionsChoices = ['none', 'within', 'observed'] as const
export type ConditionsChoice = (typeof conditionsChoices)[number]

/**
 * A program that passes more values than this outside the ceiling probably counts upwards, so none of them is added.
 */
const manyValues = 64

/** One of several alternatives: any of them allows the call. */
export interface Bound {
  readonly conditions: readonly MaskedCondition[]
  readonly action: RuleAction
  readonly because: readonly Reason[]
}

/**
 * The alternatives that allow a call. One with empty conditions covers all arguments. `code`: the values that the
 * program's code can pass, if they bound the call. Empty only if the ceiling allows none of these values and nothing
 * was seen.
 */
export function boundsOf(
  ceiling: Ceiling | undefined,
  choice: ConditionsChoice,
  architecture: Architecture,
  syscall: string,
  values: ArgumentValues,
  code: ArgumentValues = new Map(),
): readonly Bound[] {
  const bounds = boundsOn(ceiling, choice, architecture, syscall, values, code)
  const elsewhere = ceiling?.refusedOn(architecture, syscall) ?? []
  if (ceiling === undefined || elsewhere.length === 0) return bounds
  const beyond = elsewhere.map((on): Reason => {
    const capabilities = ceiling.capabilitiesFor(on, syscall, [])
    return { kind: 'beyond', ceiling: ceiling.name, what: 'call', on, capabilities }
  })
  return bounds.map((bound) =>
    bound.action.type === 'allow' ? { ...bound, because: [...bound.because, ...beyond] } : bound,
  )
}

function boundsOn(
  ceiling: Ceiling | undefined,
  choice: ConditionsChoice,
  architecture: Architecture,
  syscall: string,
  values: ArgumentValues,
  code: ArgumentValues,
): readonly Bound[] {
  const only = onlyOf(choice, values, code, ceiling?.cases(architecture, syscall) ?? [])
  const narrow = (cases: ConditionSets, ...because: readonly Reason[]): readonly Bound[] => {
    const kept = only === undefined ? cases : intersection(cases, only.seen)
    return kept.map((conditions) => ({
      conditions,
      action: allow,
      because: [...because, ...(only?.because ?? [])],
    }))
  }
  if (ceiling === undefined) return narrow([[]])
  const cases = ceiling.cases(architecture, syscall)
  const beyond = (what: Beyond, args: readonly MaskedCondition[]): Reason => ({
    kind: 'beyond',
    ceiling: ceiling.name,
    ...what,
    capabilities: ceiling.capabilitiesFor(architecture, syscall, args),
  })
  const refusing = (index: number, value: bigint, errno: number): Bound => ({
    conditions: [{ index, mask: maskOf(architecture, syscall, index), value }],
    action: { type: 'errno', errno },
    because: [
      { kind: 'refused', what: 'value', ceiling: ceiling.name, errno, argument: index, value: `${value}` },
    ],
  })
  if (cases.length === 0) {
    const refused = [...values].filter(([, { all, refused: its }]) => all && its.size > 0)
    const accepted = combinations(
      refused.map(([index]) => index),
      withoutRefused(values),
    )
    // If a few values cannot describe the successful calls, all arguments are allowed: the call was needed.
    if (accepted === undefined || accepted.length === 0) return narrow([[]], beyond({ what: 'call' }, []))
    return [
      ...narrow(accepted, beyond({ what: 'call' }, [])),
      ...refused.flatMap(([index, each]) =>
        [...each.refused].slice(0, manyValues).map(([value, errno]) => refusing(index, value, errno)),
      ),
    ]
  }
  if (cases.some((each) => each.length === 0)) return narrow([[]])
  if (choice === 'none')
    return [{ conditions: [], action: allow, because: [beyond({ what: 'conditions' }, [])] }]

  const indexes = [...new Set(cases.flatMap((each) => each.map(({ index }) => index)))]
  const within = (known: 'seen' | 'unknown' | 'many'): Reason => ({
    kind: 'within',
    ceiling: ceiling.name,
    values: known,
  })
  const inNone = indexes.map((index) => {
    const seen = values.get(index)?.seen ?? []
    return [
      index,
      seen.filter((value) => !cases.some((each) => isPossible(each, index, value, values))),
    ] as const
  })
  if (inNone.some(([, each]) => each.length > manyValues)) return narrow(cases, within('many'))
  const outside = inNone.flatMap(([index, each]) =>
    each.flatMap((value) => {
      const errno = values.get(index)?.refused.get(value)
      const bounds = withOthers(index, value, indexes, values).map((tuple): Bound => {
        // The cases leave out socket families that no kernel has, so the ceiling itself is asked.
        const isInside = ceiling.permits(architecture, syscall, tuple)
        const what = { what: 'value', argument: index, value: `${value}` } as const
        return {
          conditions: tuple,
          action: allow,
          because: [isInside ? within('seen') : beyond(what, tuple)],
        }
      })
      if (errno === undefined) return bounds
      const inside = bounds.filter(({ because }) => !because.some(isBeyond))
      return inside.length > 0 ? inside : [refusing(index, value, errno)]
    }),
  )
  const told = new Map([...values, ...code])
  const isKnown =
    indexes.every((index) => told.get(index)?.all === true) &&
    (indexes.length === 1 || areInside(combinations(indexes, told), [...cases, ...conditionsOf(outside)]))
  // If no case covers what was seen, `outside` is not empty, but it may hold only refusals.
  return [...narrow(cases, within(isKnown ? 'seen' : 'unknown')), ...outside]
}

function isBeyond({ kind }: Reason): boolean {
  return kind === 'beyond'
}

type ConditionSets = readonly (readonly MaskedCondition[])[]

function conditionsOf(bounds: readonly Bound[]): ConditionSets {
  return bounds.map(({ conditions }) => conditions)
}

/** Whether the value can satisfy the conditions, given what is known about the other arguments. */
function isPossible(
  conditions: readonly MaskedCondition[],
  index: number,
  value: bigint,
  values: ArgumentValues,
): boolean {
  return conditions.every((condition) => {
    const known = values.get(condition.index)
    const its = condition.index === index ? [value] : known?.all === true ? known.seen : undefined
    return its === undefined || its.some((one) => (one & condition.mask) === condition.value)
  })
}

/** The value combined with the possible values of the other arguments; alone if those are unknown or too many. */
function withOthers(
  index: number,
  value: bigint,
  indexes: readonly number[],
  values: ArgumentValues,
): ConditionSets {
  const { mask } = values.get(index) as KnownValues
  const alone: ArgumentValues = new Map([
    ...withoutRefused(values),
    [index, { mask, seen: [value], all: true, refused: new Map() }],
  ])
  const known = indexes.filter((each) => alone.get(each)?.all === true)
  return combinations(known, alone) ?? combinations([index], alone) ?? []
}

function areInside(tuples: ConditionSets | undefined, cases: ConditionSets): boolean {
  const isOf = (tuple: readonly MaskedCondition[], one: readonly MaskedCondition[]): boolean =>
    one.every(({ index, mask, value }) => {
      const its = tuple.find((each) => each.index === index)
      return its !== undefined && (its.value & mask) === value
    })
  return tuples?.every((tuple) => cases.some((each) => isOf(tuple, each))) === true
}

interface Only {
  readonly seen: ConditionSets
  readonly because: readonly Reason[]
}

/**
 * The only allowed values. `observed`: those seen and those of the code. `within`: those of the code, for arguments on
 * which the ceiling has conditions. Undefined: the values are not limited.
 */
function onlyOf(
  choice: ConditionsChoice,
  values: ArgumentValues,
  code: ArgumentValues,
  cases: ConditionSets,
): Only | undefined {
  const byCode = (only: Only | undefined): Only | undefined =>
    only && {
      seen: only.seen,
      because: only.because.map((each) =>
        each.kind === 'narrowed' && code.has(each.argument) ? { ...each, by: 'code' } : each,
      ),
    }
  if (choice === 'observed') return byCode(valuesSeen(new Map([...values, ...code])))
  if (choice === 'none') return undefined
  const conditioned = new Set(cases.flatMap((each) => each.map(({ index }) => index)))
  return byCode(valuesSeen(new Map([...code].filter(([index]) => conditioned.has(index)))))
}

/**
 * The combinations of values of all completely known arguments. An argument that would make them too many is left out.
 * Undefined if no argument remains.
 */
function valuesSeen(values: ArgumentValues): Only | undefined {
  let known: readonly number[] = []
  let seen: ConditionSets = [[]]
  for (const [index, { all }] of values) {
    const more = all ? combinations([...known, index], values) : undefined
    if (more === undefined) continue
    known = [...known, index]
    seen = more
  }
  if (known.length === 0) return undefined
  return { seen, because: known.map((argument) => ({ kind: 'narrowed', argument })) }
}

function intersection(cases: ConditionSets, seen: ConditionSets): ConditionSets {
  const found = cases.flatMap((each) => seen.flatMap((tuple) => both(each, tuple) ?? []))
  return [...new Map(found.map((each) => [conditionsKey(each), each])).values()]
}
