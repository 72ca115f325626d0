// Applies the instructions after 0F, 0F 38 and 0F 3A, and the vector instructions: few write a general register.
import type { Flow, AbstractMachine } from '../machine.ts'
import { unknown } from '../values.ts'
import {
  byteRegister,
  constants,
  decoder,
  isNarrow,
  lowByte,
  operand,
  put,
  rax,
  rbx,
  rcx,
  rdx,
} from './operands.ts'

/** Opcodes after 0F that write their general register. */
const writesRegister = new Set([0x02, 0x03, 0x2c, 0x2d, 0x50, 0xaf, 0xb8, 0xbc, 0xbd, 0xc5, 0xd7])
/** Opcodes after 0F that write the other operand. */
const writesOperand = new Set([0x00, 0x78, 0x7e, 0xa4, 0xa5, 0xab, 0xac, 0xad, 0xb3, 0xbb, 0xc3, 0xae, 0xc7])
/** Opcodes after 0F that store vectors. */
const stores = new Set([0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7])

export function twoByte(machine: AbstractMachine, next: number): Flow {
  const { opcode, mod, reg } = decoder
  if (opcode === 0x05) return 'syscall'
  if (opcode === 0x34) return 'compat'
  if (opcode === 0x0b || opcode === 0xb9 || opcode === 0xff || opcode === 0x07 || opcode === 0x35)
    return 'stop'
  if (opcode >= 0x80 && opcode <= 0x8f) {
    machine.target = next + decoder.immediate
    return 'branch'
  }
  if (opcode >= 0x40 && opcode <= 0x4f)
    machine.set(reg, isNarrow() ? unknown : machine.values.join(machine.get(reg), operand(machine, next)))
  else if (opcode >= 0x90 && opcode <= 0x9f) {
    if (mod === 3) lowByte(machine, decoder.rm, [0, 1])
    else put(machine, next, unknown, 1)
  } else if (opcode >= 0xc8 && opcode <= 0xcf) machine.set((opcode & 7) | ((decoder.rex & 1) << 3), unknown)
  else if (opcode === 0xb6 || opcode === 0xb7)
    machine.set(
      reg,
      mod === 3
        ? constants(machine, machine.get(decoder.rm), (each) => each & (opcode === 0xb6 ? 0xff : 0xffff))
        : unknown,
    )
  else if (opcode === 0xbe || opcode === 0xbf) machine.set(reg, unknown)
  else if (opcode === 0xba) {
    if ((reg & 7) !== 4) put(machine, next, unknown)
  } else if (opcode === 0xb0 || opcode === 0xb1) {
    machine.set(rax, unknown)
    put(machine, next, unknown)
  } else if (opcode === 0xc0 || opcode === 0xc1) {
    machine.set(byteRegister(reg, opcode === 0xc0), unknown)
    put(machine, next, unknown)
  } else if (opcode === 0xa2) for (const each of [rax, rbx, rcx, rdx]) machine.set(each, unknown)
  else if (opcode === 0x01 || (opcode >= 0x31 && opcode <= 0x33))
    for (const each of [rax, rcx, rdx]) machine.set(each, unknown)
  else if (opcode === 0x20 || opcode === 0x21) machine.set(decoder.rm, unknown)
  else if (opcode === 0xa0 || opcode === 0xa8) machine.push(unknown)
  else if (opcode === 0xa1 || opcode === 0xa9) machine.pop()
  else if (writesRegister.has(opcode)) machine.set(reg, unknown)
  else if (writesOperand.has(opcode)) {
    if (opcode === 0xc7 && (reg & 7) === 1) {
      machine.set(rax, unknown)
      machine.set(rdx, unknown)
    }
    // FXSAVE writes half a KiB.
    put(machine, next, unknown, opcode === 0xae ? 512 : 16)
  } else if (stores.has(opcode) && mod !== 3) put(machine, next, unknown, 16)
  return 'next'
}

/** Opcodes after 0F 38 and 0F 3A. */
export function longer(machine: AbstractMachine, next: number): void {
  const { opcode, map, mod, reg } = decoder
  if (map === 2 && (opcode === 0xf0 || opcode === 0xf1)) {
    // CRC32 and MOVBE to a register, MOVBE to memory.
    if (mod !== 3 && opcode === 0xf1 && !decoder.hasF2) put(machine, next, unknown)
    else machine.set(reg, unknown)
  } else if (map === 2 && opcode === 0xf6) machine.set(reg, unknown)
  else if (map === 3 && opcode >= 0x14 && opcode <= 0x17) put(machine, next, unknown)
}

/** VEX, EVEX and XOP: few write a general register, and those that write memory write up to 64 bytes. */
export function vector(machine: AbstractMachine, next: number): void {
  const { opcode, map, mod, reg, vvvv } = decoder
  if (mod < 0) return
  if (map === 1) {
    if ([0x2c, 0x2d, 0x50, 0x78, 0x79, 0x93, 0xc5, 0xd7].includes(opcode)) machine.set(reg & 15, unknown)
    else if (opcode === 0x7e || opcode === 0x91 || (stores.has(opcode) && mod !== 3))
      put(machine, next, unknown, 64)
    return
  }
  if (map === 2) {
    if (opcode === 0xf2 || opcode === 0xf5 || opcode === 0xf7) machine.set(reg, unknown)
    else if (opcode === 0xf3) machine.set(vvvv, unknown)
    else if (opcode === 0xf6) {
      machine.set(reg, unknown)
      machine.set(vvvv, unknown)
    }
    // VPMASKMOV, VPSCATTER, VPCOMPRESS, VPMOV to memory.
    else if (mod !== 3) put(machine, next, unknown, 64)
    return
  }
  if (map === 3) {
    if (opcode === 0xf0) machine.set(reg, unknown)
    else if (
      (opcode >= 0x14 && opcode <= 0x17) ||
      (mod !== 3 &&
        (opcode === 0x19 || opcode === 0x1b || opcode === 0x39 || opcode === 0x3b || opcode === 0x1d))
    )
      put(machine, next, unknown, 64)
    return
  }
  // XOP (BEXTR, LWP, BLCFILL and the like).
  if (map >= 8) {
    machine.set(reg, unknown)
    machine.set(vvvv, unknown)
  }
}
