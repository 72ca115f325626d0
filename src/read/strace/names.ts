// The names strace can print, numbered, so that counting is an array access; and the ones met besides: numbers,
// names of newer calls. Which of them are calls of which architecture is decided in architecture.ts.
import { printedNames } from '../../abi/spellings.ts'
import { viewOf, wordAt } from '../words.ts'
import { anyArchitecture, candidatesOf, modes, type Candidates } from './architecture.ts'

export type NameId = number

/** `syscall_0x1b7`, `syscall_317`, `SYS_317`, `????`: what strace prints where its table has no name. */
const numeric = /^(?:syscall_(?:0x[0-9a-f]+|\d+)|SYS_\d+|\?{3,4})$/
/** x86_64's number called with the bit of x32: `ioctl#64`, in strace 4.9 to 4.22 `64:ioctl`. */
const native64 = /^(?:[a-z_][a-z0-9_]*#64|64:[a-z_][a-z0-9_]*)$/
/** Names beyond the tables are input: no more than this many distinct ones are kept apart. */
const strangerLimit = 4096
const others = '?'
const slotBits = 12
const slotCount = 1 << slotBits
const lastSlot = slotCount - 1
/** The shortest name of a call; with its parenthesis it is a word. */
const shortest = 3

export class Names {
  readonly #ids = new Map<string, NameId>()
  readonly #names: string[] = []
  readonly #candidates: Candidates[] = []
  /** The names of the tables, by hash; each with a parenthesis behind it, one behind the other. */
  readonly #slots = new Int16Array(slotCount).fill(-1)
  readonly #text = viewOf(Buffer.from(`${printedNames.join('(')}(`, 'latin1'))
  readonly #starts = new Int32Array(printedNames.length + 1)
  readonly #firsts = new Int32Array(printedNames.length)
  readonly #lasts = new Int32Array(printedNames.length)
  readonly #known: number

  constructor() {
    let start = 0
    for (const name of printedNames) {
      const id = this.#add(name)
      const end = start + name.length
      const first = (this.#firsts[id] = wordAt(this.#text, start))
      const last = (this.#lasts[id] = wordAt(this.#text, end - 3))
      let slot = slotOf(first, last)
      while (this.#slots[slot] !== -1) slot = (slot + 1) & lastSlot
      this.#slots[slot] = id
      this.#starts[id + 1] = start = end + 1
    }
    this.#known = this.#names.length
  }

  /** How many names the tables have; ids from here on are strangers. */
  get known(): number {
    return this.#known
  }

  #add(name: string): NameId {
    const id = this.#names.length
    this.#names.push(name)
    this.#ids.set(name, id)
    this.#candidates.push(candidatesOfPrinted(name))
    return id
  }

  name(id: NameId): string {
    return this.#names[id] as string
  }

  /** The architectures that have a call of this name; 0 for a name that no table has. */
  candidates(id: NameId): Candidates {
    return this.#candidates[id] as Candidates
  }

  /** The id of a printed name, also of one that no table has. */
  id(name: string): NameId {
    const id = this.#ids.get(name)
    if (id !== undefined) return id
    if (this.#names.length >= this.#known + strangerLimit) return this.#ids.get(others) ?? this.#add(others)
    return this.#add(name)
  }

  /** Whether a table has this name. */
  isKnown(name: string): boolean {
    const id = this.#ids.get(name)
    return id !== undefined && id < this.#known
  }

  isNumeric(name: string): boolean {
    return numeric.test(name)
  }

  /** The id of the table name in bytes [start, end); -1 for none. */
  find(view: DataView, start: number, end: number): NameId {
    const length = end - start
    if (length < shortest) return -1
    // As if the parenthesis stood behind it, which is a space in `<... name resumed>`.
    const last = (wordAt(view, end - 3) & 0xffffff) | 0x28000000
    const first = length === shortest ? last : wordAt(view, start)
    const slots = this.#slots
    for (let slot = slotOf(first, last); ; slot = (slot + 1) & lastSlot) {
      const id = slots[slot] as number
      if (id === -1) return -1
      if (this.#firsts[id] !== first || this.#lasts[id] !== last) continue
      const known = this.#starts[id] as number
      if ((this.#starts[id + 1] as number) - known !== length + 1) continue
      let at = 4
      while (at < length - 3 && wordAt(view, start + at) === wordAt(this.#text, known + at)) at += 4
      if (at >= length - 3) return id
    }
  }
}

function candidatesOfPrinted(name: string): Candidates {
  if (numeric.test(name)) return anyArchitecture
  return native64.test(name) ? modes.x32 : candidatesOf(name, undefined)
}

function slotOf(first: number, last: number): number {
  return (Math.imul(first, 0x9e3779b1) + Math.imul(last, 0x85ebca6b)) >>> (32 - slotBits)
}
