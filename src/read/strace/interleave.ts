// Turns lines into events: joins a call that a message of strace or text of the program cut in two, and separates the
// program's lines from strace's. On standard error both write to one stream. Authority: line_ended() and
// print_syscall_resume() in strace.
import type { DiagnosticCode } from '../diagnostics.ts'
import { isLossOfJournal } from '../log-prefixes.ts'
import { closesCall, completionOf, isBareResult, isSecondHalf } from './completion.ts'
import type { CallText, Event } from './events.ts'
import { isGlued, ownStart } from './glued.ts'
import { pidField } from './lines.ts'
import type { Names } from './names.ts'
import {
  endsByFilter,
  isTrap,
  isUnreadable,
  killerIn,
  parseLine,
  refusalIn,
  type ParsedLine,
  type Prefix,
} from './parse-line.ts'
import type { Run } from './run.ts'

/** How many lines that look like calls are held inside a cut call before they count as calls. */
const heldLimit = 1000
/** The lines, besides calls, that carry the pid of their thread. */
const ofOneThread: ReadonlySet<string> = new Set(['resumed', 'signal', 'exit', 'superseded'])
const noPrefix: Prefix = { pid: undefined, number: undefined, bracketed: false, fields: 0, length: 0 }

export interface InterleaveContext {
  readonly run: Run
  readonly names: Names
  /** Whether any thread has not ended. */
  readonly isAlive: () => boolean
  readonly emit: (event: Event) => void
  readonly say: (code: DiagnosticCode, line: number, facts?: Readonly<Record<string, string>>) => void
  /** Whether a foreign line starts a table of -c. */
  readonly startsTable: (text: string) => boolean
}

export class Interleave {
  readonly #around: InterleaveContext
  /** Set while a call is cut, until its rest or a line that shows that no rest will come. */
  #open: { readonly inColumn: boolean } | undefined
  /** Lines inside a cut call that look like calls, but may be text of the program. */
  #held: { readonly text: string; readonly line: number }[] = []
  /** The kind of the last line, for a source that ends inside a line; a call if it is closed without a result. */
  #last: 'whole' | 'cut' | 'foreign' | CallText = 'whole'
  /** The number of lines of this source that are not strace's. */
  unparsed = 0

  constructor(around: InterleaveContext) {
    this.#around = around
  }

  startSource(): void {
    this.unparsed = 0
    this.#last = 'whole'
  }

  /** Whether a call waits for its rest. Until then a line may not be what it seems. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** Whether a call waits for its rest, and lines are held or a line with a pid of its own may show that none comes. */
  get isUnsure(): boolean {
    return this.#open !== undefined && (this.#open.inColumn || this.#held.length > 0)
  }

  /** Other code read a call that a message on standard error cut. */
  waits(): void {
    this.#open = { inColumn: false }
  }

  /** Other code read the rest of the call, and no line is held. */
  rest(text: string, line: number): void {
    this.#closed(text, line, noPrefix)
  }

  /** Other code read lines, all of them whole. */
  passed(): void {
    this.#last = 'whole'
  }

  line(text: string, number: number): void {
    this.#last = 'whole'
    const line = parseLine(text)
    if (line.prefix.bracketed) this.#around.run.shared = true
    if (this.#open !== undefined && this.#inside(text, line, number)) return
    this.#shape(text, line, number)
  }

  #shape(text: string, { prefix, shape }: ParsedLine, line: number): void {
    const { run, emit, isAlive } = this.#around
    if (ofOneThread.has(shape.kind) && run.lacks(prefix.fields, isAlive(), pidField))
      return this.#foreign(text, line)
    const { pid, length } = prefix
    switch (shape.kind) {
      case 'call':
        return this.#callLine(callText(text, line, prefix, shape))
      case 'resumed':
        return this.resumed(callText(text, line, prefix, shape))
      case 'signal':
        return emit({
          kind: 'signal',
          pid,
          line,
          isTrap: isTrap(text, length),
          refusal: refusalIn(text.slice(length)),
        })
      case 'exit':
        // A killed process calls neither exit nor exit_group.
        if (!shape.killed) run.exited = true
        return emit({
          kind: 'exit',
          pid,
          line,
          signal: killerIn(text, length),
          how: !shape.killed ? 'exited' : endsByFilter(text, length) ? 'killed by a filter' : 'killed',
        })
      case 'superseded':
        return emit({ kind: 'exit', pid, line, how: 'exited', by: shape.by })
      case 'mode':
        return emit({ kind: 'mode', pid, named: shape.pid, mode: shape.mode })
      case 'attached':
        run.shared = true
        if (shape.running) run.attachedToRunning = true
        return emit({ kind: 'attached', pid: shape.pid })
      case 'detached':
        run.shared = true
        run.detached = true
        return
      case 'aside':
        if (shape.isMessage) run.shared = true
        return
      case 'foreign':
        return this.#foreign(text, line)
    }
  }

  #callLine(call: CallText): void {
    const { run, names, isAlive } = this.#around
    const { text, line, name, completion } = call
    const stranger = names.candidates(names.id(name)) === 0
    // A name that no table has is a call only with a result or `<unfinished ...>`. No call is closed without a result.
    const whole = completion.kind === 'returned' || completion.kind === 'unfinished'
    if (completion.kind === 'none' || (stranger && !whole) || !run.has(call.prefix.fields, isAlive())) {
      this.#foreign(text, line)
      if (completion.kind === 'none' && !stranger) this.#last = call
      return
    }
    if (!stranger || call.prefix.length > 0 || !this.#glued(text, line)) this.call(call)
  }

  /** Takes strace's line behind text of the program. Returns false if no such line is certain. */
  #glued(text: string, line: number): boolean {
    const { run, names, say } = this.#around
    const at = ownStart(text, names, run.fields)
    if (at === undefined) return false
    const own = text.slice(at)
    const parsed = parseLine(own)
    run.foreign++
    if (parsed.prefix.bracketed) run.shared = true
    if (parsed.shape.kind === 'call') say('glued-call', line, { call: parsed.shape.name })
    else say('tracee-output', line)
    this.#shape(own, parsed, line)
    return true
  }

  /** Emits the events of a call's line. */
  call(call: CallText): void {
    const { emit } = this.#around
    const { completion, prefix, name } = call
    emit({ kind: 'entered', call })
    if (isUnreadable(name)) return
    if (completion.kind === 'abandoned') {
      if (completion.changedTo === undefined) this.#around.run.detached = true
      return emit({ kind: 'lost', pid: prefix.pid, changedTo: completion.changedTo })
    }
    if (completion.kind === 'returned') emit({ kind: 'returned', half: 'at once', call })
    else this.#waitFor(call)
  }

  /** Emits the second half of a call, after `<... name resumed>`. */
  resumed(call: CallText): void {
    this.#around.emit({ kind: 'returned', half: 'resumed', call })
    this.#waitFor(call)
  }

  #waitFor({ completion: { kind }, prefix }: CallText): void {
    if (kind !== 'open' && kind !== 'interrupted') return
    this.#open = { inColumn: isInColumn(prefix) }
    this.#last = 'cut'
  }

  /** Takes a line while a call is cut. Returns whether the line needs nothing more. */
  #inside(text: string, { prefix, shape }: ParsedLine, line: number): boolean {
    const { kind } = shape
    if (kind === 'call' && this.#open?.inColumn === true && isInColumn(prefix)) {
      // The program does not write to strace's own file (-o), so the open call gets no rest.
      this.#letGo()
      return false
    }
    if (kind === 'foreign' || (kind === 'call' && completionOf(text, shape.open).kind === 'none')) {
      if (closesCall(text)) this.#closed(text, line, prefix)
      else this.#foreign(text, line)
      return true
    }
    if (kind === 'call' || kind === 'resumed') {
      this.#held.push({ text, line })
      if (this.#held.length >= heldLimit) this.#letGo()
      return true
    }
    if (kind === 'exit' || kind === 'superseded' || kind === 'signal') this.#letGo()
    return false
  }

  /** The rest of the cut call: the held lines that looked like calls were text of the program. */
  #closed(text: string, line: number, prefix: Prefix): void {
    const { run, say, emit } = this.#around
    this.#open = undefined
    for (const held of this.#held) say('tracee-output', held.line)
    this.unparsed += this.#held.length
    run.foreign += this.#held.length
    this.#held = []
    const completion = completionOf(text, 0)
    emit({ kind: 'returned', half: 'rest', call: { text, line, prefix, name: '', open: 0, completion } })
  }

  /** The cut call gets no rest: the held lines are calls after all. */
  #letGo(): void {
    const held = this.#held
    this.#open = undefined
    this.#held = []
    for (const { text, line } of held) {
      // If this call is cut itself, its rest is not among the held lines, because a rest is never held.
      this.#open = undefined
      this.#shape(text, parseLine(text), line)
    }
  }

  #foreign(text: string, line: number): void {
    const { run, say, startsTable, isAlive } = this.#around
    if (text.trim() === '' || startsTable(text)) return
    // With -z, -Z and -e status, strace before 6.2 may write the rest of an unfinished call without its name. In a file
    // of its own (-o) no program writes such a line.
    const isOwnFile = run.lacks(0, isAlive(), pidField)
    if (isBareResult(text) || (isOwnFile && isSecondHalf(text))) return
    if (this.#open === undefined && this.#glued(text, line)) return
    this.unparsed++
    run.foreign++
    if (isLossOfJournal(text)) return say('records-lost', line, { format: 'strace' })
    say(this.#open === undefined && isGlued(text, this.#around.names) ? 'glued-call' : 'tracee-output', line)
    this.#last = 'foreign'
  }

  /** `cut`: the last line had no line end. Returns whether the trace ends in the middle of a line. */
  endSource(cut: boolean): boolean {
    const { run, isAlive } = this.#around
    if (this.#open !== undefined) this.#letGo()
    const last = this.#last
    // Only at its very end may a trace have a call that is closed without a result.
    if (cut && typeof last === 'object' && run.has(last.prefix.fields, isAlive())) {
      this.unparsed--
      run.foreign--
      this.call({ ...last, completion: { kind: 'open' } })
    }
    this.#open = undefined
    return cut && last !== 'whole'
  }
}

function isInColumn({ pid, bracketed }: Prefix): boolean {
  return pid !== undefined && !bracketed
}

function callText(
  text: string,
  line: number,
  prefix: Prefix,
  { name, open }: { readonly name: string; readonly open: number },
): CallText {
  return { text, line, prefix, name, open, completion: completionOf(text, open) }
}
