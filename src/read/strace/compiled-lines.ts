// The host of the compiled code (assembly/lines.ts), which recognizes and counts strace's commonest lines. This file
// gives the code bytes, the names of calls and each thread's counts; it does not know what the lines mean.
import { printedNames } from '../../abi/spellings.ts'
import { latin1, latin1Bytes } from '../byte-text.ts'
import { compiledOnce, Input, type Compiled, type CompiledGlobal } from '../compiled.ts'
import { linesCode } from './data/compiled-lines.ts'
import { foundWords, layout } from './layout.ts'

interface CompiledCode extends Compiled {
  readonly names: CompiledGlobal
  readonly slots: CompiledGlobal
  readonly careful: CompiledGlobal
  readonly numbers: CompiledGlobal
  readonly rows: CompiledGlobal
  readonly firsts: CompiledGlobal
  readonly opened: CompiledGlobal
  readonly threads: CompiledGlobal
  readonly places: CompiledGlobal
  readonly pendings: CompiledGlobal
  readonly found: CompiledGlobal
  read(line: number, end: number, fields: number, before: number, waits: boolean): number
  slotOf(place: number, length: number): number
}

const { nameSize, nameRoom, slotBits, rowRoom, threadRoom, openedRoom, noThread, noNumber } = layout.i32
const slotCount = 1 << slotBits

const word = Object.fromEntries(foundWords.map((name, index) => [name, index])) as Record<
  (typeof foundWords)[number],
  number
>

/** Counts by name id. The code counts names that already have an entry, and those of an Opening. */
export interface Countable {
  readonly ids: readonly number[]
  readonly entries: readonly ({ count: number } | undefined)[]
}

/** The names whose first call the code may count too. */
export interface Opening {
  /** By name id: 0 or `unopened`. */
  readonly cells: Uint32Array
  /** Makes the entry of a name; `line`: the number of the line of its first call. */
  open(id: number, line: number): { count: number }
}

/** What a row counts. */
interface CountedRow {
  readonly into: Countable
  readonly isLasting: boolean
  /** How many ids the row counts. */
  known: number
  readonly opening: Opening | undefined
}

/** A thread as the code knows it: the id of the call that it is inside, or -1. */
export interface Pending {
  pending: number
}

export class CompiledLines {
  readonly #code: CompiledCode
  readonly #input: Input
  readonly #found: Int32Array
  readonly #rows: Uint32Array
  readonly #firsts: Float64Array
  readonly #opened: Uint32Array
  readonly #threads: Int32Array
  readonly #places: Uint32Array
  readonly #pendings: Int32Array
  /** By row; undefined for a free row. */
  readonly #counted: (CountedRow | undefined)[] = []
  readonly #slots: number[] = []
  /** By slot in `#slots`: the thread, and the row that counts its calls. */
  readonly #inside: Pending[] = []
  readonly #rowsOf: number[] = []
  #careful: Uint8Array | undefined
  #numbers: Int32Array | undefined

  constructor(code: CompiledCode) {
    this.#code = code
    this.#input = new Input(code)
    const { buffer } = this.#input.memory
    this.#found = new Int32Array(buffer, code.found.value, foundWords.length)
    this.#rows = new Uint32Array(buffer, code.rows.value, rowRoom * nameRoom)
    this.#firsts = new Float64Array(buffer, code.firsts.value, rowRoom * nameRoom)
    this.#opened = new Uint32Array(buffer, code.opened.value, rowRoom * openedRoom)
    this.#threads = new Int32Array(buffer, code.threads.value, threadRoom).fill(noThread)
    this.#places = new Uint32Array(buffer, code.places.value, threadRoom)
    this.#pendings = new Int32Array(buffer, code.pendings.value, threadRoom)
    this.#fill(new Int16Array(buffer, code.slots.value, slotCount))
  }

  #fill(slots: Int16Array): void {
    if (printedNames().length > nameRoom) throw new Error('assembly/lines.ts has no room for so many names')
    slots.fill(-1)
    for (const [id, name] of printedNames().entries()) {
      if (name.length >= nameSize) continue
      const place = this.#code.names.value + id * nameSize
      this.#input.memory.set(latin1Bytes(`${name}(`), place)
      let slot = this.#code.slotOf(place, name.length)
      while (slots[slot] !== -1) slot = (slot + 1) % slotCount
      slots[slot] = id
    }
  }

  /**
   * Counts the lines of bytes[line, end), which ends with "\n", up to the first line that needs more than counting.
   * `fields`: the prefix fields of the run; `before`: how many lines the source had before; `waits`: whether a call of
   * the host's waits for its rest. Returns the kind of that line, `slow` or `endOfInput`.
   */
  read(
    bytes: Uint8Array,
    line: number,
    end: number,
    fields: number,
    careful: Uint8Array,
    numbers?: Int32Array,
    before = 0,
    waits = false,
  ): number {
    const start = this.#input.placeOf(bytes, line, end)
    if (this.#careful !== careful) this.#input.memory.set((this.#careful = careful), this.#code.careful.value)
    if (numbers !== undefined && this.#numbers !== numbers)
      new Int32Array(this.#input.memory.buffer, this.#code.numbers.value, nameRoom).set(
        (this.#numbers = numbers),
      )
    return this.#code.read(start, this.#input.end, fields, before, waits)
  }

  /** How many lines read() took; `calls`: how many calls it counted in them. */
  get lines(): number {
    return this.#found[word.lines] as number
  }

  get calls(): number {
    return this.#found[word.calls] as number
  }

  /** The pid of the last line of a call that read() took; noThread if there was none. */
  get last(): number {
    return this.#found[word.last] as number
  }

  /** The pid of the thread whose call a message has cut, and which read() counted; noThread if there is none. */
  get cut(): number {
    return this.#found[word.cut] as number
  }

  /** Whether a line that read() saw had `[pid N]` or was a message with strace's name. */
  get bracketed(): boolean {
    return this.#found[word.bracketed] !== 0
  }

  /** Whether a line that read() saw shows a call that did not fail. */
  get succeeded(): boolean {
    return this.#found[word.succeeded] !== 0
  }

  /** The offset of the line that read() stopped at; `next`: the offset of the following line. */
  get at(): number {
    return this.#input.offsetOf(this.#found[word.at] as number)
  }

  get next(): number {
    return this.#input.offsetOf(this.#found[word.next] as number)
  }

  /** The pid of the line that read() stopped at; `call`: the id of its call. */
  get pid(): number {
    return this.#found[word.pid] as number
  }

  get call(): number {
    return this.#found[word.call] as number
  }

  /** The text of that line without its line end, if its kind includes `withText`. */
  get text(): string {
    return latin1(this.#input.memory, this.#found[word.at], (this.#found[word.next] as number) - 1)
  }

  /** Where the arguments of the call start in that text. */
  get open(): number {
    return (this.#found[word.open] as number) - (this.#found[word.at] as number)
  }

  /** The result of that line: a number of up to seven digits, noValue or unread. In a cut line, where the message starts. */
  get value(): number {
    return this.#found[word.value] as number
  }

  /** The number that -n prints for the call; undefined if there is none. */
  get number(): number | undefined {
    const number = this.#found[word.number] as number
    return number === noNumber ? undefined : number
  }

  /**
   * From now on, until flush(), read() keeps the thread's state and counts its calls that have an entry in `into`.
   * `isLasting`: the counts may stay in the code while the host reads a line (see lend()).
   */
  count(pid: number, into: Countable, thread: Pending, isLasting: boolean, opening?: Opening): void {
    const row = this.#rowOf(into, isLasting, opening)
    const slot = pid & (threadRoom - 1)
    if (this.#threads[slot] === noThread) this.#slots.push(slot)
    else if (this.#threads[slot] !== pid)
      (this.#inside[slot] as Pending).pending = this.#pendings[slot] as number
    this.#inside[slot] = thread
    this.#rowsOf[slot] = row
    this.#threads[slot] = pid
    this.#places[slot] = this.#code.rows.value + row * nameRoom * 4
    this.#pendings[slot] = thread.pending
  }

  #rowOf(into: Countable, isLasting: boolean, opening: Opening | undefined): number {
    let row = 0
    let free = -1
    while (row < this.#counted.length && this.#counted[row]?.into !== into) {
      if (this.#counted[row] === undefined) free = row
      row++
    }
    if (row === this.#counted.length) {
      if (free !== -1) row = free
      else if (row === rowRoom) {
        this.flush()
        row = 0
      }
      this.#counted[row] = { into, isLasting, known: 0, opening }
      if (opening !== undefined) this.#rows.set(opening.cells, row * nameRoom)
    }
    const counted = this.#counted[row] as CountedRow
    for (; counted.known < into.ids.length; counted.known++) {
      const id = into.ids[counted.known] as number
      if (id < nameRoom) this.#rows[row * nameRoom + id] = 1
    }
    return row
  }

  /** Whether the code has the state of this thread. */
  has(pid: number): boolean {
    return this.#threads[pid & (threadRoom - 1)] === pid
  }

  /** The call that the thread is inside, if the code has the thread. */
  pendingOf(pid: number): number | undefined {
    return this.has(pid) ? this.#pendings[pid & (threadRoom - 1)] : undefined
  }

  /**
   * Before the host reads a line: writes back the threads' pending calls and all counts that do not last. `only`: the
   * line concerns the thread of this pid alone.
   */
  lend(only?: number): void {
    if (only === undefined) return this.#giveBack(false)
    if (!this.has(only)) return
    const slot = only & (threadRoom - 1)
    const row = this.#rowsOf[slot] as number
    const counted = this.#counted[row] as CountedRow
    ;(this.#inside[slot] as Pending).pending = this.#pendings[slot] as number
    if (counted.isLasting) return
    this.#giveBackRow(row, counted)
    this.#drop(slot)
  }

  /** Tells the host which call each thread is inside. */
  tellPending(): void {
    for (const slot of this.#slots) (this.#inside[slot] as Pending).pending = this.#pendings[slot] as number
  }

  /** After the host read the line: takes the pending calls again. Drops the threads for which `isStill` is false. */
  goOn(isStill: (pid: number, thread: Pending, into: Countable) => boolean, only?: number): void {
    const isKept = (slot: number, thread: Pending): boolean => {
      const { into } = this.#counted[this.#rowsOf[slot] as number] as CountedRow
      if (!isStill(this.#threads[slot] as number, thread, into)) return false
      this.#pendings[slot] = thread.pending
      return true
    }
    if (only === undefined) return this.#keep(isKept)
    const slot = only & (threadRoom - 1)
    if (this.has(only) && !isKept(slot, this.#inside[slot] as Pending)) this.#drop(slot)
  }

  /** Writes back all counts and pending calls, and drops every thread. */
  flush(): void {
    this.#giveBack(true)
    this.#counted.length = 0
  }

  #giveBack(isAll: boolean): void {
    for (let row = 0; row < this.#counted.length; row++) {
      const counted = this.#counted[row]
      if (counted !== undefined && (isAll || !counted.isLasting)) this.#giveBackRow(row, counted)
    }
    this.#keep((slot, thread) => {
      thread.pending = this.#pendings[slot] as number
      return this.#counted[this.#rowsOf[slot] as number] !== undefined
    })
  }

  #giveBackRow(row: number, { into: { ids, entries }, known, opening }: CountedRow): void {
    const start = row * nameRoom
    for (let index = 0; index < known; index++) {
      const id = ids[index] as number
      if (id >= nameRoom) continue
      const count = this.#rows[start + id] as number
      if (count > 1) (entries[id] as { count: number }).count += count - 1
      this.#rows[start + id] = 0
    }
    if (opening !== undefined) this.#open(row, opening)
    this.#counted[row] = undefined
  }

  /** Makes the entries of the calls that the code counted first. */
  #open(row: number, opening: Opening): void {
    const start = row * nameRoom
    const list = row * openedRoom
    const length = this.#opened[list] as number
    for (let index = 1; index <= length; index++) {
      const id = this.#opened[list + index] as number
      opening.open(id, this.#firsts[start + id] as number).count += (this.#rows[start + id] as number) - 1
    }
    this.#opened[list] = 0
    this.#rows.fill(0, start, start + nameRoom)
  }

  #drop(slot: number): void {
    this.#threads[slot] = noThread
    this.#slots.splice(this.#slots.indexOf(slot), 1)
  }

  /** Drops the threads for which `isKept` is false. */
  #keep(isKept: (slot: number, thread: Pending) => boolean): void {
    const slots = this.#slots
    let kept = 0
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] as number
      if (isKept(slot, this.#inside[slot] as Pending)) slots[kept++] = slot
      else this.#threads[slot] = noThread
    }
    slots.length = kept
  }
}

export const compiledLines = compiledOnce(linesCode, CompiledLines)
