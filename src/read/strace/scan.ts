// The commonest lines, counted without making text of them: a call with its result, its two halves, an exit, a signal,
// as the compiled code tells them apart. It says nothing that the careful way would not say of the same line (laws hold
// the two equal); the first line that is slow is left to that.
import { callsToWatch } from './after-filter.ts'
import type { CompiledLines, Countable, Pending } from './compiled-lines.ts'
import type { CallText } from './events.ts'
import type { Interleave } from './interleave.ts'
import { layout } from './layout.ts'
import type { Ledger } from './ledger.ts'
import type { NameId } from './names.ts'
import { endsThread, makesProcess, replacesProgram, Thread } from './thread.ts'
import type { Run } from './run.ts'
import type { TallyEntry, Tally } from './tally.ts'

const { unnamed, noThread, noValue, noCall, numberField, otherNumber } = layout.i32
const { unfinishedLine, resumedLine, exitLine, withText, endOfInput, slow, alwaysSlow, needsText } = layout.u8

export class Scan {
  readonly #ledger: Ledger
  readonly #interleave: Interleave
  readonly #run: Run
  /** By name id: what the compiled code must leave to the host. */
  readonly #careful: Uint8Array
  /** From a line that was looked up to one that is read elsewhere: the pid, the thread, and where its calls are counted. */
  #pid: number = noThread
  #thread: Thread | undefined
  #tally: Tally | undefined
  /** From the first line with -n on. */
  #known: Int32Array | undefined

  constructor(ledger: Ledger, interleave: Interleave, run: Run) {
    this.#ledger = ledger
    this.#interleave = interleave
    this.#run = run
    this.#careful = carefulNames(ledger)
  }

  /** A line was read elsewhere: what it changed must be looked up again. */
  forget(): void {
    this.#pid = noThread
  }

  /** Takes lines from bytes[line, end) on; returns where the first that is slow starts, or `end`. */
  take(code: CompiledLines, bytes: Buffer, line: number, end: number): number {
    const before = this.#ledger.calls
    try {
      return this.#takeFrom(code, bytes, line, end)
    } finally {
      // The code is every reader's: nothing of this one may stay there.
      code.flush()
      // Every line that it takes is whole, and its calls have the fields of the run.
      this.#run.hadFields(this.#ledger.calls - before)
    }
  }

  #takeFrom(code: CompiledLines, bytes: Buffer, line: number, end: number): number {
    const ledger = this.#ledger
    let at = line
    while (at < end) {
      const kind = code.read(bytes, at, end, this.#run.fields, this.#careful, this.#numbers())
      if (code.bracketed) this.#run.shared = true
      ledger.lines += code.lines
      ledger.calls += code.calls
      at = code.at
      if (kind === endOfInput && code.lines > 0) continue
      // Or longer than the code has room for.
      if (kind === slow || kind === endOfInput) {
        // Make the last caller the current thread: the careful way resumes from it.
        if (code.last !== noThread && code.last !== this.#pid) this.#turnTo(code.last)
        break
      }
      if (!this.#takeLine(code, kind)) break
      ledger.lines++
      at = code.next
    }
    return at
  }

  /** Takes a line that the code does not count; false where the careful way must. */
  #takeLine(code: CompiledLines, kind: number): boolean {
    const { pid, call } = code
    if (kind >= withText || kind === exitLine) {
      code.lend()
      this.forget()
      const isTaken = kind === exitLine ? this.#exit(pid) : this.#withText(code, kind - withText)
      code.goOn(this.#isStill)
      return isTaken
    }
    if (pid !== this.#pid) {
      // Lines without a pid may be of a thread that has one, which the code must not have twice.
      if (!this.#knows(pid) || (code.has(unnamed) && !this.#knows(unnamed))) code.flush()
      this.#turnTo(pid, kind === resumedLine ? call : undefined)
    }
    const thread = this.#thread as Thread
    if (kind === resumedLine) {
      // A thread that the code has is inside another call.
      if (code.has(pid) || thread.pending !== call) return false
      thread.pending = noCall
      this.#count(code)
      return true
    }
    let entry = this.#tally?.entries[call]
    if (entry === undefined) {
      code.lend()
      entry = this.#open(thread, call, code.number)
      code.goOn(this.#isStill)
    }
    entry.count++
    this.#ledger.calls++
    if (kind === unfinishedLine) thread.pending = call
    this.#count(code)
    return true
  }

  /** Lets the code count the calls of the thread that was looked up last. */
  #count(code: CompiledLines): void {
    const thread = this.#thread as Thread
    // Those of a program of which the architecture is not known, or that a filter's scope may move, are counted elsewhere later.
    const isLasting = this.#tally !== thread.image.tally && this.#ledger.afterFilter === undefined
    if (this.#tally !== undefined) code.count(this.#pid, this.#tally, thread, isLasting)
  }

  /** Whether a line of this pid is still of this thread, and its calls are counted there. */
  readonly #isStill = (pid: number, thread: Pending, into: Countable): boolean => {
    const known = this.#threadAt(pid)
    return known !== undefined && known === thread && !known.isLeaving && this.#tallyOf(known) === into
  }

  #exit(pid: number): boolean {
    this.#run.exited = true
    this.#ledger.on({ kind: 'exit', pid: pid === unnamed ? undefined : pid, how: 'exited' })
    return true
  }

  /** Where the calls of the thread are counted, as far as that is known. */
  #tallyOf(thread: Thread): Tally | undefined {
    const { counts } = this.#ledger
    return this.#isNumbered ? counts.numberedTally(thread) : counts.tallyOf(thread)
  }

  get #isNumbered(): boolean {
    return (this.#run.fields & numberField) !== 0
  }

  /** Of a run with -n: the numbers of the machine, once it is certain; until then, none. */
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

  #turnTo(pid: number, resuming?: NameId): void {
    this.#pid = pid
    this.#thread = this.#ledger.threadOf(pid === unnamed ? undefined : pid, resuming)
    this.#tally = this.#tallyOf(this.#thread)
  }

  /** The entry of a call not yet seen in this thread. */
  #open(thread: Thread, id: NameId, number: number | undefined): TallyEntry {
    const entry = this.#ledger.counts.entry(thread, id, number, this.#ledger.lines + 1)
    // What was just learnt may have decided where the thread's calls are counted.
    this.#tally = this.#tallyOf(thread)
    return entry
  }

  /** A line that changes more than counts, of which only the prefix and the ending need no reading. */
  #withText(code: CompiledLines, kind: number): boolean {
    const { text, pid, value } = code
    // In colours, which are taken out of a line before it is read.
    if (text.includes('\x1b')) return false
    const call: CallText = {
      text,
      line: this.#ledger.lines + 1,
      // How it was printed matters only of a line that is cut.
      prefix: {
        pid: pid === unnamed ? undefined : pid,
        number: code.number,
        bracketed: false,
        fields: 0,
        length: 0,
      },
      name: this.#ledger.names.name(code.call),
      open: code.open,
      completion:
        kind === unfinishedLine
          ? { kind: 'unfinished' }
          : {
              kind: 'returned',
              value: value === noValue ? undefined : BigInt(value),
              errno: undefined,
              injected: false,
            },
    }
    if (kind === resumedLine) this.#interleave.resumed(call)
    else this.#interleave.call(call)
    return true
  }
}

/** Calls of which the host must know more: those with values to read, and those that change what a thread is. */
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
