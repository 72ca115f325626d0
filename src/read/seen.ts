// What a reader has to tell: calls, with how often and where first, and what became of the lines. Readers that see
// every call on its own and readers that only have counts speak the same words.
import type { Architecture } from '../abi/architectures.ts'
import type { SourceSummary } from './account.ts'
import type { Diagnostic } from './diagnostics.ts'
import { addRefused, noFailures, type Failures, type RefusalErrno, type RefusedValues } from './failures.ts'
import type { ObservedContext } from './observations/context.ts'
import { earlierPlace } from './place.ts'

/** Everything seen of one call. Adding up is associative and commutative. */
export interface Seen extends Failures {
  count: number
  /** `source:line` of the first. */
  first: string
  args: SeenArguments | undefined
  /** Values of `args` with which every call was refused. */
  refused?: RefusedValues | undefined
  /** In how many runs, where whoever tells it knows of more than the one it reads. */
  runs?: number
}

/** By argument index, the distinct values; null once a value was not known. */
export type SeenArguments = Map<number, Set<bigint> | null>

/** More distinct values than this say nothing to a profile: the argument counts as not known. */
export const valueLimit = 4096

export function newSeen(first: string): Seen {
  return { count: 0, first, ...noFailures, args: undefined }
}

/** Notes the value of one call's argument; undefined for one that is not known. */
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

/** Notes the value of one call's argument, and whether the call was refused: a value is while every call with it is. */
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

/** Counts stay whole numbers that a file can carry, whatever the input claims. */
export function sumOf(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER)
}

/** Adds `more` to `seen`. */
export function addSeen(seen: Seen, more: Seen): void {
  seen.refused = addRefused(seen, more)
  seen.args = addArguments(seen.args, seen.count, more.args, more.count)
  for (const index of seen.refused?.keys() ?? [])
    if (seen.args?.get(index) == null) seen.refused?.delete(index)
  seen.first = seen.count === 0 ? more.first : earlierPlace(seen.first, more.first)
  seen.count = sumOf(seen.count, more.count)
  seen.enosys = sumOf(seen.enosys, more.enosys)
  seen.eperm = sumOf(seen.eperm, more.eperm)
  seen.eacces = sumOf(seen.eacces, more.eacces)
  seen.injected = sumOf(seen.injected, more.injected)
}

/** The values of two sums of calls together. What one side has calls but no value of, is not known in the whole. */
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

/** Where a reader tells what it saw. */
export interface Sink {
  /** Calls of a known architecture, by libseccomp's name there. */
  seen(architecture: Architecture, name: string, seen: Seen): void
  /** Calls that no table knows, by number (decimal) or, where only that was printed, by name. */
  unknown(architecture: Architecture, what: string, seen: Seen): void
  diagnostic(diagnostic: Diagnostic): void
  /** Evidence of a container's security context. */
  context(context: ObservedContext): void
  /** What became of the lines of a source. */
  account(account: SourceSummary): void
  /** Several runs at once: how many there were. Calls told until the next endRun carry their own `runs`. */
  runs(count: number): void
  /** What was told since the last time is one run; or, where it does not count, of no run: a profile. */
  endRun(counts: boolean): void
}
