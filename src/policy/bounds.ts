// What is allowed of a call that is needed: as much as the ceiling allows, and beyond it what was seen. The ceiling's
// conditions stay on the call; a value that was seen outside of them is allowed by itself, and a call that the ceiling
// refuses is allowed because it was seen. A value that is not known opens nothing: that would be a guess. A value with
// which every call was refused opens nothing either: it keeps its answer.
import type { Architecture } from '../abi/architectures.ts'
import type { Ceiling } from './ceiling.ts'
import { both, conditionsKey } from './conditions.ts'
import { allow } from './answers.ts'
import type { Beyond, MaskedCondition, Reason, RuleAction } from './policy.ts'
import { combinations, maskOf, withoutRefused, type KnownValues, type ArgumentValues } from './values.ts'

export type ConditionsChoice = 'none' | 'within' | 'observed'

/** A program that calls with more values than this, none of which the ceiling has, counts up: they are not known. */
const manyValues = 64

/** One of several alternatives. */
export interface Bound {
  readonly conditions: readonly MaskedCondition[]
  readonly action: RuleAction
  readonly because: readonly Reason[]
}

/**
 * An empty condition is the call whatever its arguments. `code`: the values that the program's code can pass, where they
 * bound the call. At least one, unless the ceiling has none of what the code passes and nothing was seen.
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
    // Where what was carried out cannot be told by a few values, all are: the call was needed.
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
        // A family of sockets that no kernel has stands in no case, and the ceiling may carry it out.
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
  // Where no case is left of what was seen, some of that is in none and so outside; what is left may all be refused.
  return [...narrow(cases, within(isKnown ? 'seen' : 'unknown')), ...outside]
}

function isBeyond({ kind }: Reason): boolean {
  return kind === 'beyond'
}

type ConditionSets = readonly (readonly MaskedCondition[])[]

function conditionsOf(bounds: readonly Bound[]): ConditionSets {
  return bounds.map(({ conditions }) => conditions)
}

/** Whether the value may be one of the case, with what is known of the other arguments. */
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

/** The value with what the other arguments can have been; alone where that is not known, or too much. */
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

/** Observed values, and with them those of the code; else those of the code alone, where the ceiling has conditions. */
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

/** What was seen of the arguments that are wholly known; undefined where nothing is, or too much. */
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
