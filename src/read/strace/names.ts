// Numbers the names that strace can print, so that counting is an array access. Other names (numbers, newer calls) get
// an id when they are first seen. architecture.ts decides which architectures have a name.
import { printedNames } from '../../abi/spellings.ts'
import { anyArchitecture, candidatesOf, modes, type Candidates } from './architecture.ts'
import { isNative64, isUnreadable, printedNumber } from './parse-line.ts'

export type NameId = number

/** How many distinct names outside the tables get an id of their own: they come from the input. */
const strangerLimit = 4096
const others = '?'

export class Names {
  readonly #ids = new Map<string, NameId>()
  readonly #names: string[] = []
  readonly #candidates: Candidates[] = []
  /** By id, the number that -n printed last for the call, and the architectures that have both. */
  readonly #numbered: ({ readonly number: number; readonly candidates: Candidates } | undefined)[] = []
  readonly #known: number

  constructor() {
    for (const name of printedNames()) this.#add(name)
    this.#known = this.#names.length
  }

  /** How many names the tables have; ids from here on are names outside the tables. */
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

  /** The architectures that have a call of this name and number (-n). */
  numbered(id: NameId, number: number): Candidates {
    const last = this.#numbered[id]
    if (last?.number === number) return last.candidates
    const found = candidatesOf(this.name(id), number)
    this.#numbered[id] = { number, candidates: found }
    return found
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
}

function candidatesOfPrinted(name: string): Candidates {
  if (isNumeric(name)) return anyArchitecture
  return isNative64(name) ? modes.x32 : candidatesOf(name, undefined)
}

/** Whether strace printed a number, or a mark that it could not read the call, instead of a name. */
export function isNumeric(name: string): boolean {
  return printedNumber(name) !== undefined || isUnreadable(name)
}
