// Which threads are under a seccomp filter, as a trace goes by: from a thread's own successful installation on, and
// whatever it starts from then on. Pure: it is told what threads do and says whether a call of theirs counts.
// Authority: seccomp(2), prctl(2): a filter is inherited over clone, fork and execve, and reaches the other threads of
// the process only with SECCOMP_FILTER_FLAG_TSYNC.

/** SECCOMP_SET_MODE_FILTER of seccomp(2), PR_SET_SECCOMP and SECCOMP_MODE_FILTER of prctl(2), SECCOMP_FILTER_FLAG_TSYNC. */
const setModeFilter = 1n
const prSetSeccomp = 22n
const modeFilter = 2n
const everyThread = 1n

/** Whether a call asks for a filter, and for which threads; undefined where it does not. */
export function filterRequest(
  name: string,
  args: readonly (bigint | undefined)[],
): 'thread' | 'process' | undefined {
  const [first, second] = args
  if (name === 'seccomp' && first === setModeFilter)
    return second !== undefined && (second & everyThread) !== 0n ? 'process' : 'thread'
  if (name === 'prctl' && first === prSetSeccomp && second === modeFilter) return 'thread'
  return undefined
}

export class AfterFilter {
  readonly #filtered = new Set<number>()
  readonly #asking = new Map<number, 'thread' | 'process'>()
  /** By thread, its process as far as it is known. */
  readonly #processes = new Map<number, number>()

  /** A call is entered. True: it is made under a filter. The installation itself is not. */
  enters(thread: number, name: string, args: readonly (bigint | undefined)[] = []): boolean {
    const request = filterRequest(name, args)
    if (request === undefined) this.#asking.delete(thread)
    else this.#asking.set(thread, request)
    return this.#filtered.has(thread)
  }

  /** The call that the thread entered last returned. Only 0 installs a filter. */
  returns(thread: number, result: bigint | undefined): void {
    const request = this.#asking.get(thread)
    this.#asking.delete(thread)
    if (request === undefined || result !== 0n) return
    this.#filtered.add(thread)
    if (request === 'thread') return
    const process = this.#processOf(thread)
    for (const other of this.#processes.keys())
      if (this.#processOf(other) === process) this.#filtered.add(other)
    this.#filtered.add(process)
  }

  /** A thread or process was started. It has its parent's filters, as they are now. */
  starts(parent: number, child: number, sameProcess: boolean): void {
    // A number that is used again is another thread.
    this.ends(child)
    if (this.#filtered.has(parent)) this.#filtered.add(child)
    this.#processes.set(child, sameProcess ? this.#processOf(parent) : child)
  }

  ends(thread: number): void {
    this.#filtered.delete(thread)
    this.#asking.delete(thread)
    this.#processes.delete(thread)
  }

  #processOf(thread: number): number {
    return this.#processes.get(thread) ?? thread
  }
}
