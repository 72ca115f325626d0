// Lines of strace's commonest forms, told apart and counted by compiled code (assembly/plain.ts): this file hands it
// bytes, the names of calls and where whose calls are counted, and knows nothing of what the lines mean.
import { printedNames } from '../../abi/spellings.ts'
import { compiledOnce, Input, type Compiled, type Place } from '../compiled.ts'
import { plainCode } from './data/plain.ts'

interface Code extends Compiled {
  readonly names: Place
  readonly slots: Place
  readonly careful: Place
  readonly rows: Place
  readonly rowRoom: Place
  readonly threads: Place
  readonly places: Place
  readonly pendings: Place
  readonly threadRoom: Place
  readonly found: Place
  read(line: number, end: number, fields: number): number
  slotOf(place: number, length: number): number
}

/** The kinds of lines, as the code numbers them. */
export const plainCall = 0
export const plainUnfinished = 1
export const plainResumed = 2
export const plainSignal = 3
export const plainExit = 4
/** Beside the kind: the line is told whole. */
export const plainTold = 8
/** Instead of a kind: there is no further line; or it is not plain. */
export const plainWhole = 16
export const notPlain = 17

/** By name: no line of the call is plain; or those that are plain are told whole. */
export const neverPlain = 1
export const toldWhole = 2

/** The pid of a line that names none; the result of one that shows none, or one below 0. */
export const unnamed = -1
export const noValue = -1
/** Instead of a pid: no line. */
export const noThread = -2

/** Bytes of a name in the table, a parenthesis and zeros included; how many it has room for, and places by hash. */
const nameSize = 32
const nameRoom = 1024
const slotCount = 4096

/** Counts by name: those that are there, the code goes on with. */
export interface Countable {
  readonly ids: readonly number[]
  readonly entries: readonly ({ count: number } | undefined)[]
}

/** A thread, of which the code knows the call that it is inside: its id, or -1. */
export interface Pending {
  pending: number
}

export class PlainLines {
  readonly #code: Code
  readonly #input: Input
  readonly #found: Int32Array
  readonly #rows: Uint32Array
  readonly #threads: Int32Array
  readonly #places: Uint32Array
  readonly #pendings: Int32Array
  readonly #counted: Countable[] = []
  readonly #slots: number[] = []
  /** By slot; of those in `slots`. */
  readonly #inside: (Pending | undefined)[] = []
  #careful: Uint8Array | undefined

  constructor(code: Code) {
    const { buffer } = code.memory
    this.#code = code
    this.#input = new Input(code)
    this.#found = new Int32Array(buffer, code.found.value, 10)
    this.#rows = new Uint32Array(buffer, code.rows.value, code.rowRoom.value * nameRoom)
    this.#threads = new Int32Array(buffer, code.threads.value, code.threadRoom.value).fill(noThread)
    this.#places = new Uint32Array(buffer, code.places.value, code.threadRoom.value)
    this.#pendings = new Int32Array(buffer, code.pendings.value, code.threadRoom.value)
    this.#fill(new Int16Array(buffer, code.slots.value, slotCount))
  }

  #fill(slots: Int16Array): void {
    if (printedNames.length > nameRoom) throw new Error('assembly/plain.ts has no room for so many names')
    slots.fill(-1)
    for (const [id, name] of printedNames.entries()) {
      if (name.length >= nameSize) continue
      const place = this.#code.names.value + id * nameSize
      this.#input.memory.write(`${name}(`, place, nameSize, 'latin1')
      let slot = this.#code.slotOf(place, name.length)
      while (slots[slot] !== -1) slot = (slot + 1) % slotCount
      slots[slot] = id
    }
  }

  /**
   * Takes plain lines of bytes[line, end), which ends with "\n" and whose calls have these prefix fields, as far as they
   * only count. Returns the kind of the first that does not, or why there is none.
   */
  read(bytes: Buffer, line: number, end: number, fields: number, careful: Uint8Array): number {
    const start = this.#input.placeOf(bytes, line, end)
    if (this.#careful !== careful) this.#input.memory.set((this.#careful = careful), this.#code.careful.value)
    return this.#code.read(start, this.#input.end, fields)
  }

  /** How many lines, and calls in them, read() took. */
  get lines(): number {
    return this.#found[0] as number
  }

  get calls(): number {
    return this.#found[1] as number
  }

  /** Whose the last call was of those it took; noThread for none. */
  get last(): number {
    return this.#found[2] as number
  }

  /** Whether one of the lines it looked at had `[pid N]`. */
  get bracketed(): boolean {
    return this.#found[3] !== 0
  }

  /** Where in the bytes the line starts that it stopped at, and the one after. */
  get at(): number {
    return this.#input.offsetOf(this.#found[4] as number)
  }

  get next(): number {
    return this.#input.offsetOf(this.#found[5] as number)
  }

  /** Whose that line is, and the id of its call. */
  get pid(): number {
    return this.#found[6] as number
  }

  get call(): number {
    return this.#found[7] as number
  }

  /** Of a line told whole: its text without the end, */
  get text(): string {
    return this.#input.memory.toString('latin1', this.#found[4], (this.#found[5] as number) - 1)
  }

  /** where in it the arguments of its call start, */
  get open(): number {
    return (this.#found[8] as number) - (this.#found[4] as number)
  }

  /** and the result, a number of up to seven digits, or noValue. */
  get value(): number {
    return this.#found[9] as number
  }

  /** From now on, until settle(), read() counts the calls of this thread that have an entry there, and has its state. */
  count(pid: number, into: Countable, thread: Pending): void {
    let row = this.#counted.indexOf(into)
    if (row === -1) {
      if (this.#counted.length === this.#code.rowRoom.value) this.settle()
      row = this.#counted.push(into) - 1
      for (const id of into.ids) if (id < nameRoom) this.#rows[row * nameRoom + id] = 1
    }
    const slot = pid & (this.#threads.length - 1)
    const before = this.#inside[slot]
    if (before === undefined) this.#slots.push(slot)
    else before.pending = this.#pendings[slot] as number
    this.#inside[slot] = thread
    this.#threads[slot] = pid
    this.#places[slot] = this.#code.rows.value + row * nameRoom * 4
    this.#pendings[slot] = thread.pending
  }

  /** Whether the code has the state of this thread. */
  has(pid: number): boolean {
    return this.#threads[pid & (this.#threads.length - 1)] === pid
  }

  /** Gives back what was counted, and what the threads are inside of; no thread's calls are counted any more. */
  settle(): void {
    for (let row = 0; row < this.#counted.length; row++) {
      const { ids, entries } = this.#counted[row] as Countable
      for (const id of ids) {
        if (id >= nameRoom) continue
        const cell = row * nameRoom + id
        const count = this.#rows[cell] as number
        if (count > 1) (entries[id] as { count: number }).count += count - 1
        this.#rows[cell] = 0
      }
    }
    for (const slot of this.#slots) {
      const thread = this.#inside[slot] as Pending
      thread.pending = this.#pendings[slot] as number
      this.#inside[slot] = undefined
      this.#threads[slot] = noThread
    }
    this.#counted.length = 0
    this.#slots.length = 0
  }
}

export const plainLines = compiledOnce(plainCode, PlainLines)
