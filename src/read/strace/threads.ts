// The threads of a trace: which thread a line belongs to, which call the thread is inside, and which program it runs.
// strace prints pids only while there are several threads (stderr) or with -f -o; otherwise the order of the lines
// decides. Authority: printleader() and droptcb() in strace; clone(2), execve(2).
import type { NameId, Names } from './names.ts'
import type { AfterFilter } from './after-filter.ts'
import { type FilterScope, Tally, type TallyEntry } from './tally.ts'
import { forks, Image, Thread, type Process } from './thread.ts'

/** How many threads are kept at once (a kernel allows 2^22). Beyond this the oldest thread is dropped. */
const threadLimit = 8192
/** How many pids that had a line are remembered. */
const metLimit = 65536
const spareLimit = 64
/** With more threads than this, the threads are not searched. */
const searchLimit = 256

export class Threads {
  /** By pid, the threads that had a line with their pid and have not ended. */
  readonly #byPid = new Map<number, Thread>()
  /** The thread of lines without a pid, until it ends or a line names its pid. */
  #lone: Thread | undefined
  /** By the child's pid that a fork returned: the parent, until the child's first line. */
  readonly #expected = new Map<number, Thread>()
  /** By the pid in "Process N attached": the presumed parent, until the child's first line. */
  readonly #announced = new Map<number, Thread | undefined>()
  /** The expected children that are threads of their parent's group. */
  readonly #inGroup = new Set<number>()
  /** The pids that had a line, up to metLimit. */
  readonly #met = new Set<number>()
  /** The thread of the last line; undefined before the first line of a run. */
  #last: Thread | undefined
  readonly #close: (image: Image) => void
  readonly #forks: ReadonlySet<NameId>
  readonly #spare: (TallyEntry | undefined)[][] = []
  /** Whether the trace shows both a thread and the thread that made it. */
  #followed = false
  /** Whether a thread appeared that neither "Process N attached" nor a fork announced. */
  unannounced = false
  /** The scope of all threads, unless afterFilter decides it for each. */
  readonly #scope: FilterScope
  readonly #afterFilter: AfterFilter | undefined
  /** Whether every thread has a file of its own (-ff). */
  inFiles = false

  constructor(
    names: Names,
    close: (image: Image) => void,
    scope: FilterScope,
    afterFilter: AfterFilter | undefined,
  ) {
    this.#close = close
    this.#scope = scope
    this.#afterFilter = afterFilter
    this.#forks = new Set([...forks].map((name) => names.id(name)))
  }

  /** A new image. It reuses the array of a closed image: a new array per process would take most of the time. */
  #image(scope: FilterScope, parent?: Image): Image {
    const image = new Image(new Tally(this.#spare.pop()), scope, parent)
    if (parent?.settledIn !== undefined) {
      image.candidates = parent.candidates
      // In another scope, the first call decides where calls are counted.
      if (parent.scope.whole === scope.whole) image.settledIn = parent.settledIn
    }
    return image
  }

  /** The scope and process of a thread at its first line. */
  #first(pid: number | undefined): { readonly scope: FilterScope; readonly process: Process } {
    return this.#afterFilter?.first(pid, this.inFiles) ?? { scope: this.#scope, process: {} }
  }

  #shut(image: Image): void {
    this.#close(image)
    if (this.#spare.length < spareLimit) this.#spare.push(image.tally.recycle())
  }

  /** The thread of a line. `resuming`: the call in `<... name resumed>`. */
  of(pid: number | undefined, resuming: NameId = -1): Thread {
    const known = this.known(pid)
    // A call after exit or exit_group comes from a new thread with the same pid.
    if (known?.isLeaving === true) this.#drop(known)
    const thread = pid === undefined ? this.#unnamed() : (this.#byPid.get(pid) ?? this.#meet(pid, resuming))
    this.#last = thread
    return thread
  }

  #unnamed(): Thread {
    if (this.#lone !== undefined) return this.#lone
    const only = this.#only((thread) => !thread.isLeaving && !thread.isEnding)
    if (only !== undefined) return only
    if (this.#announced.size !== 1) this.unannounced = true
    const { scope, process } = this.#first(undefined)
    return (this.#lone = new Thread(undefined, this.#image(scope), undefined, process))
  }

  /** The only thread with a pid that `fits`; undefined if there is none or several. */
  #only(fits: (thread: Thread) => boolean): Thread | undefined {
    let found: Thread | undefined
    // strace leaves out the pid only if few threads are left.
    if (this.#byPid.size > searchLimit) return undefined
    for (const thread of this.#byPid.values()) {
      if (!fits(thread)) continue
      if (found !== undefined) return undefined
      found = thread
    }
    return found
  }

  /** The thread whose end a line reports. */
  leaving(pid: number | undefined): Thread {
    const known =
      pid === undefined ? (this.#lone ?? this.#only((thread) => thread.isLeaving)) : this.#byPid.get(pid)
    return known ?? this.of(pid)
  }

  #meet(pid: number, resuming: NameId): Thread {
    const lone = this.#lone
    const told = this.#expected.has(pid) || this.#announced.has(pid)
    if (lone !== undefined && !told && lone.pending === resuming) {
      // strace starts to print pids when a second thread appears: this is the first thread.
      this.#lone = undefined
      lone.pid = pid
      this.#byPid.set(pid, lone)
      return lone
    }
    const made = this.#expected.get(pid) ?? this.#forking()
    const parent = made ?? this.#announced.get(pid)
    if (made !== undefined) this.#followed = true
    else if (!this.#announced.has(pid)) this.unannounced = true
    this.#expected.delete(pid)
    this.#announced.delete(pid)
    if (this.#met.size < metLimit) this.#met.add(pid)
    const { scope, process } = this.#first(pid)
    const thread = new Thread(pid, this.#image(scope, parent?.image), parent?.mode, process)
    if (parent !== undefined && (this.#inGroup.delete(pid) || parent.makesThread)) joinGroup(thread, parent)
    this.#byPid.set(pid, thread)
    if (this.#byPid.size > threadLimit) this.#forgetOldest()
    return thread
  }

  /** The thread that is inside a fork; undefined if there is none or several. */
  #forking(): Thread | undefined {
    let found: Thread | undefined
    const inside = (thread: Thread): boolean => this.#forks.has(thread.pending)
    if (this.#lone !== undefined && inside(this.#lone)) found = this.#lone
    // Searching very many threads for every new one would take quadratic time.
    if (this.#byPid.size > searchLimit) return found
    for (const thread of this.#byPid.values()) {
      if (!inside(thread)) continue
      if (found !== undefined) return undefined
      found = thread
    }
    return found
  }

  #forgetOldest(): void {
    for (const [pid, thread] of this.#byPid) {
      this.#byPid.delete(pid)
      this.#shut(thread.image)
      return
    }
  }

  /** A fork returned this pid. `isThread`: the child is a thread of the parent's group. */
  expect(child: number, parent: Thread, isThread: boolean): void {
    const met = this.#byPid.get(child)
    if (isThread && met !== undefined) joinGroup(met, parent)
    else if (isThread && this.#inGroup.size < metLimit) this.#inGroup.add(child)
    if (this.#met.has(child) || this.#announced.has(child)) this.#followed = true
    if (this.#byPid.has(child)) return
    if (this.#announced.has(child)) return void this.#announced.set(child, parent)
    if (this.#expected.size >= threadLimit) this.#expected.clear()
    this.#expected.set(child, parent)
  }

  /** `strace: Process N attached`. */
  attached(pid: number): void {
    if (this.#byPid.has(pid)) return
    const parent = this.#expected.get(pid)
    if (parent !== undefined) this.#followed = true
    this.#expected.delete(pid)
    if (this.#announced.size >= threadLimit) this.#announced.clear()
    this.#announced.set(pid, parent ?? this.#forking() ?? this.#last)
  }

  /** Whether forks returned children and none of them was followed. */
  get unseenChildren(): boolean {
    return this.#expected.size > 0 && !this.#followed
  }

  /** After a successful execve the thread runs another program. */
  replaced(thread: Thread): void {
    this.#shut(thread.image)
    thread.image = this.#image(thread.image.scope)
  }

  /** From its next call on, the thread's calls are counted with another scope. */
  counts(thread: Thread, scope: FilterScope): void {
    const { image } = thread
    if (image.scope.whole === scope.whole) return
    thread.image = this.#image(scope, image)
    this.#shut(image)
  }

  /** The thread of this pid, or of lines without a pid, if it has not ended. */
  known(pid: number | undefined): Thread | undefined {
    return pid === undefined ? this.#lone : this.#byPid.get(pid)
  }

  *all(): Generator<Thread> {
    if (this.#lone !== undefined) yield this.#lone
    yield* this.#byPid.values()
  }

  /** `L +++ superseded by execve in pid N +++`: thread N takes the leader's pid and stays inside its call. */
  superseded(leader: Thread, by: number): void {
    const other = this.#byPid.get(by)
    if (other === undefined) return void (this.inFiles && this.#afterFilter?.superseded(leader))
    leader.pending = other.pending
    this.counts(leader, other.image.scope)
    this.#drop(other)
  }

  ended(thread: Thread): void {
    this.#drop(thread)
  }

  knows(pid: number): boolean {
    return this.#byPid.has(pid)
  }

  /** exit_group: the other threads of the group end as well. */
  groupEnds({ group }: Thread): void {
    if (!group.isShared) return
    for (const thread of this.#byPid.values()) if (thread.group === group) thread.isEnding = true
  }

  /** The file of this thread ends (-ff): the call that it was inside gets no rest. */
  forget(pid: number): void {
    const thread = this.#byPid.get(pid)
    if (thread !== undefined) this.#drop(thread)
  }

  /** Any thread that is inside this call, for a second half that carries another pid. */
  inside(call: NameId): Thread | undefined {
    if (this.#lone?.pending === call) return this.#lone
    for (const thread of this.#byPid.values()) if (thread.pending === call) return thread
    return undefined
  }

  /** The thread of lines without a pid, if it is inside this call. */
  unnamedInside(call: NameId): Thread | undefined {
    return this.#lone?.pending === call ? this.#lone : undefined
  }

  /** Whether any thread has not ended yet. */
  get any(): boolean {
    return this.#lone !== undefined || this.#byPid.size > 0
  }

  #drop(thread: Thread): void {
    if (this.#lone === thread) this.#lone = undefined
    else if (thread.pid !== undefined) this.#byPid.delete(thread.pid)
    this.#shut(thread.image)
  }

  /** Drops every thread: the next lines belong to another run. */
  end(): void {
    for (const thread of this.#byPid.values()) this.#shut(thread.image)
    if (this.#lone !== undefined) this.#shut(this.#lone.image)
    this.#byPid.clear()
    this.#lone = undefined
    this.#last = undefined
  }
}

function joinGroup(thread: Thread, parent: Thread): void {
  thread.group = parent.group
  parent.group.isShared = true
}
