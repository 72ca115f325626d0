// Applies the instructions of one opcode byte: arithmetic, moves, pushes and pops, addresses, strings.
import type { Flow, AbstractMachine } from '../machine.ts'
import { unknown, type Value } from '../values.ts'
import {
  addressOf,
  byteRegister,
  constants,
  cut,
  decoder,
  immediate,
  isNarrow,
  isWide,
  loaded,
  lowByte,
  operand,
  put,
  rax,
  rbp,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
  signed,
} from './operands.ts'

const [add, or, borrow, and, sub, xor, compare] = [0, 1, 3, 4, 5, 6, 7]

function arithmetic(machine: AbstractMachine, operation: number, value: Value, by: number): Value {
  const { values } = machine
  if (operation === add || operation === sub)
    return cut(machine, machine.plus(value, operation === add ? by : -by))
  if (operation === and) {
    // To align the stack pointer, set its offset far below: all words below it are new in any case.
    if (by < 0 && by >= -4096) {
      const only = values.only(value)
      if (only?.kind === 'stack') return values.of({ ...only, offset: only.offset - 65_536 })
    }
    return by === 0 ? values.constant(0) : constants(machine, value, (each) => each & by)
  }
  if (operation === or)
    return by === -1
      ? values.constant(isWide() ? -1 : 0xffffffff)
      : constants(machine, value, (each) => each | by)
  return operation === xor ? constants(machine, value, (each) => each ^ by) : unknown
}

export function oneByte(machine: AbstractMachine, next: number): Flow {
  const { opcode, mod, reg } = decoder
  const { values } = machine
  if (opcode < 0x40) {
    const operation = opcode >> 3
    const form = opcode & 7
    if (operation === compare || form > 5) return 'next'
    const isByte = (form & 1) === 0
    if (form >= 4) {
      machine.set(
        rax,
        isByte || isNarrow() ? unknown : arithmetic(machine, operation, machine.get(rax), decoder.immediate),
      )
      return 'next'
    }
    const isToRegister = form >= 2
    if (isByte || isNarrow()) {
      if (isToRegister) machine.set(byteRegister(reg, isByte), unknown)
      else if (mod === 3) machine.set(byteRegister(decoder.rm, isByte), unknown)
      else put(machine, next, unknown)
      return 'next'
    }
    const isSame = mod === 3 && decoder.rm === reg
    if (isSame && (operation === xor || operation === sub)) {
      machine.set(reg, values.constant(0))
      return 'next'
    }
    if (isSame && (operation === or || operation === and)) return 'next'
    // SBB of a register with itself: 0 or -1, depending on the carry.
    if (isSame && operation === borrow) {
      machine.set(reg, values.join(values.constant(0), values.constant(isWide() ? -1 : 0xffffffff)))
      return 'next'
    }
    const [target, source] = isToRegister
      ? [machine.get(reg), operand(machine, next)]
      : [operand(machine, next), machine.get(reg)]
    const by = values.only(source)
    const own = values.only(target)
    let result: Value = unknown
    if (by?.kind === 'constant') result = arithmetic(machine, operation, target, by.value)
    else if (own?.kind === 'constant' && operation === add)
      result = arithmetic(machine, add, source, own.value)
    if (isToRegister) machine.set(reg, result)
    else put(machine, next, result)
    return 'next'
  }
  if (opcode >= 0x50 && opcode <= 0x57) {
    machine.push(machine.get((opcode & 7) | ((decoder.rex & 1) << 3)))
    return 'next'
  }
  if (opcode >= 0x58 && opcode <= 0x5f) {
    machine.set((opcode & 7) | ((decoder.rex & 1) << 3), machine.pop())
    return 'next'
  }
  if (opcode >= 0x91 && opcode <= 0x97) {
    const other = (opcode & 7) | ((decoder.rex & 1) << 3)
    const before = machine.get(rax)
    machine.set(rax, machine.get(other))
    machine.set(other, before)
    return 'next'
  }
  if (opcode >= 0xb0 && opcode <= 0xb7) {
    lowByte(machine, (opcode & 7) | ((decoder.rex & 1) << 3), [decoder.immediate])
    return 'next'
  }
  if (opcode >= 0xb8 && opcode <= 0xbf) {
    const value =
      decoder.immediateSize === 8
        ? (decoder.immediate >>> 0) + decoder.immediateHigh * 2 ** 32
        : decoder.immediate >>> 0
    machine.set((opcode & 7) | ((decoder.rex & 1) << 3), isNarrow() ? unknown : values.constant(value))
    return 'next'
  }
  switch (opcode) {
    case 0x63: {
      const source = operand(machine, next)
      machine.set(reg, signed(machine, source))
      return 'next'
    }
    case 0x68:
    case 0x6a:
      machine.push(values.constant(decoder.immediate))
      return 'next'
    case 0x69:
    case 0x6b:
      machine.set(
        reg,
        isNarrow()
          ? unknown
          : constants(machine, operand(machine, next), (each) => Math.imul(each, decoder.immediate)),
      )
      return 'next'
    case 0x80:
    case 0x81:
    case 0x83: {
      const operation = reg & 7
      if (operation === compare) return 'next'
      const isPart = opcode === 0x80 || isNarrow()
      if (isPart && mod === 3) machine.set(byteRegister(decoder.rm, opcode === 0x80), unknown)
      else
        put(
          machine,
          next,
          isPart ? unknown : arithmetic(machine, operation, operand(machine, next), decoder.immediate),
        )
      return 'next'
    }
    case 0x85:
      // TEST of a register with itself: a JE or JNE after it tells whether the register is zero.
      if (mod === 3 && decoder.rm === reg && !isNarrow()) machine.compared = reg
      return 'next'
    case 0x86:
    case 0x87: {
      const isPart = opcode === 0x86 || isNarrow()
      const other = isPart ? unknown : operand(machine, next)
      const own = isPart ? unknown : machine.get(reg)
      if (opcode === 0x86) {
        machine.set(byteRegister(reg, true), unknown)
        if (mod === 3) machine.set(byteRegister(decoder.rm, true), unknown)
        else put(machine, next, unknown)
        return 'next'
      }
      put(machine, next, own)
      machine.set(reg, other)
      return 'next'
    }
    case 0x88:
      if (mod === 3) machine.set(byteRegister(decoder.rm, true), unknown)
      else put(machine, next, unknown, 1)
      return 'next'
    case 0x89:
      put(machine, next, isNarrow() ? unknown : cut(machine, machine.get(reg)), isNarrow() ? 2 : undefined)
      return 'next'
    case 0x8a:
      machine.set(byteRegister(reg, true), unknown)
      return 'next'
    case 0x8b:
      machine.set(reg, isNarrow() ? unknown : operand(machine, next))
      return 'next'
    case 0x8c:
      put(machine, next, unknown)
      return 'next'
    case 0x8d:
      machine.set(reg, isNarrow() || decoder.index >= 0 ? unknown : addressOf(machine, next))
      return 'next'
    case 0x8f: {
      const value = machine.pop()
      put(machine, next, value, 8)
      return 'next'
    }
    case 0x98:
      machine.set(rax, isNarrow() ? unknown : isWide() ? signed(machine, machine.get(rax)) : unknown)
      return 'next'
    case 0x99:
      machine.set(rdx, unknown)
      return 'next'
    case 0x9c:
      machine.push(unknown)
      return 'next'
    case 0x9d:
      machine.pop()
      return 'next'
    case 0x9f:
    case 0xa0:
    case 0xa1:
    case 0xd7:
    case 0xe4:
    case 0xe5:
    case 0xec:
    case 0xed:
      machine.set(rax, unknown)
      return 'next'
    case 0x6c:
    case 0x6d:
    case 0xa4:
    case 0xa5:
    case 0xaa:
    case 0xab:
      machine.forgetFrom(machine.get(rdi))
      return strings(machine)
    case 0x6e:
    case 0x6f:
    case 0xa6:
    case 0xa7:
    case 0xae:
    case 0xaf:
      return strings(machine)
    case 0xac:
    case 0xad:
      machine.set(rax, unknown)
      return strings(machine)
    case 0xc0:
    case 0xd0:
    case 0xd2:
      if (mod === 3) machine.set(byteRegister(decoder.rm, true), unknown)
      else put(machine, next, unknown, 1)
      return 'next'
    case 0xc1:
    case 0xd1:
    case 0xd3:
      put(machine, next, opcode === 0xc1 ? shifted(machine, next) : unknown)
      return 'next'
    case 0xc6:
      if (mod === 3) machine.set(byteRegister(decoder.rm, true), unknown)
      else put(machine, next, unknown, 1)
      return 'next'
    case 0xc7:
      put(machine, next, isNarrow() ? unknown : values.constant(immediate()), isNarrow() ? 2 : undefined)
      return 'next'
    case 0xc8:
      machine.set(rsp, unknown)
      machine.set(rbp, unknown)
      return 'next'
    case 0xc9:
      machine.set(rsp, machine.get(rbp))
      machine.set(rbp, machine.pop())
      return 'next'
    case 0xc2:
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcc:
    case 0xcf:
    case 0xf4:
      return 'stop'
    case 0xcd:
      return (decoder.immediate & 0xff) === 0x80 ? 'compat' : 'next'
    case 0xd8:
    case 0xd9:
    case 0xda:
    case 0xdb:
    case 0xdc:
    case 0xdd:
    case 0xde:
    case 0xdf:
      if (mod !== 3) put(machine, next, unknown, 128)
      // FNSTSW AX.
      else if (opcode === 0xdf && (reg & 7) === 4) machine.set(rax, unknown)
      return 'next'
    case 0xf6:
    case 0xf7: {
      const operation = reg & 7
      if (operation >= 4) {
        machine.set(rax, unknown)
        machine.set(rdx, unknown)
      } else if (operation >= 2) {
        if (mod === 3) machine.set(opcode === 0xf6 ? byteRegister(decoder.rm, true) : decoder.rm, unknown)
        else put(machine, next, unknown)
      }
      return 'next'
    }
    case 0xfe:
      if (mod === 3) machine.set(byteRegister(decoder.rm, true), unknown)
      else put(machine, next, unknown, 1)
      return 'next'
    case 0xff:
      return group5(machine, next)
    default:
      return 'next'
  }
}

function group5(machine: AbstractMachine, next: number): Flow {
  switch (decoder.reg & 7) {
    case 0:
    case 1:
      put(
        machine,
        next,
        isNarrow()
          ? unknown
          : cut(machine, machine.plus(operand(machine, next), (decoder.reg & 7) === 0 ? 1 : -1)),
      )
      return 'next'
    case 2:
    case 3:
      machine.targetValue = decoder.mod === 3 ? machine.get(decoder.rm) : loaded(machine, next)
      return 'call-value'
    case 4:
    case 5:
      machine.targetValue = decoder.mod === 3 ? machine.get(decoder.rm) : loaded(machine, next)
      return 'jump-value'
    case 6:
      machine.push(decoder.mod === 3 ? machine.get(decoder.rm) : loaded(machine, next))
      return 'next'
    default:
      return 'next'
  }
}

function shifted(machine: AbstractMachine, next: number): Value {
  const kind = decoder.reg & 7
  const by = decoder.immediate & 31
  if (isNarrow() || isWide() || (kind !== 4 && kind !== 5)) return unknown
  return constants(machine, operand(machine, next), (each) => (kind === 4 ? each << by : each >>> by))
}

function strings(machine: AbstractMachine): Flow {
  machine.set(rsi, unknown)
  machine.set(rdi, unknown)
  if (decoder.hasF2 || decoder.hasF3) machine.set(rcx, unknown)
  return 'next'
}
