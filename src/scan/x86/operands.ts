// Locates, reads and writes the operands of the x86-64 instruction that was decoded last.
// Authority: Intel SDM volume 2, chapter 2.
import type { AbstractMachine } from '../machine.ts'
import { unknown, type Value } from '../values.ts'
import { Decoder } from './decoder.ts'

export const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi] = [0, 1, 2, 3, 4, 5, 6, 7]

export const decoder = new Decoder(new Uint8Array(0))

/** Whether operands have 8 bytes, not 4. Narrower writes keep part of a register, so they make it unknown. */
export function isWide(): boolean {
  return (decoder.rex & 8) !== 0
}

export function isNarrow(): boolean {
  return decoder.has66 && !isWide()
}

/** The base of the memory operand, without displacement; unknown with an index or a segment, or without a base. */
function pointer(machine: AbstractMachine, next: number): Value {
  if (decoder.isSegmented || decoder.index >= 0) return unknown
  if (decoder.isRelative) return machine.address(next)
  return decoder.base < 0 ? unknown : machine.get(decoder.base)
}

export function loaded(machine: AbstractMachine, next: number): Value {
  return machine.load(pointer(machine, next), decoder.displacement)
}

export function operand(machine: AbstractMachine, next: number): Value {
  return decoder.mod === 3 ? cut(machine, machine.get(decoder.rm)) : loaded(machine, next)
}

/** Makes a constant of 4 bytes positive: the instruction clears the upper half of the register. */
export function cut(machine: AbstractMachine, value: Value): Value {
  if (isWide() || value === unknown) return value
  return machine.values.map(value, (atom) =>
    atom.kind === 'constant' ? machine.values.constant(atom.value >>> 0) : machine.values.of(atom),
  )
}

export function put(machine: AbstractMachine, next: number, value: Value, size = isWide() ? 8 : 4): void {
  if (decoder.mod === 3) machine.set(decoder.rm, value)
  else machine.store(pointer(machine, next), decoder.displacement, value, size)
}

export function immediate(): number {
  return isWide() ? decoder.immediate : decoder.immediate >>> 0
}

/** Computes with constants that fit 32 bits. The result for any other value is unknown. */
export function constants(machine: AbstractMachine, value: Value, compute: (value: number) => number): Value {
  const { values } = machine
  return values.map(value, (atom) => {
    if (atom.kind !== 'constant' || atom.value > 0xffffffff || atom.value < -0x80000000) return unknown
    const result = compute(atom.value | 0)
    return values.constant(isWide() ? result : result >>> 0)
  })
}

/** Without REX, 4 to 7 are AH, CH, DH and BH. */
export function byteRegister(register: number, isByte: boolean): number {
  return isByte && decoder.rex === 0 && register >= 4 && register < 8 ? register - 4 : register
}

/** Sets the lowest byte of a register of constants. If several bytes are given, each is possible. */
export function lowByte(machine: AbstractMachine, register: number, bytes: readonly number[]): void {
  const place = byteRegister(register, true)
  const before = machine.get(place)
  let value: Value | undefined
  if (place === register)
    for (const byte of bytes) {
      const each = constants(machine, before, (whole) => (whole & ~0xff) | (byte & 0xff))
      value = value === undefined ? each : machine.values.join(value, each)
    }
  machine.set(place, value ?? unknown)
}

export function addressOf(machine: AbstractMachine, next: number): Value {
  if (decoder.isRelative) return machine.address(next + decoder.displacement)
  if (decoder.base < 0) return machine.values.constant(decoder.displacement)
  return cut(machine, machine.plus(machine.get(decoder.base), decoder.displacement))
}

export function signed(machine: AbstractMachine, value: Value): Value {
  return machine.values.map(value, (atom) =>
    atom.kind === 'constant' ? machine.values.constant(atom.value | 0) : machine.values.of(atom),
  )
}
