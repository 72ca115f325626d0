// Which calls are made under a seccomp filter, as a trace goes by: a thread's from its own successful installation on,
// and those of whatever it starts from then on. What strace prints is not in the order of births: a child's first line
// may stand before the line that tells its parent (-f) or in a file read before its parent's (-ff), and in a pid
// namespace the parent is told another number. Calls of such a thread are kept apart until it is known.
// Authority: seccomp(2), prctl(2): a filter is inherited over clone, fork and execve, and reaches the other threads of
// the process only with SECCOMP_FILTER_FLAG_TSYNC.
import { constantValue } from '../../abi/constants.ts'
import { valuesIn } from './call-values.ts'
import type { CameBack } from './completion.ts'
import type { CallCounts } from './counts.ts'
import type { CallText } from './events.ts'
import type { Process, Thread } from './thread.ts'
import type { Threads } from './threads.ts'
import type { Subscriber } from './subscriber.ts'
import { FilterScope } from './tally.ts'

/** A call that asks for a filter: for which threads, and what its success looks like. */
export interface FilterRequest {
  readonly everyThread: boolean
  /** SECCOMP_FILTER_FLAG_NEW_LISTENER: the result is a descriptor. */
  readonly givesListener: boolean
}

type ValueAt = (index: number) => bigint | undefined

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
export function filterRequest(name: string, values: ValueAt): FilterRequest | undefined {
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
  readonly scope: FilterScope
  readonly process: Process
}

export interface AfterFilterFindings {
  readonly installed: boolean
  /** Threads that may have been started under a filter, and are counted. */
  readonly doubtful: boolean
  /** A filter was set for all threads of a process, whose files tell no order. */
  readonly unordered: boolean
}

export class AfterFilter implements Subscriber {
  readonly #counts: CallCounts
  readonly #threads: () => Threads
  readonly #outside = new FilterScope()
  /** From a fork's entry to its result: the threads inside one, and whether it makes a thread. */
  readonly #forking = new Map<Thread, boolean>()
  /** By the pid that a fork gave, until its first line: children that had no line yet. */
  readonly #announcedChildren = new Map<number, Birth>()
  /** By pid, until a fork tells of it, or the end: threads met under a filter whose parent was not told yet. */
  readonly #orphans = new Map<number, Birth>()
  /** With -ff, between the files of a thread that execve renamed and of the pid that goes on, whichever comes first. */
  readonly #renamed = new Map<number, FilterScope>()
  readonly #unrenamed = new Map<number, FilterScope>()
  /** Until a fork tells of them: children whose parent was plain before. */
  readonly #presumedChildren = new Set<number>()
  /** From the first filter on: whose threads installed one. */
  readonly #installers = new Set<FilterScope>()
  #installed = false
  #forked = false
  #unordered = false

  constructor(counts: CallCounts, threads: () => Threads) {
    this.#counts = counts
    this.#threads = threads
  }

  /** Whose calls a thread's are, when its first line is read. `inFile`: strace -ff, where files tell no order. */
  first(pid: number | undefined, inFile: boolean): Birth {
    const told = pid === undefined ? undefined : this.#announcedChildren.get(pid)
    if (pid === undefined || told !== undefined) {
      if (pid !== undefined) this.#announcedChildren.delete(pid)
      return told ?? { scope: this.#outside, process: {} }
    }
    // As long as nobody is under a filter, nobody can have been started so.
    if (!inFile && !this.#installed) {
      this.#presume(pid, this.#outside)
      return { scope: this.#outside, process: {} }
    }
    const parents = this.#possibleParents()
    const [only] = parents
    // Without forks in the trace nothing tells; with them, nobody who forks means a thread that ran before.
    if (!inFile && only === undefined && this.#forked) return { scope: this.#outside, process: {} }
    if (!inFile && only !== undefined && parents.size === 1) {
      this.#presume(pid, only)
      return { scope: only, process: {} }
    }
    const birth = { scope: new FilterScope(), process: {} }
    this.#orphans.set(pid, birth)
    return birth
  }

  #possibleParents(): ReadonlySet<FilterScope> {
    const parents = new Set<FilterScope>()
    for (const thread of this.#forking.keys()) parents.add(thread.image.scope.whole)
    for (const { scope } of this.#announcedChildren.values()) parents.add(scope.whole)
    return parents
  }

  /** Either its parent is about to tell of it, or one told under another number was this one. */
  #presume(child: number, scope: FilterScope): void {
    if (this.#forking.size > 0) return void this.#presumedChildren.add(child)
    for (const [pid, told] of this.#announcedChildren)
      if (told.scope.whole === scope) return void this.#announcedChildren.delete(pid)
  }

  entered(thread: Thread, call: CallText): void {
    const { name, text } = call
    if (!callsToWatch.includes(name)) return
    const argument: ValueAt = valuesIn(call) ?? (() => undefined)
    thread.asked = filterRequest(name, argument)
    this.#forking.delete(thread)
    if (!isFork(name)) return
    this.#forked = true
    // clone3 has its flags in memory.
    const flags = name === 'clone3' ? 0n : (argument(0) ?? 0n)
    this.#forking.set(thread, (flags & cloneThread) !== 0n || /\bCLONE_THREAD\b/.test(text))
  }

  returned(
    thread: Thread,
    name: string,
    { value: result, injected }: CameBack,
    child: number | undefined,
  ): void {
    if (child !== undefined) this.#starts(thread, child)
    if (!callsToWatch.includes(name)) return
    const { asked } = thread
    thread.asked = undefined
    // A fork without a result may have made a child all the same.
    if (result !== undefined) this.#forking.delete(thread)
    if (asked === undefined || injected || !isInstalled(asked, result)) return
    this.#installed = true
    this.#installers.add(thread.image.scope.whole)
    this.#threads().counts(thread, this.#counts.told)
    if (asked.everyThread) this.#synchronise(thread)
  }

  #synchronise(thread: Thread): void {
    const threads = this.#threads()
    const process = whole(thread.process)
    process.synchronised = true
    if (threads.inFiles) this.#unordered = true
    for (const other of threads.all())
      if (other !== thread && whole(other.process) === process) threads.counts(other, this.#counts.told)
    for (const [pid, told] of this.#announcedChildren)
      if (whole(told.process) === process)
        this.#announcedChildren.set(pid, { ...told, scope: this.#counts.told })
  }

  /** A fork came back with this pid. */
  #starts(parent: Thread, child: number): void {
    const met = this.#threads().known(child)
    const sameProcess = this.#forking.get(parent) === true
    const scope = parent.image.scope.whole
    const orphan = this.#orphans.get(child)
    const presumed = this.#presumedChildren.delete(child)
    if (orphan === undefined) {
      if (met === undefined && !presumed)
        this.#announcedChildren.set(child, { scope, process: sameProcess ? parent.process : {} })
      else if (sameProcess && met !== undefined) met.process.into = parent.process
      return
    }
    this.#orphans.delete(child)
    if (orphan.scope.whole !== scope) this.#counts.join(orphan.scope, scope)
    if (!sameProcess) return
    const synchronised = whole(orphan.process).synchronised === true
    orphan.process.into = parent.process
    if (synchronised) this.#synchronise(parent)
  }

  /** execve in this thread made it go on under the pid of its process. */
  renamed(thread: Thread, to: number): void {
    if (!this.#threads().inFiles) return
    const { whole: scope } = thread.image.scope
    const waiting = this.#unrenamed.get(to)
    this.#unrenamed.delete(to)
    if (waiting === undefined) this.#renamed.set(to, scope)
    else this.#counts.join(waiting, scope)
  }

  /** The thread of this pid is from now on what another was, of which no line is here (-ff). */
  superseded(leader: Thread): void {
    const { pid } = leader
    if (pid === undefined) return
    const known = this.#renamed.get(pid)
    const scope = known ?? new FilterScope()
    if (known === undefined) this.#unrenamed.set(pid, scope)
    else this.#renamed.delete(pid)
    this.#threads().counts(leader, scope)
  }

  /** Once, at the end: what was kept apart is counted or left out. */
  resolveOrphans(): AfterFilterFindings {
    const { inFiles } = this.#threads()
    const parents = this.#possibleParents()
    const orphans = [...this.#orphans.values()].map(({ scope }) => scope)
    // Of a set of files one is the command's own: whoever installs the first filter comes from there.
    const root = orphans.find((scope) => this.#installers.has(scope)) ?? orphans[0]
    let doubtful = false
    for (const scope of orphans) {
      const inside = this.#installed && (!this.#forked || parents.has(this.#counts.told))
      const isRoot = inFiles && scope === root
      this.#counts.join(scope, inside && !isRoot ? this.#counts.told : this.#outside)
      if (inside && !isRoot && (!this.#forked || parents.size > 1)) doubtful = true
    }
    for (const scope of this.#unrenamed.values()) this.#counts.join(scope, this.#counts.told)
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
