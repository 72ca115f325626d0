// Lines of strace's commonest forms, told apart by compiled code (assembly/plain.ts): this file hands it bytes and the
// names of calls, and knows nothing of what the lines mean.
import { printedNames } from '../../abi/spellings.ts'
import { compiledOnce, Input, type Compiled, type Place } from '../compiled.ts'
import { plainCode } from './data/plain.ts'

interface Code extends Compiled {
  readonly names: Place
  readonly slots: Place
  readonly careful: Place
  readonly room: Place
  readonly nexts: Place
  readonly pids: Place
  readonly kinds: Place
  readonly calls: Place
  readonly opens: Place
  readonly values: Place
  readonly bracketed: Place
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

/** By name: no line of the call is plain; or those that are plain are told whole. */
export const neverPlain = 1
export const toldWhole = 2

/** The pid of a line that names none; the result of one that shows none, or one below 0. */
export const unnamed = -1
export const noValue = -1

/** Bytes of a name in the table, a parenthesis and zeros included; how many it has room for, and places by hash. */
const nameSize = 32
const nameRoom = 1024
const slotCount = 4096

export class PlainLines {
  /** Of each line that was read: where the next one starts, in memory; whose it is; its kind; the id of its call. */
  readonly nexts: Int32Array
  readonly pids: Int32Array
  readonly kinds: Uint8Array
  readonly calls: Uint16Array
  /** Of lines told whole: the result, a number of up to seven digits, or noValue. */
  readonly values: Int32Array
  readonly #opens: Int32Array
  readonly #code: Code
  readonly #input: Input
  #careful: Uint8Array | undefined
  /** Where in memory the lines started that were read last. */
  #start = 0

  constructor(code: Code) {
    const { buffer } = code.memory
    const room = code.room.value
    this.#code = code
    this.#input = new Input(code)
    this.nexts = new Int32Array(buffer, code.nexts.value, room)
    this.pids = new Int32Array(buffer, code.pids.value, room)
    this.kinds = new Uint8Array(buffer, code.kinds.value, room)
    this.calls = new Uint16Array(buffer, code.calls.value, room)
    this.values = new Int32Array(buffer, code.values.value, room)
    this.#opens = new Int32Array(buffer, code.opens.value, room)
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
   * Reads plain lines of bytes[line, end), which ends with "\n", until one is not; returns how many, 0 for none. Their
   * calls have these prefix fields.
   */
  read(bytes: Buffer, line: number, end: number, fields: number, careful: Uint8Array): number {
    this.#start = this.#input.placeOf(bytes, line, end)
    if (this.#careful !== careful) this.#input.memory.set((this.#careful = careful), this.#code.careful.value)
    return this.#code.read(this.#start, this.#input.end, fields)
  }

  /** Where the line after the one with this index starts, in the bytes given. */
  next(index: number): number {
    return this.#input.offsetOf(this.nexts[index] as number)
  }

  #lineStart(index: number): number {
    return index === 0 ? this.#start : (this.nexts[index - 1] as number)
  }

  /** The line with this index, without its end. */
  text(index: number): string {
    return this.#input.memory.toString('latin1', this.#lineStart(index), (this.nexts[index] as number) - 1)
  }

  /** Where in the text of a line told whole the arguments of its call start. */
  open(index: number): number {
    return (this.#opens[index] as number) - this.#lineStart(index)
  }

  /** Whether one of the lines read last had `[pid N]`. */
  get bracketed(): boolean {
    return this.#code.bracketed.value !== 0
  }
}

export const plainLines = compiledOnce(plainCode, PlainLines)
