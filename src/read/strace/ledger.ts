// Counts the calls of events: each once, at its entry, whatever its result, with its thread, its possible architectures
// and the requested values. Also decides what a rest without an entry means. Subscribers get the calls one by one.
import type { Architecture } from '../../abi/architectures.ts'
import { architectureOfAuditName } from '../../abi/audit-names.ts'
import { scalarsInMemory } from '../../abi/scalars.ts'
import type { DiagnosticLog } from '../diagnostics.ts'
import { noteFailure } from '../failures.ts'
import type { ReaderOptions } from '../reader.ts'
import { AfterFilter } from './after-filter.ts'
import { type Candidates, anyArchitecture, candidates, candidatesOf, modes, pickAbi } from './architecture.ts'
import { CallRecords } from './call-records.ts'
import { StraceContext } from './context/index.ts'
import { AskedValues } from './asked-values.ts'
import { isByFilter, isFault } from './by-filter.ts'
import { failureIn, type CameBack } from './completion.ts'
import { CallCounts } from './counts.ts'
import type { CallText, Event, Lost, Mode, Returned, Signal } from './events.ts'
import { ExecutedPrograms } from './executed.ts'
import { FilteredResults } from './filtered-results.ts'
import { insets } from './lines.ts'
import { MachineEvidence } from './machine-evidence.ts'
import { Names, type NameId } from './names.ts'
import { isUnreadable } from './parse-line.ts'
import { endsThread, makesProcess, replacesProgram, noValues, type Thread } from './thread.ts'
import { Threads } from './threads.ts'
import type { Mention } from './resolve-abi.ts'
import type { Run } from './run.ts'
import type { Subscriber } from './subscriber.ts'
import type { TallyEntry } from './tally.ts'
import { forgetTry, noteRefused } from './tries.ts'

/** How many mentions are kept: more would be repetitions. */
const mentionLimit = 65536
const ofI386 = candidates(['x86'])
/** No pid of Linux is greater (PID_MAX_LIMIT). */
const pidLimit = 4194304

export class Ledger {
  readonly names = new Names()
  readonly machine = new MachineEvidence()
  readonly counts = new CallCounts(this.names, this.machine)
  readonly threads: Threads
  /** The indexes of the arguments to read, by printed name. */
  readonly wanted: ReadonlyMap<string, readonly number[]>
  readonly #options: ReaderOptions
  readonly #diagnostics: DiagnosticLog
  readonly #run: Run
  /** Set if only calls made under a filter are requested. */
  readonly afterFilter: AfterFilter | undefined
  readonly results: FilteredResults | undefined
  /** Set if the executed programs are requested. */
  readonly executed: ExecutedPrograms | undefined
  /** Set if the evidence of a security context is requested. */
  readonly context: StraceContext | undefined
  readonly #subscribers: readonly Subscriber[]
  readonly #values: AskedValues
  /** The calls that a line only mentions. */
  readonly mentions: Mention[] = []
  /** By pid, the execves that came back without an entry. With -ff, the entry may be in a file that is read later. */
  readonly #orphanExecves = new Map<number, { source: number; line: number }[]>()
  /** With -ff, by pid: how many threads strace followed to the pid. Each of them entered an execve in its own file. */
  readonly #changedPids = new Map<number, number>()
  /** The thread of the call that was cut last, until its rest. */
  #cut: Thread | undefined
  /** Whether this source has the end of a thread before any call. */
  #endsFirst = false
  /** How many calls this source had after its last execve that replaced a program. */
  #callsAtExecve: number | undefined
  /** Lines read and calls counted in this source. */
  lines = 0
  calls = 0
  /** Whether strace announced the mode of any process. */
  announced = false
  /** The pid in the name of this source (-ff). */
  #filePid: number | undefined

  constructor(options: ReaderOptions, diagnostics: DiagnosticLog, run: Run) {
    this.#options = options
    this.#diagnostics = diagnostics
    this.#run = run
    this.wanted = new Map([...options.arguments, ...scalarsInMemory])
    const { counts, names } = this
    this.afterFilter = options.afterFilter === true ? new AfterFilter(counts, () => this.threads) : undefined
    this.threads = new Threads(names, (image) => counts.close(image), counts.told, this.afterFilter)
    const abi = (thread: Thread, call: CallText): Architecture | undefined => this.#abiOf(thread, call)
    this.#values = new AskedValues(this, diagnostics)
    const { record, returned, executed } = options
    this.results = returned && new FilteredResults(returned.wanted, abi)
    this.executed = executed && new ExecutedPrograms(executed)
    this.context = options.context === true ? new StraceContext(() => this.source) : undefined
    // afterFilter is last, because it changes the scope: the installation itself returns in the old scope.
    this.#subscribers = [
      record && new CallRecords(this.wanted, record, () => this.source, abi),
      this.results,
      this.executed,
      this.context,
      this.afterFilter,
    ].filter((each) => each !== undefined)
  }

  startSource(name: string, pid: number | undefined): void {
    this.counts.sources.push(name)
    this.#filePid = pid
    this.threads.inFiles = pid !== undefined
    this.lines = 0
    this.calls = 0
    this.#endsFirst = false
    this.#callsAtExecve = undefined
  }

  /** Drops the thread of a file of its own (-ff), else all threads: the next lines belong to another run. */
  endSource(): void {
    if (this.#endsFirst && this.#callsAtExecve === this.calls)
      this.#diagnostics.add('newest-first', this.source, 1)
    if (this.#filePid !== undefined) this.threads.forget(this.#filePid)
    else this.threads.end()
  }

  get source(): string {
    return this.counts.sources[this.counts.source] as string
  }

  /** The thread of a line. `resuming`: the call in `<... name resumed>`. */
  threadOf(pid: number | undefined, resuming?: NameId): Thread {
    return this.threads.of(pid ?? this.#filePid, resuming)
  }

  /** The thread of a line if it had one before and has not ended. */
  known(pid: number | undefined): Thread | undefined {
    return this.threads.known(pid ?? this.#filePid)
  }

  /** The thread of the call that waits for its rest. */
  get cutThread(): Thread | undefined {
    return this.#cut
  }

  /** Other code counted a call of this thread, and the call waits for its rest. */
  waits(thread: Thread | undefined): void {
    this.#cut = thread
  }

  on(event: Event): void {
    switch (event.kind) {
      case 'entered':
        return this.#entered(event.call)
      case 'returned':
        return this.#returned(event)
      case 'lost':
        return this.#lost(event)
      case 'signal':
        return this.#signal(event)
      case 'exit': {
        if (this.calls === 0) this.#endsFirst = true
        const thread = this.threads.leaving(event.pid ?? this.#filePid)
        if (event.by !== undefined) {
          const by = this.threads.known(event.by)
          if (by !== undefined) this.#tell((each) => each.superseded?.(thread, by))
          return this.threads.superseded(thread, event.by)
        }
        if (isFault(event.signal))
          this.#diagnostics.add('killed', this.source, event.line, { signal: event.signal })
        if (event.how === 'killed by a filter') this.#tell((each) => each.endedByFilter?.(thread))
        return this.threads.ended(thread)
      }
      case 'mode':
        return this.#mode(event)
      case 'attached':
        if (this.#run.calls + this.calls === 0) this.#run.attachedFirst = true
        return this.threads.attached(event.pid)
    }
  }

  #tell(what: (subscriber: Subscriber) => void): void {
    for (const each of this.#subscribers) what(each)
  }

  #entered(call: CallText): void {
    const { prefix, name, line, completion } = call
    const id = this.names.id(name)
    const thread = this.threadOf(prefix.pid)
    if (isUnreadable(name)) {
      // strace could not read which call it is: nothing is counted, and a message says so.
      this.#diagnostics.add('unknown-call', this.source, line, { call: name })
      if (completion.kind === 'unfinished') thread.pending = id
      return
    }
    if (this.names.candidates(id) === 0) this.machine.unknown(name)
    // strace -D attaches to the process that then becomes the program.
    if (this.#run.calls + this.calls === 0 && replacesProgram(name)) this.#run.attachedFirst = false
    const isFork = makesProcess(name)
    if (isFork && insets.segment.pattern.test(call.text)) this.counts.shows(thread, ofI386)
    this.#values.note(this.#count(thread, id, prefix.number, line), thread, call)
    thread.makesThread = isFork && insets.thread.pattern.test(call.text)
    const restarted = name === 'restart_syscall' ? insets.resuming.pattern.exec(call.text)?.[1] : undefined
    if (restarted !== undefined && this.names.isKnown(restarted) && this.#isAsked(thread))
      this.#mention(thread, restarted, undefined, line, candidatesOf(name, prefix.number))
    this.#tell((each) => each.entered?.(thread, call))
    if (completion.kind === 'returned' || completion.kind === 'abandoned') return
    thread.pending = id
    if (completion.kind !== 'unfinished') this.#cut = thread
  }

  #count(thread: Thread, id: NameId, number: number | undefined, line: number): TallyEntry {
    this.calls++
    const entry = this.counts.entry(thread, id, number, line)
    entry.count++
    return entry
  }

  #returned({ half, call }: Returned): void {
    if (half === 'rest') return this.#rest(call)
    const id = this.names.id(call.name)
    const thread = half === 'at once' ? this.threadOf(call.prefix.pid) : this.#resumed(call, id)
    const { completion, prefix } = call
    if (completion.kind === 'returned') this.#comesBack(thread, id, prefix.number, completion, call)
    else if (completion.kind === 'open' || completion.kind === 'interrupted') this.#cut = thread
  }

  /** The thread of a second half. A second half without a first one is counted as a call. */
  #resumed(call: CallText, id: NameId): Thread {
    const { prefix, name, line } = call
    const pid = prefix.pid ?? this.#filePid
    const thread = this.threads.of(pid, id)
    const exec = replacesProgram(name)
    let entered = thread.pending === id ? thread : this.threads.unnamedInside(id)
    // execve in a thread other than the first one comes back under the pid of the first one.
    if (entered === undefined && (exec || pid === undefined)) entered = this.threads.inside(id)
    if (entered !== undefined) {
      entered.pending = -1
      this.#values.awaited(entered, call)
    }
    thread.pending = -1
    if (entered === undefined && !isUnreadable(name) && !isChildsReturn(call)) {
      if (exec && pid !== undefined) this.#orphanExecve(pid, line)
      else {
        const entry = this.#count(thread, id, prefix.number, line)
        this.#values.unknown(entry, name)
        // A thread may be inside one call when strace attaches to it.
        if (++thread.unbegun > 1) this.#diagnostics.add('newest-first', this.source, line)
      }
    }
    if (call.completion.kind === 'unfinished') thread.pending = id
    return thread
  }

  /** The second half of the call that was cut. */
  #rest(call: CallText): void {
    const thread = this.#cut
    this.#cut = undefined
    if (thread === undefined || thread.pending === -1) return
    const { pending } = thread
    const { completion } = call
    this.#values.awaited(thread, { ...call, name: this.names.name(pending) })
    if (completion.kind === 'unfinished') return
    thread.pending = -1
    if (completion.kind === 'returned') this.#comesBack(thread, pending, undefined, completion, call)
  }

  #comesBack(thread: Thread, id: NameId, number: number | undefined, result: CameBack, call: CallText): void {
    const name = this.names.name(id)
    this.#outcome(thread, id, number, result, call.line)
    // A result that strace made up made no child and replaced no program.
    const { injected } = result
    const child = makesProcess(name) && !injected ? childIn(call.text, result.value) : undefined
    this.#tell((each) => each.returned?.(thread, name, result, child, call.text))
    if (endsThread(name) && result.value === undefined) {
      thread.isLeaving = true
      if (name === 'exit_group') this.threads.groupEnds(thread)
    }
    if (child !== undefined) this.threads.expect(child, thread, thread.makesThread)
    thread.makesThread = false
    if (!replacesProgram(name) || result.value !== 0n || injected) return
    this.threads.replaced(thread)
    this.#callsAtExecve = this.calls
    this.#tell((each) => each.replaced?.(thread))
  }

  /** Notes a call that failed as refused or unknown to the kernel, or whose result strace made up. */
  #outcome(thread: Thread, id: NameId, number: number | undefined, result: CameBack, line: number): void {
    const failure = failureIn(result)
    if (failure !== undefined) {
      const entry = this.counts.entry(thread, id, number, line)
      noteFailure(entry, failure)
      if (failure !== 'ENOSYS') noteRefused(entry, thread.values, failure)
      const call = this.names.name(id)
      if (failure === 'EPERM' && isByFilter(call, thread.values.get(0)))
        this.#diagnostics.add('refused-by-filter', this.source, line, { call })
    } else if (result.injected) {
      const entry = this.counts.entry(thread, id, number, line)
      entry.injected++
      forgetTry(entry, thread.values)
    } else if (result.value !== -1n) this.#run.succeeded = true
    thread.values = noValues
  }

  #lost({ pid, changedTo }: Lost): void {
    if (changedTo === undefined) return
    const thread = this.threadOf(pid)
    // In a single file, "superseded" passes the pending call on, and the rest follows.
    if (!this.threads.inFiles) thread.pending = this.names.id('execve')
    else this.#changedPids.set(changedTo, (this.#changedPids.get(changedTo) ?? 0) + 1)
    this.#tell((each) => each.renamed?.(thread, changedTo))
  }

  /** SIGSYS names the call that a seccomp filter refused. The call never ran, and strace prints no line for it. */
  #signal({ pid, line, isTrap, refusal }: Signal): void {
    if (isTrap && this.results !== undefined) this.results.trapped(this.threadOf(pid))
    if (refusal === undefined) return
    const { call, machine } = refusal
    this.#mention(undefined, call, machine === undefined ? undefined : architectureOfAuditName(machine), line)
    this.#diagnostics.add('refused-by-filter', this.source, line, { call })
  }

  #mode({ pid, named, mode }: Mode): void {
    this.announced = true
    // A mode message has the pid even if the lines have none.
    const known = this.#run.shared && this.threads.knows(named) ? named : undefined
    this.threads.of(pid ?? this.#filePid ?? known).mode = modes[mode]
  }

  #orphanExecve(pid: number, line: number): void {
    const orphans = this.#orphanExecves.get(pid)
    const place = { source: this.counts.source, line }
    if (orphans === undefined) this.#orphanExecves.set(pid, [place])
    else if (orphans.length < mentionLimit) orphans.push(place)
  }

  /** Counts each execve that came back under a pid without an entry in any file. */
  placeOrphans(): void {
    const id = this.names.id('execve')
    for (const [pid, orphans] of this.#orphanExecves)
      for (const { source, line } of orphans.slice(this.#changedPids.get(pid) ?? 0))
        this.counts.group(anyArchitecture).entry(id, source, line).count++
  }

  /** Whether the calls of this thread are requested. */
  #isAsked(thread: Thread): boolean {
    return this.afterFilter === undefined || thread.image.scope.whole === this.counts.told
  }

  #mention(
    thread: Thread | undefined,
    name: string,
    architecture: Architecture | undefined,
    line: number,
    among: Candidates = anyArchitecture,
  ): void {
    if (this.mentions.length >= mentionLimit) return
    const { mode, image } = thread ?? {}
    const set = (): Candidates => {
      const ofThread = mode ?? image?.inherited() ?? modes['64 bit']
      return ofThread & among || ofThread
    }
    this.mentions.push({ name, architecture, set, source: this.counts.source, line })
  }

  #abiOf(thread: Thread, { name, prefix }: CallText): Architecture | undefined {
    const candidates = thread.mode ?? candidatesOf(name, prefix.number)
    const machine = this.#options.architecture ?? this.machine.host
    return machine === undefined ? undefined : pickAbi(candidates, machine)
  }
}

/** Whether a fork returns in the child, with 0: the parent made the call. */
function isChildsReturn({ name, completion }: CallText): boolean {
  return makesProcess(name) && completion.kind === 'returned' && completion.value === 0n
}

/** The child's pid in a fork's result; with pid namespaces, the pid that strace itself uses. */
function childIn(text: string, value: bigint | undefined): number | undefined {
  if (value === undefined || value <= 0n) return undefined
  const own = text.includes('PID NS') ? insets.ownPid.pattern.exec(text)?.[1] : undefined
  const child = Number(own ?? value)
  return child <= pidLimit ? child : undefined
}
