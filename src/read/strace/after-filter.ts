// Which calls are made under a seccomp filter, as a trace goes by: a thread's from its own successful installation on,
// and those of whatever it starts from then on. What strace prints is not in the order of births: a child's first line
// may stand before the line that tells its parent (-f) or in a file read before its parent's (-ff), and in a pid
// namespace the parent is told another number. Calls of such a thread are kept apart until it is known.
// Authority: seccomp(2), prctl(2): a filter is inherited over clone, fork and execve, and reaches the other threads of
// the process only with SECCOMP_FILTER_FLAG_TSYNC.
import { constantValue } from '../../abi/constants.ts'
import type { Counts } from './counts.ts'
import type { Process, Thread, Threads } from './process.ts'
import { Part } from './tally.ts'

/** A call that asks for a filter: for which threads, and what its success looks like. */
export interface FilterRequest {
  readonly everyThread: boolean
  /** SECCOMP_FILTER_FLAG_NEW_LISTENER: the result is a descriptor. */
  readonly givesListener: boolean
}

type Values = (index: number) => bigint | undefined

const value = (name: string): bigint => constantValue(name) ?? -1n
const setModeFilter = value('SECCOMP_SET_MODE_FILTER')
const prSetSeccomp = value('PR_SET_SECCOMP')
const modeFilter = value('SECCOMP_MODE_FILTER')
const everyThread = value('SECCOMP_FILTER_FLAG_TSYNC')
const newListener = value('SECCOMP_FILTER_FLAG_NEW_LISTENER')
const cloneThread = value('CLONE_THREAD')

/** Calls that have to be read with care for this, whatever their result. */
export const callsToWatch: readonly string[] = ['seccomp', 'prctl', 'clone', 'clone3', 'fork', 'vfork']

/** Whether a call asks for a filter. */
export function filterRequest(name: string, values: Values): FilterRequest | undefined {
  if (name === 'seccomp' && values(0) === setModeFilter) {
    const flags = values(1) ?? 0n
    return { everyThread: (flags & everyThread) !== 0n, givesListener: (flags & newListener) !== 0n }
  }
  if (name === 'prctl' && values(0) === prSetSeccomp && values(1) === modeFilter)
    return { everyThread: false, givesListener: false }
  return undefined
}

/** With TSYNC a positive result names the thread for which it failed. */
function isInstalled(request: FilterRequest, result: bigint | undefined): boolean {
  return result === 0n || (request.givesListener && result !== undefined && result > 0n)
}

/** A child that is told of and was not met, or met and not told of. */
interface Birth {
  readonly part: Part
  readonly process: Process
}

export interface AfterFilterFindings {
  readonly installed: boolean
  /** Threads that may have been started under a filter, and are counted. */
  readonly doubtful: boolean
  /** A filter was set for all threads of a process, whose files tell no order. */
  readonly unordered: boolean
}

export class AfterFilter {
  readonly #counts: Counts
  readonly #outside = new Part()
  /** Threads inside a fork, and whether it makes a thread. */
  readonly #forking = new Map<Thread, boolean>()
  /** By the pid that a fork gave: children that had no line yet. */
  readonly #told = new Map<number, Birth>()
  /** By pid: threads whose parent was not told yet. */
  readonly #unborn = new Map<number, Birth>()
  /** By the pid that goes on: what a thread that execve renamed left behind. */
  readonly #renamed = new Map<number, Part>()
  readonly #unrenamed = new Map<number, Part>()
  /** Those whose parent was plain before it was told of them. */
  readonly #foreseen = new Set<number>()
  readonly #installers = new Set<Part>()
  #installed = false
  #forked = false
  #unordered = false

  constructor(counts: Counts) {
    this.#counts = counts
  }

  /** Whose calls a thread's are, when its first line is read. `inFile`: strace -ff, where files tell no order. */
  first(pid: number | undefined, inFile: boolean): Birth {
    const told = pid === undefined ? undefined : this.#told.get(pid)
    if (pid === undefined || told !== undefined) {
      if (pid !== undefined) this.#told.delete(pid)
      return told ?? { part: this.#outside, process: {} }
    }
    // As long as nobody is under a filter, nobody can have been started so.
    if (!inFile && !this.#installed) {
      this.#foresee(pid, this.#outside)
      return { part: this.#outside, process: {} }
    }
    const parents = this.#possibleParents()
    const [only] = parents
    // Without forks in the trace nothing tells; with them, nobody who forks means a thread that ran before.
    if (!inFile && only === undefined && this.#forked) return { part: this.#outside, process: {} }
    if (!inFile && only !== undefined && parents.size === 1) {
      this.#foresee(pid, only)
      return { part: only, process: {} }
    }
    const birth = { part: new Part(), process: {} }
    this.#unborn.set(pid, birth)
    return birth
  }

  #possibleParents(): ReadonlySet<Part> {
    const parents = new Set<Part>()
    for (const thread of this.#forking.keys()) parents.add(thread.image.part.whole)
    for (const { part } of this.#told.values()) parents.add(part.whole)
    return parents
  }

  /** Either its parent is about to tell of it, or one told under another number was this one. */
  #foresee(child: number, part: Part): void {
    if (this.#forking.size > 0) return void this.#foreseen.add(child)
    for (const [pid, told] of this.#told) if (told.part.whole === part) return void this.#told.delete(pid)
  }

  /** One of `callsToWatch` is entered. `text`: its line. */
  enters(thread: Thread, name: string, values: Values | undefined, text: string): void {
    const argument: Values = values ?? (() => undefined)
    thread.asked = filterRequest(name, argument)
    this.#forking.delete(thread)
    if (!isFork(name)) return
    this.#forked = true
    // clone3 has its flags in memory.
    const flags = name === 'clone3' ? 0n : (argument(0) ?? 0n)
    this.#forking.set(thread, (flags & cloneThread) !== 0n || /\bCLONE_THREAD\b/.test(text))
  }

  /** The call that the thread entered last returned. */
  returns(thread: Thread, result: bigint | undefined, threads: Threads): void {
    const { asked } = thread
    thread.asked = undefined
    // A fork without a result may have made a child all the same.
    if (result !== undefined) this.#forking.delete(thread)
    if (asked === undefined || !isInstalled(asked, result)) return
    this.#installed = true
    this.#installers.add(thread.image.part.whole)
    threads.counts(thread, this.#counts.told)
    if (asked.everyThread) this.#synchronise(thread, threads)
  }

  #synchronise(thread: Thread, threads: Threads): void {
    const process = whole(thread.process)
    process.synchronised = true
    if (threads.inFiles) this.#unordered = true
    for (const other of threads.all())
      if (other !== thread && whole(other.process) === process) threads.counts(other, this.#counts.told)
    for (const [pid, told] of this.#told)
      if (whole(told.process) === process) this.#told.set(pid, { ...told, part: this.#counts.told })
  }

  /** A fork came back with this pid. */
  starts(parent: Thread, child: number, threads: Threads): void {
    const met = threads.known(child)
    const sameProcess = this.#forking.get(parent) === true
    const part = parent.image.part.whole
    const unborn = this.#unborn.get(child)
    const foreseen = this.#foreseen.delete(child)
    if (unborn === undefined) {
      if (met === undefined && !foreseen)
        this.#told.set(child, { part, process: sameProcess ? parent.process : {} })
      else if (sameProcess && met !== undefined) met.process.into = parent.process
      return
    }
    this.#unborn.delete(child)
    if (unborn.part.whole !== part) this.#counts.join(unborn.part, part)
    if (!sameProcess) return
    const synchronised = whole(unborn.process).synchronised === true
    unborn.process.into = parent.process
    if (synchronised) this.#synchronise(parent, threads)
  }

  /** execve in this thread made it go on under the pid of its process. */
  renamed(thread: Thread, to: number): void {
    const { whole: part } = thread.image.part
    const waiting = this.#unrenamed.get(to)
    this.#unrenamed.delete(to)
    if (waiting === undefined) this.#renamed.set(to, part)
    else this.#counts.join(waiting, part)
  }

  /** The thread of this pid is from now on what another was, of which no line is here (-ff). */
  superseded(leader: Thread, threads: Threads): void {
    const { pid } = leader
    if (pid === undefined) return
    const known = this.#renamed.get(pid)
    const part = known ?? new Part()
    if (known === undefined) this.#unrenamed.set(pid, part)
    else this.#renamed.delete(pid)
    threads.counts(leader, part)
  }

  /** Once, at the end: what was kept apart is counted or left out. */
  settle(threads: Threads): AfterFilterFindings {
    const parents = this.#possibleParents()
    const orphans = [...this.#unborn.values()].map(({ part }) => part)
    // Of a set of files one is the command's own: whoever installs the first filter comes from there.
    const root = orphans.find((part) => this.#installers.has(part)) ?? orphans[0]
    let doubtful = false
    for (const part of orphans) {
      const inside = this.#installed && (!this.#forked || parents.has(this.#counts.told))
      const isRoot = threads.inFiles && part === root
      this.#counts.join(part, inside && !isRoot ? this.#counts.told : this.#outside)
      if (inside && !isRoot && (!this.#forked || parents.size > 1)) doubtful = true
    }
    for (const part of this.#unrenamed.values()) this.#counts.join(part, this.#counts.told)
    return { installed: this.#installed, doubtful, unordered: this.#unordered }
  }
}

function isFork(name: string): boolean {
  return name === 'clone' || name === 'clone3' || name === 'fork' || name === 'vfork'
}

function whole(process: Process): Process {
  let each = process
  while (each.into !== undefined) each = each.into
  return each
}
