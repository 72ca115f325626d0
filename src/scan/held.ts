// Tracks which registers and stack words may hold an address in one object of data, a word read from the object, or the
// address of a function. Sets only grow where paths join, so no path on which a pointer is held is lost. x86/carry.ts
// and arm64/carry.ts apply instructions; an instruction that they do not know lets the pointer escape.
import type { AbstractMachine } from './machine.ts'
import { unknown, type Value } from './values.ts'

/** Bits: an address in the object; a word that was read from it, or the address of the function. */
export const heldAddress = 1
export const heldWord = 2

export class Held {
  readonly registers: Uint8Array
  /** By the offset from the stack pointer at the function's start. */
  readonly slots: Map<number, number>

  constructor(registers: Uint8Array, slots: Map<number, number> = new Map()) {
    this.registers = registers
    this.slots = slots
  }

  copy(): Held {
    return new Held(this.registers.slice(), new Map(this.slots))
  }

  /** Adds what another holds; returns whether this is more than before. */
  join(other: Held): boolean {
    let isMore = false
    for (const [register, bits] of other.registers.entries()) {
      const before = this.registers[register] as number
      if ((before | bits) !== before) isMore = true
      this.registers[register] = before | bits
    }
    for (const [offset, bits] of other.slots) {
      const before = this.slots.get(offset) ?? 0
      if ((before | bits) !== before) isMore = true
      this.slots.set(offset, before | bits)
    }
    return isMore
  }

  of(register: number): number {
    return register < 0 ? 0 : (this.registers[register] as number)
  }
}

/** An operand in memory: its base register, and its place, which may be unknown. */
export interface MemoryOperand {
  readonly base: number
  readonly place: Value
  /** Whether the instruction names an address in the object. */
  readonly isObject: boolean
  readonly size: number
}

/** What is held while one function is followed. */
export class Carrier {
  readonly machine: AbstractMachine
  /** What is held before the current instruction; carrying changes it to what is held afterwards. */
  held: Held
  /** Whether the current instruction names an address in the object. */
  isObject = false
  /** The bit of the address that the current instruction names: heldAddress in the object, heldWord of the function. */
  named = heldAddress
  /** Whether the current instruction calls or jumps to a word of the object. */
  isSite = false
  /** The lowest word of the stack whose address was taken: it and the words above may be read through the address. */
  #taken = Infinity
  /** The highest word of the stack that held something. */
  #highest: number
  #isLost = false

  constructor(machine: AbstractMachine, held: Held) {
    this.machine = machine
    this.held = held
    this.#highest = Math.max(-Infinity, ...held.slots.keys())
  }

  /** Whether a pointer may have escaped. */
  get isLost(): boolean {
    return this.#isLost || this.#highest >= this.#taken
  }

  lose(): void {
    this.#isLost = true
  }

  /** Calls or jumps to the word in a register. No function is passed to itself, so the register is cleared. */
  callRegister(register: number): void {
    this.isSite = true
    this.set(register, 0)
  }

  set(register: number, bits: number): void {
    this.held.registers[register] = bits
  }

  /** What a word in memory may hold. */
  read({ base, place, isObject, size }: MemoryOperand): number {
    const isOfObject = isObject || (this.held.of(base) & heldAddress) !== 0
    let bits = isOfObject ? heldWord : 0
    if (this.held.slots.size === 0) return bits
    const offsets = this.#offsets(place)
    // If the stack pointer itself is unknown, the operand may be any word of the stack.
    if (offsets === undefined) {
      if (base === this.machine.stackPointer) this.lose()
      return bits
    }
    for (const offset of offsets)
      for (const [slot, its] of this.held.slots) if (slot > offset - 8 && slot < offset + size) bits |= its
    return bits
  }

  /** Stores what may be a pointer. It escapes unless it is stored in the object or in known words of the stack. */
  write({ base, place, isObject }: MemoryOperand, bits: number): void {
    if (isObject) return
    const offsets = this.#offsets(place)
    const [offset] = offsets ?? []
    if (offset !== undefined && offsets?.length === 1) {
      if (bits === 0) this.held.slots.delete(offset)
      else this.#set(offset, bits)
      return
    }
    if (bits === 0) return
    if (offsets === undefined || (this.held.of(base) & heldAddress) !== 0) return this.lose()
    for (const each of offsets) this.#set(each, (this.held.slots.get(each) ?? 0) | bits)
  }

  #set(offset: number, bits: number): void {
    this.held.slots.set(offset, bits)
    this.#highest = Math.max(this.#highest, offset)
  }

  /** Marks addresses on the stack as taken. */
  take(value: Value): void {
    for (const atom of this.machine.values.atoms(value))
      if (atom.kind === 'stack') this.#taken = Math.min(this.#taken, atom.offset)
  }

  /** The offsets on the stack; undefined if the place may be outside the stack. */
  #offsets(place: Value): readonly number[] | undefined {
    if (place === unknown) return undefined
    const found: number[] = []
    for (const atom of this.machine.values.atoms(place)) {
      if (atom.kind !== 'stack') return undefined
      found.push(atom.offset)
    }
    return found
  }
}
