// Takes wrapping from whole lines of bytes. Compiled code (assembly/wrapped.ts) takes the text out of lines that are
// like an earlier one (likeness.ts). The careful reader (unwrapping.ts) takes all others, with the same results.
import { latin1, latin1Bytes, viewOf } from './byte-text.ts'
import { compiledOnce, Input, type Compiled, type CompiledGlobal } from './compiled.ts'
import { wrappedCode } from './data/wrapped.ts'
import { likenessOf, partLimit, type Class, type Likeness, type Part } from './likeness.ts'
import { Unwrapping } from './unwrapping.ts'
import { isByLine, type Wrapping } from './wrappings.ts'

interface CompiledWrapped extends Compiled, Readonly<Record<Class | 'whatever', CompiledGlobal>> {
  readonly output: CompiledGlobal
  readonly written: CompiledGlobal
  readonly likenesses: CompiledGlobal
  readonly likenessRoom: CompiledGlobal
  readonly likenessSize: CompiledGlobal
  readonly partRoom: CompiledGlobal
  readonly inJson: CompiledGlobal
  readonly withEnd: CompiledGlobal
  readonly withoutEnd: CompiledGlobal
  readonly asCall: CompiledGlobal
  read(line: number, end: number, count: number): number
  readJournal(line: number, end: number): number
}

/** The compiled code, which several sources share. */
class CompiledLikenesses {
  readonly #code: CompiledWrapped
  readonly #input: Input
  readonly #written: Uint32Array
  /** The likenesses that the code has. */
  #loaded: readonly Likeness[] = []

  constructor(code: CompiledWrapped) {
    // Both parts are compared in words of 16 bytes, which reach beyond their ends.
    if (code.partRoom.value < partLimit + 16)
      throw new Error('assembly/wrapped.ts has no room for such parts')
    this.#code = code
    this.#input = new Input(code)
    this.#written = new Uint32Array(this.#input.memory.buffer, code.written.value, 1)
  }

  get room(): number {
    return this.#code.likenessRoom.value
  }

  /** Passes on the text of the lines of bytes[line, end). Returns the start of the first line that is like none. */
  take(
    likenesses: readonly Likeness[],
    bytes: Uint8Array,
    line: number,
    end: number,
    give: (inside: Uint8Array) => void,
  ): number {
    if (this.#loaded !== likenesses) this.#load(likenesses)
    return this.#read(bytes, line, end, give, (place, last) =>
      this.#code.read(place, last, likenesses.length),
    )
  }

  /** Passes on the lines of the journal's entries in bytes[line, end). Returns the start of the first that needs care. */
  takeJournal(bytes: Uint8Array, line: number, end: number, give: (inside: Uint8Array) => void): number {
    return this.#read(bytes, line, end, give, (place, last) => this.#code.readJournal(place, last))
  }

  #read(
    bytes: Uint8Array,
    line: number,
    end: number,
    give: (inside: Uint8Array) => void,
    read: (place: number, last: number) => number,
  ): number {
    const { memory } = this.#input
    const output = this.#code.output.value
    let at = line
    while (at < end) {
      const next = this.#input.offsetOf(read(this.#input.placeOf(bytes, at, end), this.#input.end))
      const length = this.#written[0] as number
      if (length === 0) break
      give(memory.subarray(output, output + length))
      at = next
    }
    return at
  }

  #load(likenesses: readonly Likeness[]): void {
    this.#loaded = likenesses
    const { memory } = this.#input
    const code = this.#code
    const { partRoom, likenessSize, likenesses: start } = code
    for (const [index, likeness] of likenesses.entries()) {
      const at = start.value + index * likenessSize.value
      const { head, tail } = likeness
      const how = (['inJson', 'withEnd', 'withoutEnd', 'asCall'] as const)
        .filter((flag) => likeness[flag])
        .reduce((all, flag) => all | code[flag].value, 0)
      new Uint32Array(memory.buffer, at, 3).set([head.text.length, tail.text.length, how])
      const write = (part: Part, place: number): void => {
        memory.fill(0, place, place + partRoom.value)
        memory.set(latin1Bytes(part.text), place)
        memory.fill(code.whatever.value, place + partRoom.value, place + 2 * partRoom.value)
        memory.set(
          part.classes.map((each) => code[each].value),
          place + partRoom.value,
        )
      }
      write(head, at + 16)
      write(tail, at + 16 + 2 * partRoom.value)
    }
  }
}

const compiled = compiledOnce(wrappedCode, CompiledLikenesses)

/** How many lines are read carefully at once, at most. */
const mostAtOnce = 256
/** The most lines that are read carefully between two looks for a likeness. Each look doubles the number. */
const mostPause = 1 << 16
/** After this many bytes of lines like a known one, another look is worth its time. */
const worthLooking = 1 << 18
/** If more bytes than this lie between two careful lines, the second is read alone. */
const worthAlone = 1 << 10

export class WrappedLines {
  readonly #wrapping: Wrapping
  readonly #unwrapping: Unwrapping
  readonly #give: (inside: Uint8Array) => void
  readonly #code: CompiledLikenesses | undefined
  /** Whether the lines are entries of the journal as JSON and nothing else, whose fields come in any order. */
  readonly #isJournal: boolean
  #likenesses: readonly Likeness[] = []
  /** How many lines are read carefully at once. */
  #atOnce = 1
  /** How many lines are read carefully between two looks, and how many are left of them. */
  #pause = 1
  #left = 0
  /** How many bytes were like a known line since the last look. */
  #alike = 0

  constructor(wrapping: Wrapping, unwrapping: Unwrapping, give: (inside: Uint8Array) => void) {
    this.#wrapping = wrapping
    this.#unwrapping = unwrapping
    this.#give = give
    this.#code = isByLine(wrapping) ? compiled() : undefined
    this.#isJournal = wrapping.name === 'journal-json' && wrapping.inner === undefined
  }

  /** Whole lines: bytes[start, end) ends with "\n". */
  take(given: Uint8Array, start: number, end: number): void {
    const code = this.#code
    if (code === undefined) return this.#carefully(latin1(given, start, end))
    const bytes = viewOf(given)
    for (let at = start; at < end;) {
      const next = this.#quickly(code, bytes, at, end)
      this.#alike += next - at
      this.#atOnce = next - at > worthAlone ? 1 : Math.min(this.#atOnce * 2, mostAtOnce)
      at = next
      let last = at
      let count = 0
      for (let stop = at; count < this.#atOnce && stop < end; count++) {
        last = stop
        stop = bytes.indexOf(0x0a, stop) + 1
        at = stop
      }
      if (count === 0) continue
      this.#carefully(latin1(bytes, next, at))
      if (this.#isJournal) continue
      this.#left -= count
      if (this.#left <= 0 || this.#alike > worthLooking) this.#look(code, latin1(bytes, last, at))
    }
  }

  #quickly(code: CompiledLikenesses, bytes: Uint8Array, at: number, end: number): number {
    if (!this.#unwrapping.isBetween) return at
    if (this.#isJournal) return code.takeJournal(bytes, at, end, this.#give)
    return this.#likenesses.length > 0 ? code.take(this.#likenesses, bytes, at, end, this.#give) : at
  }

  #carefully(lines: string): void {
    const each = lines.slice(0, -1).split('\n')
    this.#give(bytesOf(each.map((line) => this.#unwrapping.line(line)).join('')))
  }

  #look(code: CompiledLikenesses, line: string): void {
    this.#pause = this.#alike > worthLooking ? 1 : Math.min(this.#pause * 2, mostPause)
    this.#left = this.#pause
    this.#alike = 0
    const found = likenessOf(line, afresh(this.#wrapping))
    if (found === undefined || this.#likenesses.some(({ key }) => key === found.key)) return
    this.#likenesses = [found, ...this.#likenesses].slice(0, code.room)
  }
}

/** Reads each line as if it stood alone in the middle of the source; '' if a wrapping is missing. */
export function afresh(wrapping: Wrapping): (line: string) => string {
  return (line) => {
    const unwrapping = new Unwrapping(wrapping)
    unwrapping.line('')
    const text = unwrapping.line(line)
    return unwrapping.isBetween && unwrapping.isWrapped ? text : ''
  }
}

/** A character beyond latin1 (JSON can escape any) becomes `?`, so that it never turns into another or a line end. */
export function bytesOf(text: string): Uint8Array {
  // oxlint-disable-next-line no-control-regex -- all of latin1
  const beyond = /[^\u0000-\u00ff]/g
  return latin1Bytes(text.search(beyond) === -1 ? text : text.replaceAll(beyond, '?'))
}
