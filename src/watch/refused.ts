// Folds what filters refused while they were watched. Calls that differ in no argument that matters to their filter are
// one row, with its count, its processes, and the first and last time.
import { syscallTable } from '../abi/tables.ts'
import { answerText, appliedReach, isWithheld, type Answer, type AppliedFilter } from '../meaning/index.ts'
import { refusedBy, type Sighting } from '../record/index.ts'
import { withProcess, type RefusedCall } from '../verify/index.ts'

export interface WatchedCall extends RefusedCall {
  /** Equal for calls of one row. */
  readonly key: string
  readonly where: string
  readonly filter: AppliedFilter
  /** Milliseconds since 1970. */
  readonly first: number
  readonly last: number
}

/** The filter's answer, if it refused or logged the call; undefined if the kernel refused it. */
export function answerOf(filter: AppliedFilter, sighting: Sighting): Answer | undefined {
  if (sighting.result !== 'logged') return refusedBy(filter, sighting)
  const { architecture, number, args = [] } = sighting
  const answer = number === undefined ? undefined : filter.answer(architecture, number, args)
  return answer?.action === 'SCMP_ACT_LOG' ? answer : undefined
}

export class RefusedCalls {
  readonly #rows = new Map<string, WatchedCall>()
  /** Failed calls under filters that the kernel does not keep: whether the filter refused them is unknown. */
  unknown = 0

  /** The row of this sighting alone; undefined if it is not a refusal. */
  add(where: string, sighting: Sighting): WatchedCall | undefined {
    const { filter, architecture, number, args, count, pid, comm, first, last } = sighting
    if (filter === undefined || number === undefined || args === undefined) {
      this.unknown += count
      return undefined
    }
    const answer = answerOf(filter, sighting)
    if (answer === undefined) return undefined
    const matter = appliedReach(filter, architecture, number).arguments.map((index) => args[index] ?? 0n)
    const key = [where, filter.fingerprint, architecture, number, answerText(answer), ...matter].join(' ')
    const before = this.#rows.get(key)
    const own: WatchedCall = {
      key,
      where,
      filter,
      architecture,
      number,
      args: before?.args ?? args,
      syscall: syscallTable(architecture).byNumber(number)?.name,
      answer,
      count,
      processes: [{ pid, comm, count }],
      withheld: isWithheld(filter, answer),
      first,
      last,
    }
    this.#rows.set(key, {
      ...own,
      count: count + (before?.count ?? 0),
      processes: withProcess(before?.processes ?? [], { pid, comm, count }),
      first: Math.min(first, before?.first ?? first),
    })
    return own
  }

  /** All rows, in the order of their first sighting. */
  all(): readonly WatchedCall[] {
    return [...this.#rows.values()]
  }
}
