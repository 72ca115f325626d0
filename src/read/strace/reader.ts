// strace's output, of every version and with every option: lines in, calls out. Decides which lines are a call that
// the program made, which are the rest of one, and which only look like one. Authority: strace 4.5.18 to 7.2 as
// described in facts/log-formats.md sections 0 to 8; the recordings in traces/.
// One rule above all: a call is counted where its line starts with its name, once, whatever its result.
import type { Architecture } from '../../abi/architectures.ts'
import { scalarsInMemory } from '../../abi/scalars.ts'
import { resolvePrinted } from '../../abi/spellings.ts'
import { DiagnosticLog } from '../diagnostics.ts'
import { noteFailure } from '../failures.ts'
import { placeOf } from '../place.ts'
import type { LinesAccount, Reader, ReaderOptions } from '../reader.ts'
import type { TraceRecord } from '../records.ts'
import { noteValue, type Sink } from '../seen.ts'
import { lineLimit, lineText } from '../text.ts'
import { AfterFilter, callsToWatch } from './after-filter.ts'
import { anyArchitecture, candidatesOf, machineOf, modes, settle } from './architecture.ts'
import { Counts } from './counts.ts'
import { parseLine, pidField, type Line, type Prefix } from './grammar.ts'
import { Names, type NameId } from './names.ts'
import {
  neverPlain,
  noThread,
  noValue,
  plainLines,
  plainResumed,
  plainUnfinished,
  toldWhole,
  unnamed,
  type PlainLines,
} from './plain.ts'
import { Image, makesProcess, noValues, Thread, Threads } from './process.ts'
import { closesCall, endingOf, type Ending } from './result.ts'
import { scanPlain, type ScanTo } from './scan.ts'
import { Returned } from './returned.ts'
import { Run } from './run.ts'
import { tellCalls, type Mention } from './settlement.ts'
import { Tables } from './tables.ts'
import { Tally, type Entry } from './tally.ts'
import { noteRefused, noteTry } from './tries.ts'
import { valuesIn } from './values.ts'

/** How many lines may tell the machine before the quick way is taken without knowing it. */
const evidenceLines = 4096
/** How many lines that look like calls may stand inside another call before they are taken for calls. */
const heldLimit = 1000
/** Lines besides calls that stand behind the pid of a thread. */
const ofOneThread: ReadonlySet<string> = new Set(['resumed', 'signal', 'exit', 'superseded'])
/** Mentions beyond this are repetitions. */
const mentionLimit = 65536
/** How many parentheses of a line that is not strace's are looked at, and how long the name before one can be. */
const gluedLimit = 64
const nameLimit = 40

/** A call whose line was cut by a message of strace's or by text of the program. */
interface Open {
  readonly thread: Thread
  /** Whether strace writes to a file of its own, where nothing can interrupt it. */
  readonly column: boolean
}

/** One call's line, understood. */
interface CallLine {
  readonly text: string
  readonly line: number
  readonly prefix: Prefix
  readonly name: string
  /** The place after the parenthesis. */
  readonly open: number
  readonly ending: Ending
}

export class StraceReader implements Reader {
  readonly format = 'strace'
  readonly #options: ReaderOptions
  readonly #wanted: ReadonlyMap<string, readonly number[]>
  readonly #names = new Names()
  readonly #counts = new Counts(this.#names)
  /** Where only calls made under a filter are asked for. */
  readonly #afterFilter: AfterFilter | undefined
  readonly #returned: Returned | undefined
  readonly #threads: Threads
  readonly #tables: Tables
  readonly #diagnostics = new DiagnosticLog()
  readonly #mentions: Mention[] = []
  /** execve that came back under a pid whose entry is not here, by that pid; and the pids that an entry went to. */
  readonly #orphanExecves = new Map<number, { source: number; line: number }[]>()
  readonly #changedPids = new Map<number, number>()
  /** For the quick scan; it also holds the count of this source's lines and calls. */
  readonly #scan: ScanTo

  #source = ''
  #pid: number | undefined
  #unparsed = 0
  #machine: 'x86_64' | 'aarch64' | undefined
  #announced = false
  #open: Open | undefined
  #held: { readonly text: string; readonly line: number }[] = []
  /** What the last line was, for a source that ends in the middle of one. */
  #last: 'whole' | 'cut' | 'foreign' | CallLine = 'whole'
  readonly #run = new Run()

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#wanted = new Map([...options.arguments, ...scalarsInMemory])
    this.#afterFilter = options.afterFilter === true ? new AfterFilter(this.#counts) : undefined
    this.#returned = options.returned && new Returned(options.returned.wanted)
    this.#threads = new Threads(
      this.#names,
      (image) => this.#counts.close(image),
      this.#counts.told,
      this.#afterFilter,
    )
    this.#tables = new Tables(this.#names, options.arguments)
    this.#scan = {
      state: {
        lines: 0,
        calls: 0,
        fields: 0,
        bracketed: false,
        pid: noThread,
        thread: new Thread(undefined, new Image(new Tally(), this.#counts.told), undefined),
        tally: undefined,
      },
      careful: this.#carefulNames(),
      knows: (pid) => pid !== unnamed && this.#threads.knows(pid),
      turnTo: (pid, resuming) => this.#turnTo(pid, resuming),
      ended: () => this.#ended(),
      tell: (plain, kind) => this.#tell(plain, kind),
      open: (id, line) => this.#openEntry(id, line),
    }
  }

  /** Calls of which the quick scan must tell more: those with values to read, and those that change what a thread is. */
  #carefulNames(): Uint8Array {
    const careful = new Uint8Array(this.#names.known)
    for (let id = 0; id < this.#names.known; id++) {
      const name = this.#names.name(id)
      const special = replacesProgram(name) || name === 'restart_syscall' || this.#wanted.has(name)
      const watched = this.#afterFilter !== undefined && callsToWatch.includes(name)
      careful[id] = watched ? neverPlain : special || makesProcess(name) ? toldWhole : 0
    }
    return careful
  }

  #turnTo(pid: number, resuming: NameId): void {
    const { state } = this.#scan
    state.pid = pid
    state.thread = this.#threads.of(pid === unnamed ? this.#pid : pid, resuming)
    state.tally = this.#counts.tallyOf(state.thread)
  }

  #ended(): void {
    const { state } = this.#scan
    this.#run.exited = true
    this.#threads.ended(state.thread)
    state.pid = noThread
  }

  /** A plain line, of which only the prefix and the ending need no reading. */
  #tell(plain: PlainLines, kind: number): boolean {
    const { text, pid, value } = plain
    // In colours, which are taken out of a line before it is read.
    if (text.includes('\x1b')) return false
    const call: CallLine = {
      text,
      line: this.#scan.state.lines + 1,
      // How it was printed matters only of a line that is not whole.
      prefix: {
        pid: pid === unnamed ? undefined : pid,
        number: undefined,
        bracketed: false,
        fields: 0,
        length: 0,
      },
      name: this.#names.name(plain.call),
      open: plain.open,
      ending:
        kind === plainUnfinished
          ? { kind: 'unfinished' }
          : { kind: 'returned', failure: undefined, value: value === noValue ? undefined : BigInt(value) },
    }
    if (kind === plainResumed) this.#resumed(call)
    else this.#call(call)
    return true
  }

  #openEntry(id: NameId, line: number): Entry {
    const { state } = this.#scan
    const entry = this.#counts.entry(state.thread, id, undefined, line)
    // What was just learnt may have settled where the thread's calls are counted.
    state.tally = this.#counts.tallyOf(state.thread)
    return entry
  }

  startSource(name: string, pid?: number): void {
    this.#source = name
    this.#counts.sources.push(name)
    this.#pid = pid
    this.#threads.inFiles = pid !== undefined
    // Lines without a pid are another thread's in another file.
    this.#scan.state.pid = noThread
    this.#run.calls = this.#calls
    this.#scan.state.lines = 0
    this.#scan.state.calls = 0
    this.#unparsed = 0
    this.#last = 'whole'
  }

  /** Whole lines: bytes[start, end) ends with "\n". */
  takeLines(given: Uint8Array, start: number, end: number): void {
    const { state } = this.#scan
    // Buffer's indexOf is several times quicker than Uint8Array's.
    const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
    for (let at = start; at < end;) {
      const plain = this.#isQuick() ? plainLines() : undefined
      if (plain !== undefined) {
        const next = this.#scanFrom(plain, bytes, at, end)
        if (next > at) this.#last = 'whole'
        at = next
        if (at >= end) return
      }
      const stop = bytes.indexOf(0x0a, at)
      if (stop - at > lineLimit) this.#diagnostics.add('overlong-line', this.#source, state.lines + 1)
      state.lines++
      // What a line read with care changes, the scan must look up again.
      state.pid = noThread
      this.#last = 'whole'
      this.#line(lineText(bytes, at, stop), state.lines)
      at = stop + 1
    }
  }

  /** Calls counted so far, in all sources. */
  get #calls(): number {
    return this.#run.calls + this.#scan.state.calls
  }

  /** The quick way. Every line it takes is whole, and its calls have the fields of the run. */
  #scanFrom(plain: PlainLines, bytes: Buffer, at: number, end: number): number {
    const { state } = this.#scan
    const before = state.calls
    state.fields = this.#run.fields
    const next = scanPlain(plain, bytes, at, end, this.#scan)
    const calls = state.calls - before
    this.#run.hadFields(calls)
    if (state.bracketed) this.#run.shared = true
    return next
  }

  #isQuick(): boolean {
    return (
      this.#open === undefined &&
      !this.#tables.open &&
      this.#options.record === undefined &&
      this.#returned === undefined &&
      (this.#machine !== undefined || this.#scan.state.lines > evidenceLines)
    )
  }

  #line(text: string, number: number): void {
    if (this.#machine === undefined && number <= evidenceLines) this.#machine = machineOf(text)
    if (this.#tables.open && this.#tables.takes(text, this.#counts.source, number)) return
    const line = parseLine(text)
    if (line.prefix.bracketed) this.#run.shared = true
    if (this.#open !== undefined && this.#inside(text, line, number)) return
    this.#shape(text, line, number)
  }

  #shape(text: string, { prefix, shape }: Line, number: number): void {
    if (ofOneThread.has(shape.kind) && this.#run.lacks(prefix.fields, this.#threads.any, pidField))
      return this.#foreign(text, number)
    switch (shape.kind) {
      case 'call': {
        const { name, open } = shape
        return this.#callLine({ text, line: number, prefix, name, open, ending: endingOf(text, open) })
      }
      case 'resumed': {
        const { name, open } = shape
        return this.#resumed({ text, line: number, prefix, name, open, ending: endingOf(text, open) })
      }
      case 'signal':
        if (/^--- SIGSYS\b/.test(text.slice(prefix.length))) this.#returned?.trapped(this.#threadOf(prefix))
        return this.#signal(text.slice(prefix.length), number)
      case 'exit':
        // One that was killed makes no call to end.
        if (!shape.killed) this.#run.exited = true
        else if (/\bkilled by SIGSYS\b/.test(text)) this.#returned?.ended(this.#threadOf(prefix))
        return this.#threads.ended(this.#threadOf(prefix))
      case 'superseded':
        return this.#threads.superseded(this.#threadOf(prefix), shape.by)
      case 'personality': {
        this.#announced = true
        const pid = prefix.pid ?? this.#pid ?? this.#knownPid(shape.pid)
        this.#threads.of(pid).mode = modes[shape.mode]
        return
      }
      case 'attached':
        this.#run.shared = true
        if (this.#calls === 0) this.#run.attachedFirst = true
        if (shape.running) this.#run.attachedToRunning = true
        return this.#threads.attached(shape.pid)
      case 'detached':
        this.#run.shared = true
        this.#run.detached = true
        return
      case 'aside':
        if (text.includes('strace: ')) this.#run.shared = true
        return
      case 'foreign':
        return this.#foreign(text, number)
    }
  }

  #threadOf(prefix: Prefix): Thread {
    return this.#threads.of(prefix.pid ?? this.#pid)
  }

  /** A mode is announced with the pid even where lines carry none. */
  #knownPid(pid: number): number | undefined {
    return this.#run.shared && this.#threads.knows(pid) ? pid : undefined
  }

  #callLine(call: CallLine): void {
    const { text, line, prefix, name, ending } = call
    const stranger = this.#names.candidates(this.#names.id(name)) === 0
    // A name that no table has is a call only in the full form of one; and no call is closed without a result.
    const whole = ending.kind === 'returned' || ending.kind === 'unfinished'
    if (ending.kind === 'none' || (stranger && !whole) || !this.#run.has(prefix.fields, this.#threads.any)) {
      this.#foreign(text, line)
      if (ending.kind === 'none' && !stranger) this.#last = call
      return
    }
    this.#call(call)
  }

  #call(call: CallLine): void {
    const { text, line, prefix, name, ending } = call
    const id = this.#names.id(name)
    const thread = this.#threadOf(prefix)
    if (isUnreadable(name)) {
      // strace could not read which call it is: there is nothing to count, but something to say.
      this.#diagnostics.add('unknown-call', this.#source, line, { call: name })
      if (ending.kind === 'unfinished') thread.pending = id
      return
    }
    if (this.#machine === undefined && replacesProgram(name)) this.#machine = machineOf(text)
    this.#values(this.#count(thread, id, prefix.number, line), thread, call)
    const restarted =
      name === 'restart_syscall'
        ? /<\.\.\. resuming interrupted ([a-z_][a-z0-9_]*)/.exec(text)?.[1]
        : undefined
    if (restarted !== undefined && this.#names.isKnown(restarted) && this.#isTold(thread))
      this.#mention(restarted, undefined, line)
    if (this.#afterFilter !== undefined && callsToWatch.includes(name))
      this.#afterFilter.enters(thread, name, valuesIn(name, text, call.open, ending), text)
    if (this.#options.record !== undefined) this.#record(thread, call)
    this.#returned?.enters(
      thread,
      {
        name,
        number: prefix.number,
        architecture: this.#architectureOf(thread, call),
        value: valuesIn(name, text, call.open, ending) ?? (() => undefined),
      },
      text.slice(call.open),
    )
    if (ending.kind === 'abandoned') return this.#abandoned(thread, text)
    if (ending.kind !== 'returned') thread.pending = id
    this.#goOn(thread, id, call)
  }

  /** What a line of a call leaves behind: a result, or a rest that is to follow. */
  #goOn(thread: Thread, id: NameId, { prefix, ending, text, line }: CallLine): void {
    if (ending.kind === 'returned') this.#comesBack(thread, id, prefix.number, ending, text, line)
    else if (ending.kind === 'open' || ending.kind === 'interrupted') {
      this.#open = { thread, column: prefix.pid !== undefined && !prefix.bracketed }
      this.#last = 'cut'
    }
  }

  #count(thread: Thread, id: NameId, number: number | undefined, line: number): Entry {
    this.#scan.state.calls++
    const entry = this.#counts.entry(thread, id, number, line)
    entry.count++
    return entry
  }

  /** Notes the arguments asked for; strace may print all of them together with the result. */
  #values(entry: Entry, thread: Thread, { name, text, open, ending, line }: CallLine): void {
    const wanted = this.#wanted.get(name)
    thread.values = noValues
    if (wanted === undefined) return
    const values = valuesIn(name, text, open, ending)
    thread.awaits = values === undefined && (ending.kind === 'unfinished' || ending.kind === 'interrupted')
    if (thread.awaits) {
      entry.awaited++
      return
    }
    const known = new Map<number, bigint>()
    for (const index of wanted) {
      const value = values?.(index)
      noteValue(entry, index, value)
      if (value !== undefined) {
        noteTry(entry, index, value)
        known.set(index, value)
      }
      if (value === undefined && ending.kind === 'open') {
        this.#diagnostics.add('value-cut', this.#source, line, { call: name, argument: String(index) })
      }
    }
    thread.values = known
  }

  /** The rest of a call whose arguments come with its result. */
  #awaitedValues(thread: Thread, call: CallLine): void {
    if (!thread.awaits || call.ending.kind === 'unfinished') return
    const id = this.#names.id(call.name)
    const entry = this.#counts.entry(thread, id, call.prefix.number, call.line)
    // What was counted with another image is not known here: it stays awaited there.
    if (entry.awaited === 0) return
    entry.awaited--
    this.#values(entry, thread, call)
  }

  #record(thread: Thread, call: CallLine): void {
    const { name, prefix, text, open, ending, line } = call
    const values = valuesIn(name, text, open, ending)
    const args: Record<string, string | null> = {}
    for (const index of this.#wanted.get(name) ?? []) args[index] = values?.(index)?.toString() ?? null
    const architecture = this.#architectureOf(thread, call)
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

  #architectureOf(thread: Thread, { name, prefix }: CallLine): Architecture | undefined {
    const candidates = thread.mode ?? candidatesOf(name, prefix.number)
    const { architecture: told } = this.#options
    const machine = this.#machine ?? (told === 'x86_64' || told === 'aarch64' ? told : undefined)
    return machine === undefined ? undefined : settle(candidates, machine)
  }

  #comesBack(
    thread: Thread,
    id: NameId,
    number: number | undefined,
    ending: Ending & { kind: 'returned' },
    text: string,
    line: number,
  ): void {
    const name = this.#names.name(id)
    const { failure } = ending
    if (failure !== undefined) {
      const entry = this.#counts.entry(thread, id, number, line)
      noteFailure(entry, failure)
      if (failure !== 'ENOSYS') noteRefused(entry, thread.values, failure)
    } else if (ending.value !== -1n) this.#run.succeeded = true
    thread.values = noValues
    this.#returned?.returns(thread, ending.value, text)
    if (replacesProgram(name)) {
      if (ending.value === 0n) {
        this.#threads.replaced(thread)
        this.#returned?.replaced(thread)
      }
    } else if (makesProcess(name) && ending.value !== undefined && ending.value > 0n) {
      // With pid namespaces strace prints the pid it uses itself in a comment.
      const own = text.includes('PID NS') ? /\/\* (\d+) in strace's PID NS \*\//.exec(text)?.[1] : undefined
      const child = Number(own ?? ending.value)
      if (child <= 4194304) {
        this.#afterFilter?.starts(thread, child, this.#threads)
        this.#threads.expect(child, thread)
      }
    }
    if (callsToWatch.includes(name)) this.#afterFilter?.returns(thread, ending.value, this.#threads)
  }

  #abandoned(thread: Thread, text: string): void {
    const changed = /<pid changed to (\d+) \.\.\.>/.exec(text)?.[1]
    if (changed !== undefined) {
      this.#changedPids.set(Number(changed), (this.#changedPids.get(Number(changed)) ?? 0) + 1)
      if (this.#threads.inFiles) this.#afterFilter?.renamed(thread, Number(changed))
    } else this.#run.detached = true
  }

  /** The second half of a call under `<... name resumed>`; a call of its own where the first half is not here. */
  #resumed(call: CallLine): void {
    const { prefix, name, line } = call
    const pid = prefix.pid ?? this.#pid
    const id = this.#names.id(name)
    const thread = this.#threads.of(pid, id)
    const exec = replacesProgram(name)
    let entered = thread.pending === id ? thread : this.#threads.unnamedInside(id)
    // execve in a thread other than the first comes back under the first one's pid.
    if (entered === undefined && (exec || pid === undefined)) entered = this.#threads.inside(id)
    if (entered !== undefined) {
      entered.pending = -1
      this.#awaitedValues(entered, call)
    }
    thread.pending = -1
    if (entered === undefined && !isUnreadable(name)) {
      if (exec && pid !== undefined) {
        this.#orphanExecve(pid, line)
      } else {
        const entry = this.#count(thread, id, prefix.number, line)
        for (const index of this.#wanted.get(name) ?? []) noteValue(entry, index, undefined)
      }
    }
    if (call.ending.kind === 'unfinished') thread.pending = id
    this.#goOn(thread, id, call)
  }

  #orphanExecve(pid: number, line: number): void {
    const orphans = this.#orphanExecves.get(pid)
    const place = { source: this.#counts.source, line }
    if (orphans === undefined) this.#orphanExecves.set(pid, [place])
    else if (orphans.length < mentionLimit) orphans.push(place)
  }

  /** SIGSYS names the call that a seccomp filter refused: it never ran, and strace shows no line of its own for it. */
  #signal(text: string, number: number): void {
    if (!/^--- (?:SIGSYS|\{si_signo=SIGSYS)/.test(text)) return
    const call = /\bsi_syscall=(?:__NR_)?([a-z0-9_]+|0x[0-9a-f]+)/.exec(text)?.[1]
    const audit = /\bsi_arch=AUDIT_ARCH_([A-Z0-9_]+)/.exec(text)?.[1]
    if (call === undefined) return
    const name = /^(?:0x[0-9a-f]+|\d+)$/.test(call) ? `syscall_0x${Number(call).toString(16)}` : call
    const architecture = audit === undefined ? undefined : auditNames[audit]
    this.#mention(name, architecture, number)
    this.#diagnostics.add('refused-by-filter', this.#source, number, { call: name })
  }

  /** Whether calls of this thread are asked for. */
  #isTold(thread: Thread): boolean {
    return this.#afterFilter === undefined || thread.image.part.whole === this.#counts.told
  }

  #mention(name: string, architecture: Architecture | undefined, line: number): void {
    if (this.#mentions.length < mentionLimit)
      this.#mentions.push({ name, architecture, source: this.#counts.source, line })
  }

  /** While a call is open. Returns whether the line is dealt with. */
  #inside(text: string, line: Line, number: number): boolean {
    const open = this.#open as Open
    const { shape } = line
    const { kind } = shape
    if (kind === 'call' && open.column && line.prefix.pid !== undefined && !line.prefix.bracketed) {
      // In a file of its own strace is not interrupted: the open one was cut by its end.
      this.#letGo()
      return false
    }
    if (kind === 'foreign' || (kind === 'call' && endingOf(text, shape.open).kind === 'none')) {
      if (!closesCall(text)) {
        this.#foreign(text, number)
        return true
      }
      // The rest of the open call: what looked like calls in between, the program wrote.
      this.#open = undefined
      for (const held of this.#held) this.#diagnostics.add('tracee-output', this.#source, held.line)
      this.#unparsed += this.#held.length
      this.#run.foreign += this.#held.length
      this.#held = []
      this.#continued(open.thread, text, number, line.prefix)
      return true
    }
    if (kind === 'call' || kind === 'resumed') {
      this.#held.push({ text, line: number })
      if (this.#held.length >= heldLimit) this.#letGo()
      return true
    }
    if (kind === 'exit' || kind === 'superseded' || kind === 'signal') this.#letGo()
    return false
  }

  /** The second half of an open call, in a line of no form of its own. */
  #continued(thread: Thread, text: string, line: number, prefix: Prefix): void {
    const { pending } = thread
    if (pending === -1) return
    const name = this.#names.name(pending)
    const ending = endingOf(text, 0)
    this.#awaitedValues(thread, { text, line, prefix, name, open: 0, ending })
    if (ending.kind === 'unfinished') return
    thread.pending = -1
    if (ending.kind === 'returned') this.#comesBack(thread, pending, undefined, ending, text, line)
  }

  /** The open call gets no rest: what was held back are calls after all. */
  #letGo(): void {
    const held = this.#held
    this.#open = undefined
    this.#held = []
    for (const { text, line } of held) {
      // One that is cut itself has no rest among them, for a rest is never held back.
      this.#open = undefined
      this.#shape(text, parseLine(text), line)
    }
  }

  #foreign(text: string, number: number): void {
    if (text.trim() === '' || this.#tables.starts(text)) return
    // With -e status strace before 6.2 may write the rest of an unfinished call without its name.
    if (/^\) += (?:-?\d|0x|\?)/.test(text)) return
    this.#unparsed++
    this.#run.foreign++
    const glued = this.#open === undefined && this.#gluedCall(text)
    this.#diagnostics.add(glued ? 'glued-call' : 'tracee-output', this.#source, number)
    this.#last = 'foreign'
  }

  /** Whether a finished call stands behind other text: `no newlinewrite(2, "…", 27) = 27`. */
  #gluedCall(text: string): boolean {
    if (!/\) += (?:-?\d|0x|\?)/.test(text)) return false
    let open = text.indexOf('(', 1)
    for (let tried = 0; open !== -1 && tried < gluedLimit; tried++, open = text.indexOf('(', open + 1)) {
      // At the very start of the line it would stand behind nothing.
      const run = /[a-z0-9_]+$/.exec(text.slice(Math.max(1, open - nameLimit), open))?.[0] ?? ''
      for (let from = 0; from < run.length; from++) if (this.#names.isKnown(run.slice(from))) return true
    }
    return false
  }

  endSource(cut: boolean): LinesAccount {
    if (this.#open !== undefined) this.#letGo()
    this.#tables.end()
    const last = this.#last
    // Only at its very end may a trace hold a call that is closed and has no result.
    if (cut && typeof last === 'object' && this.#run.has(last.prefix.fields, this.#threads.any)) {
      this.#unparsed--
      this.#run.foreign--
      this.#call({ ...last, ending: { kind: 'open' } })
    }
    if (cut && last !== 'whole') this.#diagnostics.add('truncated', this.#source, this.#scan.state.lines)
    this.#open = undefined
    if (this.#pid !== undefined) this.#threads.forget(this.#pid)
    else this.#threads.end()
    const { lines, calls } = this.#scan.state
    const unparsed = this.#unparsed
    return { lines, calls, unparsed, ignored: lines - calls - unparsed }
  }

  end(sink: Sink): void {
    this.#threads.end()
    this.#placeOrphans()
    this.#leaveOut()
    const machine = tellCalls(
      {
        names: this.#names,
        counts: this.#counts,
        // A table tells no order.
        tables: this.#afterFilter === undefined ? this.#tables.all : [],
        mentions: this.#mentions,
        wanted: this.#wanted,
        architecture: this.#options.architecture,
        machine: this.#machine,
        announced: this.#announced || this.#tables.announced,
        onlyFailures: this.#run.onlyFailures((name) => this.#counts.saw(name)),
      },
      sink,
      this.#diagnostics,
    )
    if (this.#counts.mixed) this.#note('architecture-ambiguous')
    if (machine?.assumed === true) this.#note('architecture-assumed', { architecture: machine.native })
    this.#completeness()
    for (const diagnostic of this.#diagnostics.all()) sink.diagnostic(diagnostic)
  }

  /** Of calls under a filter only: what is known now of those that had to wait. */
  #leaveOut(): void {
    if (this.#afterFilter === undefined) return
    this.#counts.closeAll()
    const { installed, doubtful, unordered } = this.#afterFilter.settle(this.#threads)
    if (this.#returned !== undefined) this.#options.returned?.tell(this.#returned.of(this.#counts.told))
    if (!installed) this.#note('no-filter')
    if (doubtful) this.#note('parent-unknown')
    if (unordered) this.#note('filter-unordered')
  }

  #placeOrphans(): void {
    const id = this.#names.id('execve')
    for (const [pid, orphans] of this.#orphanExecves) {
      for (const { source, line } of orphans.slice(this.#changedPids.get(pid) ?? 0)) {
        this.#counts.group(anyArchitecture).entry(id, source, line).count++
      }
    }
  }

  #note(code: Parameters<DiagnosticLog['add']>[0], facts?: Record<string, string>): void {
    this.#diagnostics.add(code, this.#source, undefined, facts)
  }

  #completeness(): void {
    if (this.#calls === 0) return this.#tables.rows > 0 ? this.#note('counts-only') : undefined
    if (this.#threads.unseenChildren) this.#note('children-not-followed')
    const { unannounced } = this.#threads
    for (const code of this.#run.missing((name) => this.#counts.saw(name), unannounced)) this.#note(code)
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

function replacesProgram(name: string): boolean {
  return name === 'execve' || name === 'execveat'
}
