// Counts the commonest lines without turning them into text: a call with its result, its two halves, an exit, a signal,
// as the compiled code recognizes them. The result always equals that of the slow path (interleave.ts), which tests
// check. Scan stops at the first line that needs the slow path.
import { callsToWatch } from './after-filter.ts'
import type { CompiledLines, Countable, Pending } from './compiled-lines.ts'
import { completionOf, type Completion } from './completion.ts'
import type { CallText } from './events.ts'
import type { Interleave } from './interleave.ts'
import { mayBeLines } from './joined.ts'
import { layout } from './layout.ts'
import type { Ledger } from './ledger.ts'
import type { NameId } from './names.ts'
import type { Prefix } from './parse-line.ts'
import { endsThread, makesProcess, replacesProgram, Thread } from './thread.ts'
import type { Run } from './run.ts'
import type { TallyEntry, Tally } from './tally.ts'

const { unnamed, noThread, noValue, unread, noCall, numberField, otherNumber } = layout.i32
const { callLine, unfinishedLine, resumedLine, cutLine, exitLine, restLine, attachedLine } = layout.u8
const { withText, endOfInput, slow, alwaysSlow, needsText } = layout.u8

export class Scan {
  readonly #ledger: Ledger
  readonly #interleave: Interleave
  readonly #run: Run
  /** By name id: whether the compiled code leaves the lines of the call to the host. */
  readonly #careful: Uint8Array
  /** The pid and thread of the last line and the tally of its calls, until other code reads a line. */
  #pid: number = noThread
  #thread: Thread | undefined
  #tally: Tally | undefined
  /** The pid of the last call that the code read, if the ledger does not know yet that it was the last. */
  #caller: number = noThread
  /** With -n: the numbers of the machine, once it is certain. */
  #known: Int32Array | undefined

  constructor(ledger: Ledger, interleave: Interleave, run: Run) {
    this.#ledger = ledger
    this.#interleave = interleave
    this.#run = run
    this.#careful = carefulNames(ledger)
  }

  /** Other code read a line: thread and tally must be looked up again. */
  forget(): void {
    this.#pid = noThread
  }

  /** Takes lines from bytes[line, end). Returns where the first slow line starts, or `end`. */
  take(code: CompiledLines, bytes: Uint8Array, line: number, end: number): number {
    const before = this.#ledger.calls
    try {
      return this.#takeFrom(code, bytes, line, end)
    } finally {
      // All readers share the code: nothing of this one may stay there.
      code.flush()
      this.#turnToCaller()
      // All lines that were taken are whole, and their calls have the fields of the run.
      this.#run.hadFields(this.#ledger.calls - before)
    }
  }

  #takeFrom(code: CompiledLines, bytes: Uint8Array, line: number, end: number): number {
    const ledger = this.#ledger
    let at = line
    while (at < end) {
      const waits = this.#interleave.isOpen
      const kind = code.read(
        bytes,
        at,
        end,
        this.#run.fields,
        this.#careful,
        this.#numbers(),
        ledger.lines,
        waits,
      )
      if (code.bracketed) this.#run.shared = true
      if (code.succeeded) this.#run.succeeded = true
      ledger.lines += code.lines
      ledger.calls += code.calls
      at = code.at
      if (code.last !== noThread) this.#caller = code.last
      if (code.cut !== noThread) {
        this.#interleave.waits()
        ledger.waits(this.#threadAt(code.cut))
      }
      if (kind === endOfInput && code.lines > 0) continue
      // endOfInput without a line: the line is longer than the code has room for.
      if (kind === slow || kind === endOfInput || !this.#takeLine(code, kind)) break
      ledger.lines++
      at = code.next
    }
    return at
  }

  /** Takes a line that the code does not count. Returns false if the slow path must read it. */
  #takeLine(code: CompiledLines, kind: number): boolean {
    const { pid, call } = code
    // An exit takes the thread of the last caller away.
    if (kind === exitLine || kind === restLine || kind === attachedLine) this.#turnToCaller()
    if (kind === attachedLine) return this.#attached(code, pid)
    if (kind === restLine) return this.#rest(code)
    if (kind >= withText || kind === exitLine) {
      const only = this.#concerned(code, kind)
      code.lend(only)
      this.forget()
      const isTaken = kind === exitLine ? this.#exit(pid) : this.#withText(code, kind - withText)
      code.goOn(this.#isStill, only)
      return isTaken
    }
    if (pid !== this.#pid) this.#change(code, pid, kind === resumedLine ? call : undefined)
    this.#caller = noThread
    const thread = this.#thread as Thread
    if (kind === resumedLine) {
      // If the code has the thread, the thread is inside another call.
      if (code.has(pid) || thread.pending !== call) return false
      thread.pending = noCall
      this.#count(code)
      return true
    }
    let entry = this.#tally?.entries[call]
    if (entry === undefined) {
      const only = this.#isApart ? pid : undefined
      code.lend(only)
      entry = this.#open(thread, call, code.number)
      code.goOn(this.#isStill, only)
    }
    entry.count++
    this.#ledger.calls++
    if (kind !== callLine) thread.pending = call
    if (kind === cutLine) {
      this.#interleave.waits()
      this.#ledger.waits(thread)
    }
    this.#count(code)
    return true
  }

  /** `strace: Process N attached`: the thread that forks, else the last caller, is the presumed parent. */
  #attached(code: CompiledLines, pid: number): boolean {
    code.tellPending()
    this.#ledger.on({ kind: 'attached', pid })
    return true
  }

  /** The rest of a call that was cut, and whose first half the ledger has. */
  #rest(code: CompiledLines): boolean {
    const thread = this.#ledger.cutThread
    const pid = thread?.pid ?? unnamed
    const only = this.#isApart && code.has(pid) && thread?.isLeaving === false ? pid : undefined
    code.lend(only)
    this.forget()
    this.#interleave.rest(code.text, this.#ledger.lines + 1)
    code.goOn(this.#isStill, only)
    return true
  }

  /**
   * Whether a thread's own calls change no other thread. With afterFilter they may change the scope of others. With
   * -ff, the thread of a file may be in the code twice, with its pid and without.
   */
  get #isApart(): boolean {
    return this.#ledger.afterFilter === undefined && !this.#ledger.threads.inFiles
  }

  /** The pid of the line; undefined if the line can change another thread. */
  #concerned(code: CompiledLines, kind: number): number | undefined {
    const { pid, call } = code
    const thread = this.#threadAt(pid)
    if (thread === undefined || !this.#isApart) return undefined
    if (kind === exitLine) return pid
    // If the thread is not inside the call, any thread may have the first half.
    const isInside = kind !== withText + resumedLine || (code.pendingOf(pid) ?? thread.pending) === call
    return thread.isLeaving || !isInside ? undefined : pid
  }

  /** Makes the thread of this pid the current one. */
  #change(code: CompiledLines, pid: number, resuming?: NameId): void {
    // Lines without a pid may belong to a thread with one, and the code must not have that thread twice.
    const isTwice = (pid === unnamed || code.has(unnamed)) && !this.#knows(unnamed)
    if (isTwice) code.flush()
    if (isTwice || this.#knows(pid)) return this.#turnTo(pid, resuming)
    // A new thread may be the child of any other.
    code.lend()
    this.#turnTo(pid, resuming)
    code.goOn(this.#isStill)
  }

  /** Lets the code count the calls of the thread that was looked up last. */
  #count(code: CompiledLines): void {
    const thread = this.#thread as Thread
    // Counts do not last if the program's architecture is unknown or afterFilter may move the thread to another scope.
    const isLasting = this.#tally !== thread.image.tally && this.#ledger.afterFilter === undefined
    if (this.#tally === undefined) return
    const isOpening = !isLasting && this.#ledger.afterFilter === undefined && !this.#isNumbered
    const opening = isOpening ? this.#ledger.counts.opening(thread) : undefined
    code.count(this.#pid, this.#tally, thread, isLasting, opening)
  }

  /** Whether lines of this pid still belong to this thread, and its calls are still counted in `into`. */
  readonly #isStill = (pid: number, thread: Pending, into: Countable): boolean => {
    const known = this.#threadAt(pid)
    return known !== undefined && known === thread && !known.isLeaving && this.#tallyOf(known) === into
  }

  #exit(pid: number): boolean {
    this.#run.exited = true
    this.#ledger.on({ kind: 'exit', pid: pid === unnamed ? undefined : pid, how: 'exited' })
    return true
  }

  /** Where the calls of the thread are counted, if known. */
  #tallyOf(thread: Thread): Tally | undefined {
    const { counts } = this.#ledger
    return this.#isNumbered ? counts.numberedTally(thread) : counts.tallyOf(thread)
  }

  get #isNumbered(): boolean {
    return (this.#run.fields & numberField) !== 0
  }

  /** The numbers of the machine; until the machine is certain, numbers that no call has. Undefined without -n. */
  #numbers(): Int32Array | undefined {
    if (!this.#isNumbered) return undefined
    const { machine, counts, names } = this.#ledger
    if (machine.certain === undefined) return new Int32Array(names.known).fill(otherNumber)
    return (this.#known ??= counts.numbersOf(machine.certain))
  }

  #threadAt(pid: number): Thread | undefined {
    return this.#ledger.known(pid === unnamed ? undefined : pid)
  }

  #knows(pid: number): boolean {
    return this.#threadAt(pid)?.isLeaving === false
  }

  /** Makes the last caller the current thread: the slow path resumes from it. */
  #turnToCaller(): void {
    if (this.#caller !== noThread && this.#caller !== this.#pid) this.#turnTo(this.#caller)
    this.#caller = noThread
  }

  #turnTo(pid: number, resuming?: NameId): void {
    this.#pid = pid
    this.#caller = noThread
    this.#thread = this.#ledger.threadOf(pid === unnamed ? undefined : pid, resuming)
    this.#tally = this.#tallyOf(this.#thread)
  }

  /** The entry of a call not yet seen in this thread. */
  #open(thread: Thread, id: NameId, number: number | undefined): TallyEntry {
    const entry = this.#ledger.counts.entry(thread, id, number, this.#ledger.lines + 1)
    // The entry may have decided where the thread's calls are counted.
    this.#tally = this.#tallyOf(thread)
    return entry
  }

  /** Takes a line that changes more than counts. The code has read its prefix and its ending. */
  #withText(code: CompiledLines, kind: number): boolean {
    const completion = completionIn(code, kind)
    if (completion === undefined) return false
    this.#caller = noThread
    const call = new ScannedCall(code, kind, this.#ledger, completion)
    if (kind === resumedLine) this.#interleave.resumed(call)
    else this.#interleave.call(call)
    return true
  }
}

/** The line that the code stopped at, as a call. Most calls are counted without their text. */
class ScannedCall implements CallText {
  readonly #code: CompiledLines
  #text: string | undefined
  readonly line: number
  readonly prefix: Prefix
  readonly name: string
  readonly open: number
  readonly completion: Completion

  constructor(code: CompiledLines, kind: number, { lines, names }: Ledger, completion: Completion) {
    const { pid, number, call, open } = code
    this.#code = code
    this.line = lines + 1
    this.prefix = {
      pid: pid === unnamed ? undefined : pid,
      number,
      // The code reads cut lines on standard error only. For other lines this makes no difference.
      bracketed: kind === cutLine,
      fields: 0,
      length: 0,
    }
    this.name = names.name(call)
    this.open = open
    this.completion = completion
  }

  get text(): string {
    return (this.#text ??= this.#code.text)
  }
}

/** How the call ends; undefined if only the slow path can say. */
function completionIn(code: CompiledLines, kind: number): Completion | undefined {
  const { value, open } = code
  if (kind === unfinishedLine) return { kind: 'unfinished' }
  if (kind === cutLine) return { kind: 'interrupted', at: open + value }
  if (value === unread) {
    if (mayBeLines(code.text)) return undefined
    const completion = completionOf(code.text, open)
    return completion.kind === 'returned' ? completion : undefined
  }
  return {
    kind: 'returned',
    value: value === noValue ? undefined : BigInt(value),
    errno: undefined,
    injected: false,
  }
}

/** Marks the calls that the code must not count alone: calls with values to read, and calls that change a thread. */
function carefulNames({ names, wanted, afterFilter }: Ledger): Uint8Array {
  const careful = new Uint8Array(names.known)
  for (let id = 0; id < names.known; id++) {
    const name = names.name(id)
    const special = replacesProgram(name) || name === 'restart_syscall' || wanted.has(name)
    const watched = afterFilter !== undefined && callsToWatch.includes(name)
    careful[id] = watched ? alwaysSlow : special || makesProcess(name) || endsThread(name) ? needsText : 0
  }
  return careful
}
