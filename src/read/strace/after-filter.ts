// Decides which calls are made under a seccomp filter: those of a thread after it installed a filter, and those of all
// threads that it starts afterwards. strace does not print births in order: a child's first line may precede the line
// that names its parent (-f) or stand in a file read before its parent's (-ff). In a pid namespace the fork returns
// another number. The calls of such a thread are kept apart until its parent is known. Authority: seccomp(2), prctl(2):
// clone, fork and execve inherit a filter; only SECCOMP_FILTER_FLAG_TSYNC sets it for the process's other threads.
import { constantValue } from '../../abi/constants.ts'
import { valuesIn } from './call-values.ts'
import type { CameBack } from './completion.ts'
import type { CallCounts } from './counts.ts'
import type { CallText } from './events.ts'
import { insets } from './lines.ts'
import { forks, makesProcess, type FilterRequest, type Process, type Thread } from './thread.ts'
import type { Threads } from './threads.ts'
import type { Subscriber } from './subscriber.ts'
import { FilterScope } from './tally.ts'

type ValueAt = (index: number) => bigint | undefined

const value = (name: string): bigint => constantValue(name) ?? -1n
const setModeFilter = value('SECCOMP_SET_MODE_FILTER')
const prSetSeccomp = value('PR_SET_SECCOMP')
const modeFilter = value('SECCOMP_MODE_FILTER')
const everyThread = value('SECCOMP_FILTER_FLAG_TSYNC')
const newListener = value('SECCOMP_FILTER_FLAG_NEW_LISTENER')
const cloneThread = value('CLONE_THREAD')

/** The calls whose lines the compiled code must not count. */
export const callsToWatch: readonly string[] = ['seccomp', 'prctl', ...forks]

/** The filter that a call requests; undefined if it requests none. */
function filterRequest(name: string, values: ValueAt): FilterRequest | undefined {
  if (name === 'seccomp' && values(0) === setModeFilter) {
    const flags = values(1) ?? 0n
    return { everyThread: (flags & everyThread) !== 0n, givesListener: (flags & newListener) !== 0n }
  }
  if (name === 'prctl' && values(0) === prSetSeccomp && values(1) === modeFilter)
    return { everyThread: false, givesListener: false }
  return undefined
}

/** With TSYNC, a positive result is the id of the thread that could not be synchronised. */
function isInstalled(request: FilterRequest, result: bigint | undefined): boolean {
  return result === 0n || (request.givesListener && result !== undefined && result > 0n)
}

/** The scope and process of a child that a fork named before its first line, or that has lines but no known parent. */
interface Birth {
  readonly scope: FilterScope
  readonly process: Process
}

export interface AfterFilterFindings {
  readonly installed: boolean
  /** Some counted threads may have been started before the filter. */
  readonly doubtful: boolean
  /** A filter was set for all threads of a process, and their files (-ff) show no order. */
  readonly unordered: boolean
}

export class AfterFilter implements Subscriber {
  readonly #counts: CallCounts
  readonly #threads: () => Threads
  readonly #outside = new FilterScope()
  /** The threads inside a fork, and whether the fork makes a thread. */
  readonly #forking = new Map<Thread, boolean>()
  /** By the pid that a fork returned: children that have had no line yet. */
  readonly #announcedChildren = new Map<number, Birth>()
  /** By pid: threads that appeared under a filter and whose parent no fork has named yet. */
  readonly #orphans = new Map<number, Birth>()
  /** With -ff, by the pid that remains after an execve: the renamed thread's scope, until that pid's file is read. */
  readonly #renamed = new Map<number, FilterScope>()
  /** With -ff, by the same pid: the scope of the pid itself, until the renamed thread's file is read. */
  readonly #unrenamed = new Map<number, FilterScope>()
  /** Children whose parent was inferred before a fork named them. */
  readonly #presumedChildren = new Set<number>()
  /** The scopes whose threads installed a filter. */
  readonly #installers = new Set<FilterScope>()
  #installed = false
  #forked = false
  #unordered = false

  constructor(counts: CallCounts, threads: () => Threads) {
    this.#counts = counts
    this.#threads = threads
  }

  /** The scope and process of a thread at its first line. `inFile`: strace -ff, whose files show no order. */
  first(pid: number | undefined, inFile: boolean): Birth {
    const told = pid === undefined ? undefined : this.#announcedChildren.get(pid)
    if (pid === undefined || told !== undefined) {
      if (pid !== undefined) this.#announcedChildren.delete(pid)
      return told ?? { scope: this.#outside, process: {} }
    }
    // Before the first filter, no thread can have been started under one.
    if (!inFile && !this.#installed) {
      this.#presume(pid, this.#outside)
      return { scope: this.#outside, process: {} }
    }
    const parents = this.#possibleParents()
    const [only] = parents
    // The trace shows forks, and none can have made this thread: it ran before. Without forks, its origin is unknown.
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

  /** The child belongs to a fork that has not returned, or to one that returned another number (pid namespace). */
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
    if (!makesProcess(name)) return
    this.#forked = true
    // clone3's flags are in memory: the text shows them.
    const flags = name === 'clone3' ? 0n : (argument(0) ?? 0n)
    this.#forking.set(thread, (flags & cloneThread) !== 0n || insets.thread.pattern.test(text))
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
    // A fork without a result may still have made a child.
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

  /** A fork returned this pid. */
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

  /** This thread called execve and continues under the pid of its process, `to`. */
  renamed(thread: Thread, to: number): void {
    if (!this.#threads().inFiles) return
    const { whole: scope } = thread.image.scope
    const waiting = this.#unrenamed.get(to)
    this.#unrenamed.delete(to)
    if (waiting === undefined) this.#renamed.set(to, scope)
    else this.#counts.join(waiting, scope)
  }

  /** With -ff: this pid now belongs to another thread, which called execve and whose lines are in another file. */
  superseded(leader: Thread): void {
    const { pid } = leader
    if (pid === undefined) return
    const known = this.#renamed.get(pid)
    const scope = known ?? new FilterScope()
    if (known === undefined) this.#unrenamed.set(pid, scope)
    else this.#renamed.delete(pid)
    this.#threads().counts(leader, scope)
  }

  /** Called once, at the end: counts or omits the calls that were kept apart. */
  resolveOrphans(): AfterFilterFindings {
    const { inFiles } = this.#threads()
    const parents = this.#possibleParents()
    const orphans = [...this.#orphans.values()].map(({ scope }) => scope)
    // One file of a set is the command's own: the first orphan that installed a filter, else the first orphan.
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

function whole(process: Process): Process {
  let each = process
  while (each.into !== undefined) each = each.into
  return each
}
