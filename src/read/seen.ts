// What a reader has to tell: calls, with how often and where first, and what became of the lines. Readers that see
// every call on its own and readers that only have counts speak the same words.
import type { Architecture } from '../abi/architectures.ts'
import type { SourceAccount } from './account.ts'
import type { Diagnostic } from './diagnostics.ts'
import { earlierPlace } from './place.ts'

/** Everything seen of one call. Adding up is associative and commutative. */
export interface Seen {
  count: number
  /** `source:line` of the first. */
  first: string
  /** How many failed with ENOSYS, by the kernel's own answer. */
  enosys: number
  /** By argument index, the distinct values; null once a value was not known. */
  args: Map<number, Set<bigint> | null> | undefined
}

/** More distinct values than this say nothing to a profile: the argument counts as not known. */
export const valueLimit = 4096

export function newSeen(first: string): Seen {
  return { count: 0, first, enosys: 0, args: undefined }
}

export function noteValue(seen: Seen, index: number, value: bigint | undefined): void {
  seen.args ??= new Map()
  const values = seen.args.get(index)
  if (values === null) return
  if (value === undefined) seen.args.set(index, null)
  else if (values === undefined) seen.args.set(index, new Set([value]))
  else if (values.size < valueLimit) values.add(value)
  else if (!values.has(value)) seen.args.set(index, null)
}

/** Adds `more` to `seen`. An argument that one side has calls without a value for is not known in the sum. */
export function addSeen(seen: Seen, more: Seen): void {
  if (more.args !== undefined || seen.args !== undefined) {
    const indexes = new Set([...(seen.args?.keys() ?? []), ...(more.args?.keys() ?? [])])
    for (const index of indexes) {
      const mine = seen.count === 0 ? new Set<bigint>() : seen.args?.get(index)
      const theirs = more.count === 0 ? new Set<bigint>() : more.args?.get(index)
      const values = mine == null || theirs == null ? null : new Set([...mine, ...theirs])
      seen.args ??= new Map()
      seen.args.set(index, values !== null && values.size > valueLimit ? null : values)
    }
  }
  seen.first = seen.count === 0 ? more.first : earlierPlace(seen.first, more.first)
  seen.count += more.count
  seen.enosys += more.enosys
}

/** Where a reader tells what it saw. */
export interface Sink {
  /** Calls of a known architecture, by libseccomp's name there. */
  seen(architecture: Architecture, name: string, seen: Seen): void
  /** Calls that no table knows, by number (decimal) or, where only that was printed, by name. */
  unknown(architecture: Architecture, what: string, seen: Seen): void
  diagnostic(diagnostic: Diagnostic): void
  /** What became of the lines of a source. */
  account(account: SourceAccount): void
}
