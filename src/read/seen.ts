// What a reader reports: calls with counts and first places, and what became of the lines. Readers of single calls and
// readers of counts use the same types.
import type { Architecture } from '../abi/architectures.ts'
import type { SourceSummary } from './account.ts'
import type { Diagnostic } from './diagnostics.ts'
import {
  addFailures,
  addRefused,
  noFailures,
  type Failures,
  type RefusalErrno,
  type RefusedValues,
} from './failures.ts'
import type { ObservedContext } from './observations/context.ts'
import { earlierPlace } from './place.ts'
import { sumOf } from './sum.ts'

/** Everything seen of one call. Addition is associative and commutative. */
export interface Seen extends Failures {
  count: number
  /** `source:line` of the first call. */
  first: string
  args: SeenArguments | undefined
  /** Values of `args` with which every call was refused. */
  refused?: RefusedValues | undefined
  /** In how many runs the call was seen, if the reader knows of more runs than the one it reads. */
  runs?: number
}

/** By argument index, the distinct values; null once a value was unknown. */
export type SeenArguments = Map<number, Set<bigint> | null>

/** With more distinct values than this, which are of no use to a profile, the argument counts as unknown. */
export const valueLimit = 4096

export function newSeen(first: string): Seen {
  return { count: 0, first, ...noFailures, args: undefined }
}

/** Notes the value of one call's argument; undefined if it is unknown. */
export function noteValue(
  seen: { args: SeenArguments | undefined },
  index: number,
  value: bigint | undefined,
): void {
  seen.args ??= new Map()
  const values = seen.args.get(index)
  if (values === null) return
  if (value === undefined) seen.args.set(index, null)
  else if (values === undefined) seen.args.set(index, new Set([value]))
  else if (values.size < valueLimit) values.add(value)
  else if (!values.has(value)) seen.args.set(index, null)
}

/** Like noteValue, but also notes a refusal. A value stays refused as long as every call with it is refused. */
export function noteAnswered(
  seen: Pick<Seen, 'args' | 'refused'>,
  index: number,
  value: bigint | undefined,
  refusal: RefusalErrno | undefined,
): void {
  const refused = seen.refused?.get(index)
  if (value === undefined) seen.refused?.delete(index)
  else if (refusal === undefined) refused?.delete(value)
  else {
    const before = refused?.get(value)
    const isNew = seen.args?.get(index)?.has(value) !== true && seen.args?.get(index) !== null
    if (before !== undefined && before !== refusal) refused?.set(value, 'EPERM')
    else if (isNew) {
      seen.refused ??= new Map()
      seen.refused.set(index, (refused ?? new Map<bigint, RefusalErrno>()).set(value, refusal))
    }
  }
  noteValue(seen, index, value)
  if (seen.args?.get(index) === null) seen.refused?.delete(index)
}

/** Adds `more` to `seen`. */
export function addSeen(seen: Seen, more: Seen): void {
  seen.refused = addRefused(seen, more)
  seen.args = addArguments(seen.args, seen.count, more.args, more.count)
  for (const index of seen.refused?.keys() ?? [])
    if (seen.args?.get(index) == null) seen.refused?.delete(index)
  seen.first = seen.count === 0 ? more.first : earlierPlace(seen.first, more.first)
  seen.count = sumOf(seen.count, more.count)
  addFailures(seen, more)
}

/** Merges the values of two sums of calls. If one side has calls but no values of an argument, it is unknown. */
export function addArguments(
  one: SeenArguments | undefined,
  oneCount: number,
  other: SeenArguments | undefined,
  otherCount: number,
): SeenArguments | undefined {
  if (one === undefined && other === undefined) return undefined
  const sum: SeenArguments = new Map()
  for (const index of new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])) {
    const mine = oneCount === 0 ? new Set<bigint>() : one?.get(index)
    const theirs = otherCount === 0 ? new Set<bigint>() : other?.get(index)
    const values = mine == null || theirs == null ? null : new Set([...mine, ...theirs])
    sum.set(index, values !== null && values.size > valueLimit ? null : values)
  }
  return sum
}

/** Where a reader reports what it saw. */
export interface Sink {
  /** Calls of a known architecture, by libseccomp's name there. */
  seen(architecture: Architecture, name: string, seen: Seen): void
  /** Calls that no table knows, by number (decimal) or, if only a name was printed, by name. */
  unknown(architecture: Architecture, what: string, seen: Seen): void
  diagnostic(diagnostic: Diagnostic): void
  /** The evidence for a container's security context. */
  context(context: ObservedContext): void
  /** What became of the lines of a source. */
  account(account: SourceSummary): void
  /** Reports a number of runs at once. Their calls carry `runs` themselves. */
  runs(count: number): void
  /** Ends a run: the calls since the last end belong to one run or, if `counts` is false (a profile), to no run. */
  endRun(counts: boolean): void
}
