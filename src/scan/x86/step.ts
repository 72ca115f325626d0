// Applies one x86-64 instruction to registers and stack, as far as values are followed: moves, addresses, sums with
// constants, pushes and pops, selections. Any other written register becomes unknown. Authority: Intel SDM volume 2.
import type { Flow, AbstractMachine, Processor } from '../machine.ts'
import { unknown, type Value } from '../values.ts'
import { Decoder } from './decoder.ts'

const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi] = [0, 1, 2, 3, 4, 5, 6, 7]

export const x86: Processor = {
  registers: 16,
  stackPointer: rsp,
  pushed: 8,
  number: rax,
  // The kernel's order: rdi rsi rdx r10 r8 r9 (arch/x86/entry/entry_64.S).
  arguments: [rdi, rsi, rdx, 10, 8, 9],
  lost: [rax, rcx, rdx, rsi, rdi, 8, 9, 10, 11],
  lostBySyscall: [rax, rcx, 11],
  // RET, with a prefix (`rep ret`) or a number of bytes.
  isReturn: (bytes, at) => {
    const byte = bytes[at] === 0xf3 || bytes[at] === 0xf2 ? bytes[at + 1] : bytes[at]
    return byte === 0xc3 || byte === 0xc2 || byte === 0xcb || byte === 0xcf
  },
  step,
}

/** The argument registers of a 32-bit call: int 0x80 (arch/x86/entry/entry_64_compat.S). */
export const compatArguments: readonly number[] = [rbx, rcx, rdx, rsi, rdi, rbp]

const decoder = new Decoder(new Uint8Array(0))
const done = { flow: 'next' as Flow, length: 0 }

function leads(flow: Flow, length: number): typeof done {
  done.flow = flow
  done.length = length
  return done
}

function step(machine: AbstractMachine, address: number, end: number): typeof done {
  const { image } = machine
  decoder.bytes = machine.bytes
  const at = image.offsetOf(address)
  const length = at < 0 ? 0 : decoder.decode(at, at + end - address)
  if (length === 0) return leads('invalid', 1)
  const next = address + length
  const { opcode, map } = decoder
  const compared = machine.compared
  machine.compared = -1
  machine.zeroOn = undefined
  if (compared >= 0 && ((map === 0 && (opcode & 0xfe) === 0x74) || (map === 1 && (opcode & 0xfe) === 0x84))) {
    machine.compared = compared
    machine.zeroOn = (opcode & 1) === 0 ? 'target' : 'next'
  }
  if (decoder.isVector) {
    vector(machine, next)
    return leads('next', length)
  }
  if (map === 1) return leads(twoByte(machine, next), length)
  if (map !== 0) {
    longer(machine, next)
    return leads('next', length)
  }
  if (opcode === 0xe8 || opcode === 0xe9 || opcode === 0xeb) {
    machine.target = next + decoder.immediate
    return leads(opcode === 0xe8 ? 'call' : 'jump', length)
  }
  if ((opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0xe0 && opcode <= 0xe3)) {
    machine.target = next + decoder.immediate
    return leads('branch', length)
  }
  return leads(oneByte(machine, next), length)
}

/** Whether operands have 8 bytes, not 4. Narrower writes keep part of a register, so they make it unknown. */
function isWide(): boolean {
  return (decoder.rex & 8) !== 0
}

function isNarrow(): boolean {
  return decoder.has66 && !isWide()
}

/** The base of the memory operand, without displacement; unknown with an index or a segment, or without a base. */
function pointer(machine: AbstractMachine, next: number): Value {
  if (decoder.isSegmented || decoder.index >= 0) return unknown
  if (decoder.isRelative) return machine.address(next)
  return decoder.base < 0 ? unknown : machine.get(decoder.base)
}

function loaded(machine: AbstractMachine, next: number): Value {
  return machine.load(pointer(machine, next), decoder.displacement)
}

function operand(machine: AbstractMachine, next: number): Value {
  return decoder.mod === 3 ? cut(machine, machine.get(decoder.rm)) : loaded(machine, next)
}

/** Makes a constant of 4 bytes positive: the instruction clears the upper half of the register. */
function cut(machine: AbstractMachine, value: Value): Value {
  if (isWide() || value === unknown) return value
  return machine.values.map(value, (atom) =>
    atom.kind === 'constant' ? machine.values.constant(atom.value >>> 0) : machine.values.of(atom),
  )
}

function put(machine: AbstractMachine, next: number, value: Value, size = isWide() ? 8 : 4): void {
  if (decoder.mod === 3) machine.set(decoder.rm, value)
  else machine.store(pointer(machine, next), decoder.displacement, value, size)
}

function immediate(): number {
  return isWide() ? decoder.immediate : decoder.immediate >>> 0
}

const [add, or, borrow, and, sub, xor, compare] = [0, 1, 3, 4, 5, 6, 7]

function arithmetic(machine: AbstractMachine, operation: number, value: Value, by: number): Value {
  const { values } = machine
  if (operation === add || operation === sub)
    return cut(machine, machine.plus(value, operation === add ? by : -by))
  if (operation === and) {
    // Aligning the stack pointer: its offset is set far below, because what lies below is new in any case.
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

/** Computes with constants that fit 32 bits. The result for any other value is unknown. */
function constants(machine: AbstractMachine, value: Value, compute: (value: number) => number): Value {
  const { values } = machine
  return values.map(value, (atom) => {
    if (atom.kind !== 'constant' || atom.value > 0xffffffff || atom.value < -0x80000000) return unknown
    const result = compute(atom.value | 0)
    return values.constant(isWide() ? result : result >>> 0)
  })
}

function oneByte(machine: AbstractMachine, next: number): Flow {
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
      // TEST of a register with itself: a JE or JNE behind it tells whether the register is zero.
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

/** Without REX, 4 to 7 are AH, CH, DH and BH. */
function byteRegister(register: number, isByte: boolean): number {
  return isByte && decoder.rex === 0 && register >= 4 && register < 8 ? register - 4 : register
}

/** Sets the lowest byte of a register of constants. If several bytes are given, each is possible. */
function lowByte(machine: AbstractMachine, register: number, bytes: readonly number[]): void {
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

function addressOf(machine: AbstractMachine, next: number): Value {
  if (decoder.isRelative) return machine.address(next + decoder.displacement)
  if (decoder.base < 0) return machine.values.constant(decoder.displacement)
  return cut(machine, machine.plus(machine.get(decoder.base), decoder.displacement))
}

function signed(machine: AbstractMachine, value: Value): Value {
  return machine.values.map(value, (atom) =>
    atom.kind === 'constant' ? machine.values.constant(atom.value | 0) : machine.values.of(atom),
  )
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

/** Opcodes behind 0F that write their general register. */
const writesRegister = new Set([0x02, 0x03, 0x2c, 0x2d, 0x50, 0xaf, 0xb8, 0xbc, 0xbd, 0xc5, 0xd7])
/** Opcodes behind 0F that write the other operand. */
const writesOperand = new Set([0x00, 0x78, 0x7e, 0xa4, 0xa5, 0xab, 0xac, 0xad, 0xb3, 0xbb, 0xc3, 0xae, 0xc7])
/** Opcodes behind 0F that store vectors. */
const stores = new Set([0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7])

function twoByte(machine: AbstractMachine, next: number): Flow {
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

/** Opcodes behind 0F 38 and 0F 3A. */
function longer(machine: AbstractMachine, next: number): void {
  const { opcode, map, mod, reg } = decoder
  if (map === 2 && (opcode === 0xf0 || opcode === 0xf1)) {
    // CRC32 and MOVBE to a register, MOVBE to memory.
    if (mod !== 3 && opcode === 0xf1 && !decoder.hasF2) put(machine, next, unknown)
    else machine.set(reg, unknown)
  } else if (map === 2 && opcode === 0xf6) machine.set(reg, unknown)
  else if (map === 3 && opcode >= 0x14 && opcode <= 0x17) put(machine, next, unknown)
}

/** VEX, EVEX and XOP: few write a general register, and those that write memory write up to 64 bytes. */
function vector(machine: AbstractMachine, next: number): void {
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
