// What filters refused while they were watched, folded: the same call with the same arguments, as far as they matter to
// its filter, is one row, with how often it came, from whom, and when first and last.
import { syscallTable } from '../abi/tables.ts'
import { answerText, appliedReach, isRefusing, type Answer, type AppliedFilter } from '../meaning/index.ts'
import { refusedBy, type Sighting } from '../record/index.ts'
import { withProcess, type RefusedCall } from '../verify/index.ts'

export interface WatchedCall extends RefusedCall {
  /** The same for calls that are one row. */
  readonly key: string
  /** The container, cgroup or process. */
  readonly where: string
  readonly filter: AppliedFilter
  /** Milliseconds since 1970. */
  readonly first: number
  readonly last: number
}

const ENOSYS = 38

/** The answer that the filter gave a call that it did not let through silently; undefined where it was the kernel. */
export function answerOf(filter: AppliedFilter, sighting: Sighting): Answer | undefined {
  if (sighting.result !== 'logged') return refusedBy(filter, sighting)
  const { architecture, number, args = [] } = sighting
  const answer = number === undefined ? undefined : filter.answer(architecture, number, args)
  return answer?.action === 'SCMP_ACT_LOG' ? answer : undefined
}

export class RefusedCalls {
  readonly #rows = new Map<string, WatchedCall>()
  /** What a filter answers most of what it refuses. */
  readonly #usual = new Map<string, number | undefined>()
  /** Failed calls of filters that the kernel does not keep: whether it was the filter is not known. */
  unknown = 0

  /** The row of this sighting alone; undefined where it was no refusal. */
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
      withheld: answer.errno === ENOSYS && this.#usualOf(filter) !== ENOSYS,
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

  /** In the order in which they came first. */
  all(): readonly WatchedCall[] {
    return [...this.#rows.values()]
  }

  /** A filter that refuses with another errno says ENOSYS so that programs take another way. */
  #usualOf(filter: AppliedFilter): number | undefined {
    const { fingerprint, host } = filter
    if (this.#usual.has(fingerprint)) return this.#usual.get(fingerprint)
    const counts = new Map<number | undefined, number>()
    for (const { number } of syscallTable(host).entries)
      for (const answer of appliedReach(filter, host, number).answers.filter(isRefusing))
        counts.set(answer.errno, (counts.get(answer.errno) ?? 0) + 1)
    const [most] = [...counts].sort(([, one], [, other]) => other - one)
    this.#usual.set(fingerprint, most?.[0])
    return most?.[0]
  }
}
