// The names strace can print, numbered, so that counting is an array access; and the ones met besides: numbers,
// names of newer calls. Which of them are calls of which architecture is decided in architecture.ts.
import { printedNames } from '../../abi/spellings.ts'
import { anyArchitecture, candidatesOf, modes, type Candidates } from './architecture.ts'

export type NameId = number

/** `syscall_0x1b7`, `syscall_317`, `SYS_317`, `????`: what strace prints where its table has no name. */
const numeric = /^(?:syscall_(?:0x[0-9a-f]+|\d+)|SYS_\d+|\?{3,4})$/
/** x86_64's number called with the bit of x32: `ioctl#64`, in strace 4.9 to 4.22 `64:ioctl`. */
const native64 = /^(?:[a-z_][a-z0-9_]*#64|64:[a-z_][a-z0-9_]*)$/
/** Names beyond the tables are input: no more than this many distinct ones are kept apart. */
const strangerLimit = 4096
const others = '?'

export class Names {
  readonly #ids = new Map<string, NameId>()
  readonly #names: string[] = []
  readonly #candidates: Candidates[] = []
  readonly #known: number

  constructor() {
    for (const name of printedNames) this.#add(name)
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
}

function candidatesOfPrinted(name: string): Candidates {
  if (numeric.test(name)) return anyArchitecture
  return native64.test(name) ? modes.x32 : candidatesOf(name, undefined)
}
