// Lines to events: puts a call together that a message of strace's or text of the program cut in two, and tells lines
// of the program from strace's. On standard error both write to one stream. Authority: line_ended() and
// print_syscall_resume() in strace; facts: log-formats.md section 3.
import type { DiagnosticCode } from '../diagnostics.ts'
import { closesCall, completionOf, isBareResult } from './completion.ts'
import type { CallText, Event } from './events.ts'
import { isGlued, nameBehindLetters } from './glued.ts'
import type { Names } from './names.ts'
import {
  endsByFilter,
  isTrap,
  isUnreadable,
  killerIn,
  parseLine,
  pidField,
  refusalIn,
  type ParsedLine,
  type Prefix,
} from './parse-line.ts'
import type { Run } from './run.ts'

/** How many lines that look like calls may stand inside another call before they are taken for calls. */
const heldLimit = 1000
/** Lines besides calls that stand behind the pid of a thread. */
const ofOneThread: ReadonlySet<string> = new Set(['resumed', 'signal', 'exit', 'superseded'])
export interface InterleaveContext {
  readonly run: Run
  readonly names: Names
  /** Whether any thread has not ended. */
  readonly isAlive: () => boolean
  readonly emit: (event: Event) => void
  readonly say: (code: DiagnosticCode, line: number, facts?: Readonly<Record<string, string>>) => void
  /** Whether a line that is none of the trace starts a table of -c. */
  readonly startsTable: (text: string) => boolean
}

export class Interleave {
  readonly #around: InterleaveContext
  /** From the line of a call that was cut to its rest, or to a line that shows that none will come. */
  #open: { readonly inColumn: boolean } | undefined
  /** Only while a call is open: lines that look like calls, and may be text of the program in the middle of it. */
  #held: { readonly text: string; readonly line: number }[] = []
  /** Of the line read last, for a source that ends in the middle of one; a call that no result follows stays whole. */
  #last: 'whole' | 'cut' | 'foreign' | CallText = 'whole'
  /** Lines of this source that are not strace's. */
  unparsed = 0

  constructor(around: InterleaveContext) {
    this.#around = around
  }

  startSource(): void {
    this.unparsed = 0
    this.#last = 'whole'
  }

  /** Whether a call waits for its rest, so that no line can be taken for what it seems. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** Lines were read elsewhere, all of them whole. */
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
        // One that was killed makes no call to end.
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
    const { run, names, isAlive, say } = this.#around
    const { text, line, name, completion } = call
    const stranger = names.candidates(names.id(name)) === 0
    // A name that no table has is a call only in the full form of one; and no call is closed without a result.
    const whole = completion.kind === 'returned' || completion.kind === 'unfinished'
    if (completion.kind === 'none' || (stranger && !whole) || !run.has(call.prefix.fields, isAlive())) {
      this.#foreign(text, line)
      if (completion.kind === 'none' && !stranger) this.#last = call
      return
    }
    const own = stranger ? nameBehindLetters(name, names) : undefined
    if (own === undefined) return this.call(call)
    // The program wrote the letters, strace what stands behind them.
    run.foreign++
    say('glued-call', line, { call: own })
    this.call({ ...call, name: own })
  }

  /** The line of a call. */
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

  /** The second half of a call under `<... name resumed>`; a call of its own where the first half is not here. */
  resumed(call: CallText): void {
    this.#around.emit({ kind: 'returned', half: 'resumed', call })
    this.#waitFor(call)
  }

  #waitFor({ completion: { kind }, prefix }: CallText): void {
    if (kind !== 'open' && kind !== 'interrupted') return
    this.#open = { inColumn: isInColumn(prefix) }
    this.#last = 'cut'
  }

  /** While a call is open. Returns whether the line is dealt with. */
  #inside(text: string, { prefix, shape }: ParsedLine, line: number): boolean {
    const { kind } = shape
    if (kind === 'call' && this.#open?.inColumn === true && isInColumn(prefix)) {
      // In a file of its own strace is not interrupted: the open one was cut by its end.
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

  /** The rest of the open call: what looked like calls in between, the program wrote. */
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

  #foreign(text: string, line: number): void {
    const { run, say, startsTable } = this.#around
    if (text.trim() === '' || startsTable(text)) return
    // With -e status strace before 6.2 may write the rest of an unfinished call without its name.
    if (isBareResult(text)) return
    this.unparsed++
    run.foreign++
    say(this.#open === undefined && isGlued(text, this.#around.names) ? 'glued-call' : 'tracee-output', line)
    this.#last = 'foreign'
  }

  /** `cut`: the last line had no end. Returns whether the trace ends in the middle of one. */
  endSource(cut: boolean): boolean {
    const { run, isAlive } = this.#around
    if (this.#open !== undefined) this.#letGo()
    const last = this.#last
    // Only at its very end may a trace hold a call that is closed and has no result.
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
