// strace's output, of every version and with every option: lines in, calls out. Decides which lines are a call that
// the program made, which are the rest of one, and which only look like one. Authority: strace 4.5.18 to 7.2 as
// described in facts/log-formats.md sections 0 to 8; the recordings in traces/.
// One rule above all: a call is counted where its line starts with its name, once, whatever its result.
import type { Architecture } from '../../abi/architectures.ts'
import { resolvePrinted } from '../../abi/spellings.ts'
import type { Reader, ReaderOptions } from '../reader.ts'
import { DiagnosticLog } from '../diagnostics.ts'
import type { TraceRecord } from '../records.ts'
import { placeOf } from '../place.ts'
import { noteValue, type Sink } from '../seen.ts'
import { lineLimit, lineText } from '../text.ts'
import {
  anyArchitecture,
  candidatesOf,
  machineOf,
  modes,
  nativeOf,
  settle,
  widthOf,
  type Candidates,
  type Machine,
} from './architecture.ts'
import { scalarValue, splitArguments } from './arguments.ts'
import { parseLine, type Line, type Prefix } from './grammar.ts'
import { Names, type NameId } from './names.ts'
import { Image, makesProcess, Thread, Threads } from './process.ts'
import { closesCall, endingOf, type Ending } from './result.ts'
import { always, scanCommon, whenReturned, type ScanTo } from './scan.ts'
import { isRule, summaryColumns, summaryMode, summaryRow } from './summary.ts'
import { Tally, type Entry } from './tally.ts'

/** How many lines may tell the machine before the quick way is taken without knowing it. */
const evidenceLines = 4096
/** How many lines that look like calls may stand inside another call before they are taken for calls. */
const heldLimit = 1000

/** A call whose line was cut by text that is not strace's. */
/** The prefix field of -o with -f. */
const pidField = 1
/** No thread: the scan has to look up its first one. */
const noPid = -1

/** How many whole calls must carry the same prefix fields before a line without them is not strace's. */
const sameFields = 16

interface Open {
  readonly thread: Thread
  readonly column: boolean
}

/** A call that a line only tells of: refused by a filter, or interrupted before strace was there. */
interface Mention {
  readonly name: string
  readonly architecture: Architecture | undefined
  readonly source: number
  readonly line: number
}

/** Mentions beyond this are repetitions. */
const mentionLimit = 65536

export class StraceReader implements Reader {
  readonly format = 'strace'
  readonly #options: ReaderOptions
  readonly #names = new Names()
  readonly #threads = new Threads(this.#names, (image) => this.#close(image))
  readonly #diagnostics = new DiagnosticLog()
  /** Calls by what they can be of; a thread's own until its image is closed. */
  readonly #groups = new Map<Candidates, Tally>()
  readonly #images = new Set<Image>()
  #mixed = false
  readonly #summaries: { readonly tally: Tally; readonly candidates: Candidates }[] = []
  readonly #mentions: Mention[] = []
  /** execve that came back under a pid whose entry is not here, by that pid; and the pids that an entry went to. */
  readonly #orphanExecves = new Map<number, { source: number; line: number }[]>()
  readonly #changedPids = new Map<number, number>()
  /** For the quick scan; it also holds the count of this source's lines and calls. */
  readonly #scan: ScanTo
  readonly #wanted: ReadonlyMap<string, readonly number[]>

  #source = ''
  readonly #sources: string[] = []
  #pid: number | undefined
  #unparsed = 0
  #machine: 'x86_64' | 'aarch64' | undefined
  #announced = false
  #bracketed = false
  #attachedFirst = false
  #open: Open | undefined
  #held: { readonly text: string; readonly line: number }[] = []
  #columns: readonly string[] | undefined
  #summaryMode: Candidates = anyArchitecture
  #summaryImage: { tally: Tally; candidates: Candidates } | undefined
  #lastCut = false
  /** The prefix fields of the run, and how many whole calls in a row had them. */
  #fields = 0
  #fieldsSeen = 0
  #totals = { calls: 0, whole: 0, rows: 0, foreign: 0, exited: false, detached: false }

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#wanted = options.arguments
    this.#scan = {
      state: {
        lines: 0,
        calls: 0,
        pid: noPid,
        thread: new Thread(undefined, new Image(new Tally()), undefined),
        entries: [],
      },
      names: this.#names,
      careful: this.#carefulNames(),
      turnTo: (pid) => this.#turnTo(pid),
      ended: () => this.#ended(),
      open: (id, line) => this.#openEntry(id, line),
    }
  }

  /** Calls that the quick scan must leave: those with values to read, and those that change what a thread is. */
  #carefulNames(): Uint8Array {
    const careful = new Uint8Array(this.#names.known)
    for (let id = 0; id < this.#names.known; id++) {
      const name = this.#names.name(id)
      const special =
        name === 'execve' || name === 'execveat' || name === 'restart_syscall' || this.#wanted.has(name)
      careful[id] = special ? always : makesProcess(name) ? whenReturned : 0
    }
    return careful
  }

  #turnTo(pid: number): void {
    const { state } = this.#scan
    state.pid = pid
    state.thread = this.#threads.of(pid)
    state.entries = this.#tallyOf(state.thread).entries
  }

  #ended(): void {
    const { state } = this.#scan
    this.#totals.exited = true
    this.#threads.ended(state.thread)
    state.pid = noPid
  }

  #openEntry(id: NameId, line: number): Entry {
    const { state } = this.#scan
    const entry = this.#entry(state.thread, id, undefined, line)
    // What was just learnt may have settled where the thread's calls are counted.
    state.entries = this.#tallyOf(state.thread).entries
    return entry
  }

  #tallyOf({ mode, image }: Thread): Tally {
    return mode === undefined ? (image.settledIn ?? image.tally) : this.#group(mode)
  }

  startSource(name: string, pid?: number): void {
    this.#source = name
    this.#sources.push(name)
    this.#pid = pid
    this.#scan.state.lines = 0
    this.#scan.state.calls = 0
    this.#unparsed = 0
    this.#lastCut = false
  }

  /** Whole lines: bytes[start, end) ends with "\n". */
  takeLines(given: Uint8Array, start: number, end: number): void {
    const { state } = this.#scan
    // Buffer's indexOf is several times quicker than Uint8Array's.
    const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
    for (let at = start; at < end;) {
      if (this.#isQuick()) {
        const { calls } = state
        at = scanCommon(bytes, at, end, this.#scan)
        this.#totals.calls += state.calls - calls
        this.#totals.whole += state.calls - calls
        if (at >= end) return
      }
      const stop = bytes.indexOf(0x0a, at)
      if (stop - at > lineLimit) this.#diagnostics.add('overlong-line', this.#source, state.lines + 1)
      state.lines++
      // What a line read with care changes, the scan must look up again.
      state.pid = noPid
      this.#line(lineText(bytes, at, stop), state.lines)
      at = stop + 1
    }
  }

  #isQuick(): boolean {
    return (
      this.#open === undefined &&
      this.#columns === undefined &&
      this.#options.record === undefined &&
      // With other fields than the pid the scan finds nothing.
      (this.#fields === pidField || this.#fieldsSeen < sameFields) &&
      (this.#machine !== undefined || this.#scan.state.lines > evidenceLines)
    )
  }

  #line(text: string, number: number): void {
    if (this.#machine === undefined) this.#machine = machineOf(text)
    if (this.#columns !== undefined && this.#summaryLine(text, number)) return
    const line = parseLine(text)
    if (line.prefix.bracketed) this.#bracketed = true
    if (this.#open !== undefined && this.#inside(text, line, number)) return
    this.#shape(text, line, number)
  }

  #shape(text: string, { prefix, shape }: Line, number: number): void {
    switch (shape.kind) {
      case 'call':
        return this.#call(text, prefix, shape.name, shape.open, number)
      case 'resumed':
        return this.#resumed(text, prefix, shape.name, shape.open, number)
      case 'signal':
        return this.#signal(text, number)
      case 'exit':
        // One that was killed makes no call to end.
        if (!shape.killed) this.#totals.exited = true
        this.#threads.ended(this.#threads.of(prefix.pid ?? this.#pid))
        return
      case 'superseded':
        return this.#threads.superseded(this.#threads.of(prefix.pid ?? this.#pid), shape.by)
      case 'personality': {
        this.#announced = true
        const thread = this.#threads.of(
          prefix.pid ?? (this.#pid === undefined ? this.#knownPid(shape.pid) : this.#pid),
        )
        thread.mode = modes[shape.mode]
        return
      }
      case 'attached':
        this.#bracketed = true
        if (this.#totals.calls === 0) this.#attachedFirst = true
        return this.#threads.attached(shape.pid)
      case 'detached':
        this.#totals.detached = true
        return
      case 'aside':
        if (text.includes('strace: ')) this.#bracketed = true
        return
      case 'foreign':
        return this.#foreign(text, number)
    }
  }

  /** A mode is announced with the pid even where lines carry none. */
  #knownPid(pid: number): number | undefined {
    return this.#bracketed && this.#threads.knows(pid) ? pid : undefined
  }

  #call(text: string, prefix: Prefix, name: string, open: number, number: number): void {
    const id = this.#names.id(name)
    const stranger = this.#names.candidates(id) === 0
    const ending = endingOf(text, open)
    // A name that no table has is a call only in the full form of one; and no call is followed by anything else.
    if (
      (stranger && ending.kind !== 'returned' && ending.kind !== 'unfinished') ||
      isProse(text, open, ending)
    ) {
      return this.#foreign(text, number)
    }
    if (!this.#ofThisRun(prefix.fields)) return this.#foreign(text, number)
    if (isUnreadable(name)) {
      // strace could not read which call it is: there is nothing to count, but something to say.
      this.#diagnostics.add('unknown-call', this.#source, number, { call: name })
      if (ending.kind === 'unfinished') this.#threads.of(prefix.pid ?? this.#pid).pending = id
      return
    }
    if (ending.kind !== 'open') this.#totals.whole++
    const thread = this.#threads.of(prefix.pid ?? this.#pid)
    const seen = this.#count(thread, id, prefix.number, number)
    this.#values(seen, name, text, open, ending, number)
    const restarted =
      name === 'restart_syscall'
        ? /<\.\.\. resuming interrupted ([a-z_][a-z0-9_]*)/.exec(text)?.[1]
        : undefined
    if (restarted !== undefined && this.#names.candidates(this.#names.id(restarted)) !== 0)
      this.#mention(restarted, undefined, number)
    if (this.#options.record !== undefined) this.#record(thread, name, prefix, text, open, ending, number)
    switch (ending.kind) {
      case 'returned':
        return this.#returned(thread, id, prefix.number, ending, text, number)
      case 'unfinished':
        thread.pending = id
        return
      case 'abandoned':
        return this.#abandoned(text)
      case 'open':
        this.#open = { thread, column: prefix.pid !== undefined && !prefix.bracketed }
        this.#lastCut = true
        thread.pending = id
        return
    }
  }

  /**
   * strace prints the same prefix fields in all lines of a run: a line that lacks one was written by the program.
   * Once no thread is left, another run may follow in the same file, with other options.
   */
  #ofThisRun(fields: number): boolean {
    if (fields === this.#fields) {
      this.#fieldsSeen++
      return true
    }
    if (this.#fieldsSeen >= sameFields && this.#threads.any && (fields & this.#fields) !== this.#fields)
      return false
    this.#fields = fields
    this.#fieldsSeen = 1
    return true
  }

  #count(thread: Thread, id: NameId, number: number | undefined, line: number): Entry {
    this.#scan.state.calls++
    this.#totals.calls++
    const seen = this.#entry(thread, id, number, line)
    seen.count++
    return seen
  }

  /** Where a call is counted: by what is known of its architecture, or with the image it is of. */
  #entry(thread: Thread, id: NameId, number: number | undefined, line: number): Entry {
    const exact = thread.mode ?? (number === undefined ? undefined : this.#exactly(id, number))
    if (exact !== undefined) return this.#group(exact).entry(id, this.#sources.length - 1, line)
    return this.#imageTally(thread.image, id).entry(id, this.#sources.length - 1, line)
  }

  /** Names narrow down what an image can be; once that tells 64 from 32 bit, its calls are counted there. */
  #imageTally(image: Image, id: NameId): Tally {
    const candidates = this.#names.candidates(id) || anyArchitecture
    if (image.settledIn !== undefined) {
      if ((image.candidates & candidates) !== 0) return image.settledIn
      // One process makes calls of both kinds: those with a name of one kind only can still be told.
      this.#mixed = true
      return this.#group(candidates)
    }
    if (!image.tally.has(id)) {
      if ((image.candidates & candidates) === 0) this.#mixed = true
      else image.candidates &= candidates
      this.#images.add(image)
      const width = widthOf(image.candidates)
      if (width !== undefined) {
        image.settledIn = this.#group(width)
        this.#close(image)
        return (image.candidates & candidates) === 0 ? this.#group(candidates) : image.settledIn
      }
    }
    return image.tally
  }

  /** With -n the number may tell 32 from 64 bit call by call; where it does not, the image must. */
  #exactly(id: NameId, number: number): Candidates | undefined {
    if (number >= 0x40000000 && number < 0x80000000) return modes.x32
    // What has no name has no table to agree with.
    if (this.#names.isNumeric(this.#names.name(id))) return undefined
    const candidates = candidatesOf(this.#names.name(id), number)
    return (candidates & modes['64 bit']) !== 0 && (candidates & ~modes['64 bit']) !== 0
      ? undefined
      : candidates
  }

  #group(candidates: Candidates): Tally {
    let tally = this.#groups.get(candidates)
    if (tally === undefined) this.#groups.set(candidates, (tally = new Tally()))
    return tally
  }

  #close(image: Image): void {
    if (!this.#images.delete(image)) return
    const tally = image.settledIn ?? this.#group(widthOf(image.inherited()) ?? image.candidates)
    tally.add(image.tally, this.#sources)
  }

  #values(seen: Entry, name: string, text: string, open: number, ending: Ending, line: number): void {
    const wanted = this.#wanted.get(name)
    if (wanted === undefined) return
    for (const index of wanted) {
      const value = argumentOf(name, index, text, open, ending)
      noteValue(seen, index, value)
      if (value === undefined && ending.kind === 'open') {
        this.#diagnostics.add('value-cut', this.#source, line, { call: name, argument: String(index) })
      }
    }
  }

  #record(
    thread: Thread,
    name: string,
    prefix: Prefix,
    text: string,
    open: number,
    ending: Ending,
    line: number,
  ): void {
    const args: Record<string, string | null> = {}
    for (const index of this.#wanted.get(name) ?? []) {
      args[index] = argumentOf(name, index, text, open, ending)?.toString() ?? null
    }
    const candidates = thread.mode ?? candidatesOf(name, prefix.number)
    const architecture = this.#machine === undefined ? undefined : settle(candidates, this.#machine)
    const record: TraceRecord = {
      name: (architecture && resolvePrinted(architecture, name)?.names[0]) ?? name,
      printed: name,
      ...(architecture === undefined ? {} : { architecture }),
      ...(prefix.number === undefined ? {} : { number: prefix.number }),
      ...(thread.pid === undefined ? {} : { pid: thread.pid }),
      at: placeOf(this.#source, line),
      args,
    }
    this.#options.record?.(record)
  }

  #returned(
    thread: Thread,
    id: NameId,
    number: number | undefined,
    ending: Ending & { kind: 'returned' },
    text: string,
    line: number,
  ): void {
    const name = this.#names.name(id)
    if (ending.enosys) this.#entry(thread, id, number, line).enosys++
    if (name === 'execve' || name === 'execveat') {
      if (ending.value === 0n) this.#threads.replaced(thread)
    } else if (makesProcess(name) && ending.value !== undefined && ending.value > 0n) {
      // With pid namespaces strace prints the pid it uses itself in a comment.
      const own = /\/\* (\d+) in strace's PID NS \*\//.exec(text)?.[1]
      const child = Number(own ?? ending.value)
      if (child <= 4194304) this.#threads.expect(child, thread)
    }
  }

  #abandoned(text: string): void {
    const changed = /<pid changed to (\d+) \.\.\.>/.exec(text)?.[1]
    if (changed !== undefined)
      this.#changedPids.set(Number(changed), (this.#changedPids.get(Number(changed)) ?? 0) + 1)
    else this.#totals.detached = true
  }

  #resumed(text: string, prefix: Prefix, name: string, open: number, number: number): void {
    this.#totals.whole++
    const pid = prefix.pid ?? this.#pid
    const id = this.#names.id(name)
    const thread = this.#threads.of(pid, id)
    const ending = endingOf(text, open)
    const exec = name === 'execve' || name === 'execveat'
    let entered = thread.pending === id ? thread : this.#threads.unnamedInside(id)
    // execve in a thread other than the first comes back under the first one's pid.
    if (entered === undefined && (exec || pid === undefined)) entered = this.#threads.inside(id)
    if (entered !== undefined) entered.pending = -1
    thread.pending = -1
    if (entered === undefined && !isUnreadable(name)) {
      if (exec && pid !== undefined) {
        this.#orphanExecve(pid, number)
      } else {
        const seen = this.#count(thread, id, prefix.number, number)
        for (const index of this.#wanted.get(name) ?? []) noteValue(seen, index, undefined)
      }
    }
    if (ending.kind === 'unfinished') thread.pending = id
    else if (ending.kind === 'returned') this.#returned(thread, id, prefix.number, ending, text, number)
    else if (ending.kind === 'open') {
      this.#open = { thread, column: prefix.pid !== undefined && !prefix.bracketed }
      this.#lastCut = true
    }
  }

  #orphanExecve(pid: number, line: number): void {
    const orphans = this.#orphanExecves.get(pid) ?? []
    this.#orphanExecves.set(pid, [...orphans, { source: this.#sources.length - 1, line }])
  }

  #signal(text: string, number: number): void {
    if (!text.includes('SIGSYS')) return
    const call = /\bsi_syscall=(?:__NR_)?([a-z0-9_]+|0x[0-9a-f]+)/.exec(text)?.[1]
    const audit = /\bsi_arch=AUDIT_ARCH_([A-Z0-9_]+)/.exec(text)?.[1]
    if (call === undefined) return
    const name = /^(?:0x|\d)/.test(call) ? `syscall_0x${Number(call).toString(16)}` : call
    const architecture = audit === undefined ? undefined : auditNames[audit]
    this.#mention(name, architecture, number)
    this.#diagnostics.add('refused-by-filter', this.#source, number, { call: name })
  }

  #mention(name: string, architecture: Architecture | undefined, line: number): void {
    if (this.#mentions.length < mentionLimit)
      this.#mentions.push({ name, architecture, source: this.#sources.length - 1, line })
  }

  /** While a call is open. Returns whether the line is dealt with. */
  #inside(text: string, line: Line, number: number): boolean {
    const open = this.#open as Open
    const { kind } = line.shape
    if (kind === 'call' && open.column && line.prefix.pid !== undefined && !line.prefix.bracketed) {
      // In a file of its own strace is not interrupted: the open one was cut by its end.
      this.#letGo()
      return false
    }
    if (
      kind === 'foreign' ||
      (kind === 'call' && isProse(text, line.shape.open, endingOf(text, line.shape.open)))
    ) {
      if (!closesCall(text)) {
        this.#foreign(text, number)
        return true
      }
      // The rest of the open call: what looked like calls in between, the program wrote.
      this.#open = undefined
      this.#lastCut = false
      for (const held of this.#held) this.#diagnostics.add('tracee-output', this.#source, held.line)
      this.#unparsed += this.#held.length
      this.#totals.foreign += this.#held.length
      this.#held = []
      this.#continued(open.thread, text, number)
      return true
    }
    if (kind === 'call' || kind === 'resumed') {
      this.#held.push({ text, line: number })
      if (this.#held.length >= heldLimit) this.#letGo()
      return true
    }
    if (kind === 'exit' || kind === 'superseded' || kind === 'signal') {
      this.#letGo()
      return false
    }
    return false
  }

  /** The second half of an open call. */
  #continued(thread: Thread, text: string, line: number): void {
    const { pending } = thread
    if (pending === -1) return
    const ending = endingOf(text, Math.max(0, text.search(/\) +=|<[a-z]/)))
    if (ending.kind === 'unfinished') return
    thread.pending = -1
    if (ending.kind === 'returned') this.#returned(thread, pending, undefined, ending, text, line)
  }

  /** The open call gets no rest: what was held back are calls after all. */
  #letGo(): void {
    const held = this.#held
    this.#open = undefined
    this.#held = []
    for (const { text, line } of held) {
      const parsed = parseLine(text)
      if (this.#open !== undefined && this.#inside(text, parsed, line)) continue
      this.#shape(text, parsed, line)
    }
  }

  #foreign(text: string, number: number): void {
    if (text.trim() === '') return
    const columns = summaryColumns(text)
    if (columns !== undefined) {
      this.#columns = columns
      this.#summaryImage = undefined
      return
    }
    const mode = summaryMode.exec(text)?.[1]
    if (mode !== undefined) {
      this.#announced = true
      this.#summaryMode = modes[mode as '32 bit']
      return
    }
    this.#unparsed++
    this.#totals.foreign++
    const glued = this.#open === undefined && !this.#lastCut && this.#gluedCall(text)
    this.#diagnostics.add(glued ? 'glued-call' : 'tracee-output', this.#source, number)
  }

  /** Whether a finished call stands behind other text: `no newlinewrite(2, "…", 27) = 27`. */
  #gluedCall(text: string): boolean {
    const found = /([a-z_][a-z0-9_]*)\(.*\) += (?:-?\d|0x|\?)/.exec(text)
    if (found === null) return false
    const run = found[1] as string
    for (let from = 0; from < run.length; from++) {
      const id = this.#names.id(run.slice(from))
      if (id < this.#names.known && this.#names.candidates(id) !== 0) return true
    }
    return false
  }

  /** While a table is open. Returns whether the line is of it. */
  #summaryLine(text: string, number: number): boolean {
    const columns = this.#columns as readonly string[]
    if (isRule(text)) {
      if (this.#summaryImage === undefined)
        this.#summaryImage = { tally: new Tally(), candidates: this.#summaryMode }
      else this.#endSummary()
      return true
    }
    const row = this.#summaryImage === undefined ? undefined : summaryRow(text, columns)
    if (row === undefined) {
      this.#endSummary()
      return false
    }
    const image = this.#summaryImage as { tally: Tally; candidates: Candidates }
    const id = this.#names.id(row.name)
    const seen = image.tally.entry(id, this.#sources.length - 1, number)
    seen.count += row.calls
    for (const index of this.#wanted.get(row.name) ?? []) noteValue(seen, index, undefined)
    if (this.#summaryMode === anyArchitecture)
      image.candidates &= this.#names.candidates(id) || anyArchitecture
    this.#totals.rows++
    return true
  }

  #endSummary(): void {
    this.#columns = undefined
    if (this.#summaryImage !== undefined && this.#summaryImage.tally.size > 0)
      this.#summaries.push(this.#summaryImage)
    this.#summaryImage = undefined
    this.#summaryMode = anyArchitecture
  }

  endSource(cut: boolean): { lines: number; calls: number; ignored: number; unparsed: number } {
    if (this.#open !== undefined) this.#letGo()
    if (this.#columns !== undefined) this.#endSummary()
    if (cut && (this.#lastCut || this.#open !== undefined)) {
      this.#diagnostics.add('truncated', this.#source, this.#scan.state.lines)
    }
    this.#open = undefined
    if (this.#pid !== undefined) this.#threads.forget(this.#pid)
    else this.#threads.end()
    const { lines, calls } = this.#scan.state
    const unparsed = this.#unparsed
    return { lines, calls, unparsed, ignored: lines - calls - unparsed }
  }

  /** Whether anything in it has the full form of strace's output. */
  get recognised(): boolean {
    return this.#totals.whole > 0 || this.#totals.rows > 0
  }

  get summaryOnly(): boolean {
    return this.#totals.calls === 0 && this.#totals.rows > 0
  }

  end(sink: Sink): void {
    this.#threads.end()
    this.#placeOrphans()
    for (const image of this.#images) this.#close(image)
    this.#addSummaries()
    const machine = this.#decideMachine()
    const tellers = new Map<Architecture, Tally>()
    for (const [candidates, tally] of this.#groups) this.#tell(candidates, tally, machine, tellers)
    this.#addMentions(machine.native, tellers)
    for (const [architecture, tally] of tellers) this.#emit(architecture, tally, sink)
    this.#notes(machine, tellers)
    for (const diagnostic of this.#diagnostics.all()) sink.diagnostic(diagnostic)
  }

  #placeOrphans(): void {
    const id = this.#names.id('execve')
    for (const [pid, orphans] of this.#orphanExecves) {
      for (const { source, line } of orphans.slice(this.#changedPids.get(pid) ?? 0)) {
        this.#group(anyArchitecture).entry(id, source, line).count++
      }
    }
  }

  /** Tables beside the lines themselves (-C) repeat them: only what no line showed is added. */
  #addSummaries(): void {
    const shown = new Set<NameId>()
    for (const tally of this.#groups.values()) for (const [id] of tally.all()) shown.add(id)
    for (const { tally, candidates } of this.#summaries) {
      const group = this.#group(candidates)
      for (const [id, seen] of tally.all()) {
        if (!shown.has(id)) group.addEntry(id, seen, this.#sources)
      }
    }
  }

  #saw(name: string): boolean {
    const id = this.#names.id(name)
    for (const tally of this.#groups.values()) if (tally.has(id)) return true
    return false
  }

  #decideMachine(): Machine {
    if (this.#options.architecture !== undefined)
      return { native: this.#options.architecture, assumed: false }
    return nativeOf({
      machine: this.#machine,
      sets: [...this.#groups].map(([candidates, tally]) => this.#narrowed(candidates, tally)),
      announced: this.#announced,
      saw: (name) => this.#saw(name),
    })
  }

  /** What all the names of a group together can be of. */
  #narrowed(candidates: Candidates, tally: Tally): Candidates {
    let set = candidates
    for (const [id] of tally.all()) set &= this.#names.candidates(id) || anyArchitecture
    return set
  }

  /** Gives the calls of a group to their architecture. */
  #tell(candidates: Candidates, tally: Tally, machine: Machine, into: Map<Architecture, Tally>): void {
    const whole = settle(candidates, machine.native)
    for (const [id, seen] of tally.all()) {
      const chosen = whole ?? settle(this.#names.candidates(id), machine.native) ?? machine.native
      let target = into.get(chosen)
      if (target === undefined) into.set(chosen, (target = new Tally()))
      target.addEntry(id, seen, this.#sources)
    }
  }

  /** A call that was only told of is seen once, unless lines of its own show it. */
  #addMentions(native: Architecture, tellers: Map<Architecture, Tally>): void {
    for (const { name, architecture, source, line } of this.#mentions) {
      const target = architecture ?? native
      let tally = tellers.get(target)
      if (tally === undefined) tellers.set(target, (tally = new Tally()))
      const wanted = resolvePrinted(target, name)?.names[0] ?? name
      const shown = [...tally.all()].some(([id]) =>
        resolvePrinted(target, this.#names.name(id))?.names.includes(wanted),
      )
      if (!shown) tally.entry(this.#names.id(name), source, line).count++
    }
  }

  #emit(architecture: Architecture, tally: Tally, sink: Sink): void {
    for (const [id, { count, enosys, args, source, line }] of tally.all()) {
      const printed = this.#names.name(id)
      const name = this.#sources[source] as string
      const seen = { count, enosys, args, first: placeOf(name, line) }
      const spelling = resolvePrinted(architecture, printed)
      if (spelling !== undefined && spelling.names.length > 0) {
        for (const each of spelling.names) sink.seen(architecture, each, seen)
        continue
      }
      sink.unknown(architecture, numberOf(printed) ?? printed, seen)
      this.#diagnostics.add('unknown-call', name, line, { call: printed, architecture })
    }
  }

  #notes(machine: Machine, tellers: ReadonlyMap<Architecture, Tally>): void {
    const note = (code: Parameters<DiagnosticLog['add']>[0], facts?: Record<string, string>): void =>
      this.#diagnostics.add(code, this.#source, undefined, facts)
    if (this.#mixed) note('architecture-ambiguous')
    if (tellers.size > 0 && machine.assumed) note('architecture-assumed', { architecture: machine.native })
    if (this.#totals.rows > 0 && this.#totals.calls === 0) return note('counts-only')
    if (this.#totals.calls === 0) return
    const saw = (name: string): boolean => this.#saw(name)
    if (this.#threads.unseenChildren) note('children-not-followed')
    if (this.#totals.detached) note('detached')
    if (!saw('execve') && (this.#attachedFirst || this.#totals.detached || saw('restart_syscall')))
      note('startup-missing')
    else if (this.#looksFiltered(saw)) note('filtered')
    if (this.#totals.foreign > 0 || this.#bracketed) note('forgeable')
  }

  /** A whole run has a start (execve, then memory is mapped) and an end; strace leaves out what it is told to. */
  #looksFiltered(saw: (name: string) => boolean): boolean {
    const maps = saw('mmap') || saw('brk') || saw('mmap2')
    const ends = saw('exit_group') || saw('exit')
    return (saw('execve') && !maps) || (this.#totals.exited && !ends) || (!saw('execve') && !maps && !ends)
  }
}

const auditNames: Readonly<Record<string, Architecture>> = {
  X86_64: 'x86_64',
  AARCH64: 'aarch64',
  I386: 'x86',
  ARM: 'arm',
}

/** The process was gone before strace could ask which call it made. */
function isUnreadable(name: string): boolean {
  return name === '???' || name === '????'
}

/** `close(fd);` is C, not strace: the parenthesis is closed and no result follows. */
function isProse(text: string, open: number, ending: Ending): boolean {
  if (ending.kind !== 'open') return false
  const { end } = splitArguments(text, open)
  return end !== undefined && text.slice(end).trim() !== '' && !/^ *=/.test(text.slice(end))
}

/** The value of the kernel's argument `index`. strace prints clone's stack before its flags. */
function argumentOf(
  name: string,
  index: number,
  text: string,
  open: number,
  ending: Ending,
): bigint | undefined {
  const { texts, end } = splitArguments(text.replace(/ *<unfinished \.\.\.>\s*$/, ''), open)
  const flags = name === 'clone' && index === 0 ? texts.findIndex((each) => each.startsWith('flags=')) : -1
  const position = flags === -1 ? index : flags
  const argument = texts[position]
  // Of a line cut by foreign text the last argument may be cut too.
  if (
    argument === undefined ||
    (ending.kind === 'open' && end === undefined && position === texts.length - 1)
  )
    return undefined
  if (name === 'clone' && flags === -1 && argument.startsWith('child_stack=')) return undefined
  return scalarValue(argument)
}

function numberOf(printed: string): string | undefined {
  const found = /^(?:syscall_(0x[0-9a-f]+|\d+)|SYS_(\d+))$/.exec(printed)
  const digits = found?.[1] ?? found?.[2]
  return digits === undefined ? undefined : BigInt(digits).toString()
}
