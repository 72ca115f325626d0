// The state of a processor: the values of its registers and of the words of the function's own stack. x86/step.ts and
// arm64/step.ts apply instructions to it.
import { relocationKind } from './elf/relocations.ts'
import type { Carrier, Held } from './held.ts'
import type { Linked } from './link.ts'
import { unknown, type Atom, type Value, type Values } from './values.ts'

export interface State {
  readonly registers: Int32Array
  readonly slots: Slots
  /** Which registers and stack words hold pointers to an object, while these are followed. */
  readonly held: Held | undefined
}

/** The state in which every value is unknown. */
export function nothingKnown({ registers }: Processor, held?: Held): State {
  return { registers: new Int32Array(registers), slots: new Map(), held }
}

/** A copy of a state, which instructions may change. */
export function copyOf({ registers, slots, held }: State): State {
  return { registers: registers.slice(), slots: new Map(slots), held: held?.copy() }
}

/**
 * Words of the stack by their offset from the stack pointer at the function's start. A negative number is a word of 4
 * bytes; its absolute value is the value.
 */
export type Slots = Map<number, number>

/** The value of a word of the stack; undefined if it is unknown. */
export function slotValue(slots: ReadonlyMap<number, number>, offset: number): Value | undefined {
  const found = slots.get(offset)
  return found === undefined ? undefined : Math.abs(found)
}

/** Where an instruction leads. */
export type Flow =
  | 'next'
  | 'invalid'
  | 'jump'
  | 'branch'
  | 'call'
  | 'call-value'
  | 'jump-value'
  | 'stop'
  | 'syscall'
  | 'compat'

/** The properties in which processors differ. */
export interface Processor {
  readonly registers: number
  readonly stackPointer: number
  /** The number of bytes that a call pushes on the stack. */
  readonly pushed: number
  /** The registers of the number and of the arguments of a system call. */
  readonly number: number
  readonly arguments: readonly number[]
  /** The registers of the arguments of a function. */
  readonly passed: readonly number[]
  /** The number of rt_sigaction, by which the kernel gets an address that it calls. */
  readonly sigaction: number
  /** Registers that a call may change, by the C calling convention. */
  readonly lost: readonly number[]
  readonly lostBySyscall: readonly number[]
  /** Whether the instruction at an offset returns to the caller. */
  isReturn(bytes: Uint8Array, offset: number): boolean
  /** Applies the instruction at an address and sets the machine's `target`; returns its length and where it leads. */
  step(
    machine: AbstractMachine,
    address: number,
    end: number,
  ): { readonly flow: Flow; readonly length: number }
  /** Carries held pointers through the instruction at an address; call before `step`. */
  carry(carrier: Carrier, address: number, end: number): void
}

export class AbstractMachine {
  readonly values: Values
  readonly module: number
  readonly bytes: Uint8Array
  readonly #linked: Linked
  readonly stackPointer: number
  readonly pushed: number
  state: State
  /** Where a jump or call leads. */
  target = 0
  /** Where an indirect jump or call leads. */
  targetValue: Value = unknown
  /** The register that a branch, or the instruction before it, compares with zero; -1 if there is none. */
  compared = -1
  /** The side of a branch on which `compared` is zero. */
  zeroOn: 'target' | 'next' | undefined
  /** Values stored at fixed addresses, in the order of the stores. */
  stored: { address: number; value: Value }[] = []

  constructor(linked: Linked, module: number, values: Values, processor: Processor) {
    this.#linked = linked
    this.module = module
    this.values = values
    this.bytes = this.image.file.bytes
    this.stackPointer = processor.stackPointer
    this.pushed = processor.pushed
    this.state = nothingKnown(processor)
  }

  get image(): Linked['modules'][number]['image'] {
    return (this.#linked.modules[this.module] as Linked['modules'][number]).image
  }

  get(register: number): Value {
    return this.state.registers[register] as Value
  }

  set(register: number, value: Value): void {
    this.state.registers[register] = value
  }

  address(value: number): Value {
    return this.values.of({ kind: 'address', module: this.module, value })
  }

  /** A value plus a number. */
  plus(value: Value, more: number): Value {
    if (more === 0) return value
    return this.values.map(value, (atom) => {
      switch (atom.kind) {
        case 'constant':
          return this.values.constant(atom.value + more)
        case 'address':
          return this.values.of({ ...atom, value: atom.value + more })
        case 'stack':
          return this.values.of({ ...atom, offset: atom.offset + more })
        default:
          return unknown
      }
    })
  }

  /** The word at an offset from where a value points. */
  load(base: Value, offset: number): Value {
    return this.values.map(base, (atom, id) => this.#loadFrom(atom, id, offset))
  }

  #loadFrom(atom: Atom, id: number, offset: number): Value {
    const { values } = this
    switch (atom.kind) {
      case 'stack': {
        const at = atom.offset + offset
        return (
          slotValue(this.state.slots, at) ??
          (at >= this.pushed ? values.of({ kind: 'argument', offset: at }) : unknown)
        )
      }
      case 'address':
        return this.loadFixed(atom.value + offset)
      case 'entry':
      case 'argument':
        return values.of({ kind: 'load', of: id, offset })
      case 'load': {
        const inner = values.atom(atom.of)
        return inner.kind === 'load' ? unknown : values.of({ kind: 'load', of: id, offset })
      }
      case 'constant':
        return unknown
    }
  }

  /** The word at an address of the module: its relocation's target, else read-only data, else a load. */
  loadFixed(address: number): Value {
    const { image, relocations } = this.#linked.modules[this.module] as Linked['modules'][number]
    const index = relocations.at(address)
    if (index >= 0 && relocations.kind[index] !== relocationKind.copy) {
      const symbol = relocations.symbol[index] as number
      if (symbol === 0) return this.address(relocations.addend[index] as number)
      const [target] = this.#linked.resolve(this.module, symbol)
      return target === undefined
        ? unknown
        : this.values.of({ kind: 'address', module: target.module, value: target.address })
    }
    const at = image.offsetOf(address)
    if (at >= 0 && !image.isWritable(address)) return this.values.constant(image.file.u32(at))
    return this.values.of({
      kind: 'load',
      of: this.values.atomId({ kind: 'address', module: this.module, value: address }),
      offset: 0,
    })
  }

  /** Stores a value where another points, and forgets the `size` bytes of the stack that it overwrites. */
  store(base: Value, offset: number, value: Value, size: number): void {
    for (const atom of this.values.atoms(base)) {
      if (atom.kind === 'address') this.stored.push({ address: atom.value + offset, value })
      if (atom.kind !== 'stack') continue
      const at = atom.offset + offset
      const { slots } = this.state
      if (slots.size > 0)
        for (let each = at - 7; each < at + size; each++)
          if (each > at - 4 || (slots.get(each) ?? 0) > 0) slots.delete(each)
      if (value !== unknown && this.values.only(base) === atom) slots.set(at, size === 4 ? -value : value)
    }
  }

  /** Forgets all words of the stack at or above the place to which a value points. */
  forgetFrom(base: Value): void {
    const { slots } = this.state
    if (slots.size === 0) return
    for (const atom of this.values.atoms(base))
      if (atom.kind === 'stack') for (const at of slots.keys()) if (at >= atom.offset) slots.delete(at)
  }

  push(value: Value): void {
    const pointer = this.plus(this.get(this.stackPointer), -8)
    this.set(this.stackPointer, pointer)
    this.store(pointer, 0, value, 8)
  }

  pop(): Value {
    const pointer = this.get(this.stackPointer)
    const value = this.load(pointer, 0)
    this.set(this.stackPointer, this.plus(pointer, 8))
    return value
  }
}
