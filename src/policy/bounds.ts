// What is allowed of a call that is needed: as much as the ceiling allows, and beyond it what was seen. The ceiling's
// conditions stay on the call; a value that was seen outside of them is allowed by itself, and a call that the ceiling
// refuses is allowed because it was seen. A value that is not known opens nothing: that would be a guess.
import type { Architecture } from '../abi/architectures.ts'
import { isNarrowArgument } from '../abi/narrow-arguments.ts'
import { both, distinct, type Case } from '../meaning/index.ts'
import type { Ceiling } from './ceiling.ts'
import { shortened } from './conditions.ts'
import type { Beyond, Condition, Reason } from './policy.ts'
import type { Values } from './values.ts'

export type ConditionsChoice = 'none' | 'within' | 'observed'

/** One of several alternatives. */
export interface Bound {
  readonly conditions: readonly Condition[]
  readonly because: readonly Reason[]
}

const all32 = 0xffffffffn
const all64 = 0xffffffffffffffffn

/** With more values than these the trace shows some of a range. */
const few = 16

/** At least one; an empty condition allows the call whatever its arguments. */
export function boundsOf(
  ceiling: Ceiling | undefined,
  choice: ConditionsChoice,
  architecture: Architecture,
  syscall: string,
  values: Values,
): readonly Bound[] {
  const seen = choice === 'observed' ? tuplesSeen(syscall, values) : undefined
  const inside = (cases: readonly Case[], ...because: readonly Reason[]): readonly Bound[] =>
    shortened(seen === undefined ? cases : narrowed(cases, seen.tuples)).map((conditions) => ({
      conditions,
      because: [...because, ...(seen?.reasons ?? [])],
    }))
  if (ceiling === undefined) return inside([[]])
  const cases = ceiling.cases(architecture, syscall)
  const beyond = (what: Beyond, args: Case): Reason => ({
    kind: 'beyond',
    ceiling: ceiling.name,
    ...what,
    capabilities: ceiling.capabilitiesFor(architecture, syscall, args),
  })
  if (cases.length === 0) return inside([[]], beyond({ what: 'call' }, []))
  if (cases.some((each) => each.length === 0)) return inside([[]])
  if (choice === 'none') return [{ conditions: [], because: [beyond({ what: 'conditions' }, [])] }]
  const indexes = [...new Set(cases.flatMap((each) => each.map(({ index }) => index)))].sort((a, b) => a - b)
  const isKnown = indexes.every((index) => values.get(index)?.all === true)
  const within: Reason = { kind: 'within', ceiling: ceiling.name, values: isKnown ? 'seen' : 'unknown' }
  const outside = indexes.flatMap((index) =>
    (values.get(index)?.seen ?? [])
      .filter((value) => !cases.some((each) => isPossible(each, index, value, values)))
      .flatMap((value): readonly Bound[] => {
        const others = indexes.filter((each) => each !== index && values.get(each)?.all === true)
        const only: Values = new Map([...values, [index, { seen: [value], all: true }]])
        return tuplesOf([...others, index], only).map((tuple) => {
          // The ceiling may carry out more than its cases say in masked equalities.
          if (isKnown && ceiling.carriesOut(architecture, syscall, tuple))
            return { conditions: tuple, because: [within] }
          const what = { what: 'value', argument: index, value: `${value}` } as const
          return { conditions: asTheKernelLooks(syscall, tuple), because: [beyond(what, tuple)] }
        })
      }),
  )
  return [...inside(cases, within), ...outside]
}

/** Whether the value may be one of the case, with what is known of the other arguments. */
function isPossible(conditions: Case, index: number, value: bigint, values: Values): boolean {
  return conditions.every((condition) => {
    const known = values.get(condition.index)
    const its = condition.index === index ? [value] : known?.all === true ? known.seen : undefined
    return its === undefined || its.some((one) => (one & condition.mask) === condition.value)
  })
}

/** Every combination of the values of these arguments, whole. */
function tuplesOf(indexes: readonly number[], values: Values): readonly Case[] {
  return indexes.reduce<readonly Case[]>(
    (tuples, index) =>
      tuples.flatMap((each) =>
        (values.get(index)?.seen ?? []).flatMap((value) => both(each, [{ index, mask: all64, value }]) ?? []),
      ),
    [[]],
  )
}

/** Of an `int` the lower half. */
function asTheKernelLooks(syscall: string, tuple: Case): Case {
  return tuple.map(({ index, value }) => {
    const mask = isNarrowArgument(syscall, index) ? all32 : all64
    return { index, mask, value: value & mask }
  })
}

/** What was seen of the arguments that are wholly known; undefined where nothing is, or too much. */
function tuplesSeen(
  syscall: string,
  values: Values,
): { readonly tuples: readonly Case[]; readonly reasons: readonly Reason[] } | undefined {
  const known = [...values].filter(([, { all, seen }]) => all && seen.length <= few).map(([index]) => index)
  const tuples = tuplesOf(known, values).map((each) => asTheKernelLooks(syscall, each))
  if (known.length === 0 || tuples.length > few) return undefined
  return { tuples, reasons: known.map((argument) => ({ kind: 'narrowed', argument })) }
}

/** What of the cases was seen. */
function narrowed(cases: readonly Case[], seen: readonly Case[]): readonly Case[] {
  return distinct(cases.flatMap((each) => seen.flatMap((tuple) => both(each, tuple) ?? [])))
}
