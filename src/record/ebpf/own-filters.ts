// Finds the calls that the filters of the recorded workload refuse, as `watch` does: a filter's own answer to the
// arguments tells its refusals from the kernel's. A call that only looks missing (ENOSYS, not the filter's usual errno)
// is left out: the program takes another way, and that way is recorded.
import { callName } from '../../abi/tables.ts'
import { appliedReach, isRefusing, isWithheld } from '../../meaning/index.ts'
import type { Diagnostic } from '../../read/diagnostics.ts'
import { refusedBy } from '../refused-by.ts'
import type { AssemblyLine } from './assembler.ts'
import type { Watched } from './watched/programs.ts'
import { WatchSession, type Sighting } from './watched/session.ts'

/** How often the kernel's counts are read. Milliseconds. */
const pace = 200

interface RefusedRow {
  readonly cgroup: bigint
  readonly call: string
  /** The arguments that decided, if the filter allows the call for other arguments; else empty. */
  readonly arguments: string
  count: number
}

export class OwnFilters {
  readonly #session: WatchSession
  readonly #timer: NodeJS.Timeout
  readonly #rows = new Map<string, RefusedRow>()
  /** The cgroups with failed calls under a filter that the kernel does not keep. */
  readonly #unknown = new Set<bigint>()
  /** Called with each call that a filter may have refused or logged. */
  onSighting: (sighting: Sighting) => void = () => undefined

  private constructor(session: WatchSession) {
    this.#session = session
    this.#timer = setInterval(() => this.#take(), pace).unref()
  }

  /**
   * Undefined if this kernel does not take the programs; they need Linux 5.15. The recording's program at sys_exit runs
   * `atExit`, because a second program there would cost every call more.
   */
  static async start(watched: Watched, processes: readonly number[] = []): Promise<OwnFilters | undefined> {
    try {
      return new OwnFilters(await WatchSession.besides(watched, processes))
    } catch {
      return undefined
    }
  }

  get atExit(): readonly AssemblyLine[] {
    return this.#session.atExit
  }

  /** Also watches these processes, if processes are watched. */
  include(processes: readonly number[]): void {
    this.#session.include(processes)
  }

  /**
   * The refused calls in the cgroups that are `theirs`, as diagnostics about the source. Undefined if it is unknown
   * for some failed call whether a filter refused it.
   */
  refused(
    source: string,
    theirs: (cgroup: bigint) => boolean = () => true,
  ): readonly Diagnostic[] | undefined {
    this.#take()
    if ([...this.#unknown].some(theirs)) return undefined
    return [...this.#rows.values()]
      .filter(({ cgroup }) => theirs(cgroup))
      .map(({ call, arguments: values, count }) => ({
        code: 'refused-by-filter',
        at: source,
        count,
        facts: { call, ...(values !== '' && { arguments: values }) },
      }))
  }

  /** The number of calls that found no room. */
  lost(): number {
    return this.#session.lost()
  }

  /** Frees the data of these cgroups. */
  forget(cgroups: ReadonlySet<bigint>): void {
    for (const [key, { cgroup }] of this.#rows) if (cgroups.has(cgroup)) this.#rows.delete(key)
    for (const cgroup of cgroups) this.#unknown.delete(cgroup)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#session.close()
  }

  #take(): void {
    for (const sighting of this.#session.take()) {
      this.onSighting(sighting)
      this.#add(sighting)
    }
  }

  #add(sighting: Sighting): void {
    const { filter, architecture, number, args, cgroup, count } = sighting
    if (filter === undefined || number === undefined || args === undefined)
      return void this.#unknown.add(cgroup)
    const answer = sighting.result === 'logged' ? undefined : refusedBy(filter, sighting)
    if (answer === undefined || isWithheld(filter, answer)) return
    const { answers, arguments: indexes } = appliedReach(filter, architecture, number)
    const deciding = answers.every(isRefusing)
      ? ''
      : indexes.map((index) => `${index} is ${args[index] ?? 0n}`).join(', ')
    const call = callName(architecture, number)
    const key = [cgroup, architecture, call, deciding].join(' ')
    const row = this.#rows.get(key) ?? { cgroup, call, arguments: deciding, count: 0 }
    row.count += count
    this.#rows.set(key, row)
  }
}
