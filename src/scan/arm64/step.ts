// Applies one aarch64 instruction to registers and stack, as far as values are followed. Any other instruction that
// writes a register makes it unknown. Authority: Arm ARM (DDI 0487), chapter C4 and C6.
import type { Flow, AbstractMachine, Processor } from '../machine.ts'
import { unknown, type Value } from '../values.ts'
import { carryArm64 } from './carry.ts'

const stackPointer = 31

export const arm64: Processor = {
  // 31 is the stack pointer. Code that reads 31 as the zero register handles this itself.
  registers: 32,
  stackPointer,
  pushed: 0,
  number: 8,
  arguments: [0, 1, 2, 3, 4, 5],
  // x8 points to where a large result goes.
  passed: [0, 1, 2, 3, 4, 5, 6, 7, 8],
  sigaction: 134,
  lost: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 30],
  lostBySyscall: [0],
  isReturn: (bytes, at) => bytes[at + 3] === 0xd6 && bytes[at + 2] === 0x5f,
  step,
  carry: carryArm64,
}

const done = { flow: 'next' as Flow, length: 4 }

function leads(flow: Flow): typeof done {
  done.flow = flow
  return done
}

function step(machine: AbstractMachine, at: number, end: number): typeof done {
  const { image, values } = machine
  const offset = image.offsetOf(at)
  if (offset < 0 || at + 4 > end) return leads('invalid')
  const word = image.file.u32(offset)
  const rd = word & 31
  const rn = (word >>> 5) & 31
  const rm = (word >>> 16) & 31
  machine.compared = -1
  machine.zeroOn = undefined
  const is64 = word >>> 31 === 1
  /** 31 is the zero register here. */
  const get = (register: number): Value =>
    register === 31 ? values.constant(0) : cut(machine, machine.get(register), is64)
  const set = (register: number, value: Value): void => {
    if (register !== 31) machine.set(register, value)
  }
  if (word === 0 || word >>> 16 === 0) return leads('invalid')
  if ((word & 0x7c000000) === 0x14000000) {
    machine.target = at + ((word << 6) >> 4)
    return leads(is64 ? 'call' : 'jump')
  }
  if ((word & 0xff000010) >>> 0 === 0x54000000 || (word & 0x7e000000) === 0x34000000) {
    machine.target = at + (((word << 8) >> 13) << 2)
    if ((word & 0x7e000000) === 0x34000000 && rd !== 31) {
      machine.compared = rd
      machine.zeroOn = (word & 0x01000000) === 0 ? 'target' : 'next'
    }
    return leads('branch')
  }
  if ((word & 0x7e000000) === 0x36000000) {
    machine.target = at + (((word << 13) >> 18) << 2)
    return leads('branch')
  }
  if ((word & 0xfe000000) >>> 0 === 0xd6000000) {
    machine.targetValue = machine.get(rn)
    const kind = (word >>> 21) & 15
    // BR, BLR, RET, ERET, DRPS and their authenticating forms.
    if ((kind & 3) === 0) return leads(rn === 31 ? 'stop' : 'jump-value')
    return leads((kind & 3) === 1 ? 'call-value' : 'stop')
  }
  if ((word & 0xffe0001f) >>> 0 === 0xd4000001) return leads('syscall')
  // BRK, HLT, and the other exceptions.
  if ((word & 0xff000000) >>> 0 === 0xd4000000) return leads('stop')
  if ((word & 0x1f000000) === 0x10000000) {
    const by = (((word << 8) >> 13) << 2) | ((word >>> 29) & 3)
    set(rd, machine.address(is64 ? (Math.floor((at + image.base) / 4096) + by) * 4096 - image.base : at + by))
    return leads('next')
  }
  if ((word & 0x1f000000) === 0x11000000) {
    // ADD, SUB with an immediate: 31 is the stack pointer, except as the result of forms that set flags.
    const by = ((word >>> 10) & 0xfff) * ((word & 0x400000) === 0 ? 1 : 4096)
    const isSub = (word & 0x40000000) !== 0
    const setsFlags = (word & 0x20000000) !== 0
    const value = cut(machine, machine.plus(machine.get(rn), isSub ? -by : by), is64)
    if (!setsFlags || rd !== 31) machine.set(rd, value)
    return leads('next')
  }
  if ((word & 0x1f800000) === 0x12800000) {
    const half = (word >>> 21) & 3
    const immediate = ((word >>> 5) & 0xffff) * 2 ** (16 * half)
    const kind = (word >>> 29) & 3
    if (kind === 2) set(rd, values.constant(immediate))
    else if (kind === 0) set(rd, values.constant(is64 ? -1 - immediate : (-1 - immediate) >>> 0))
    else
      set(
        rd,
        values.map(get(rd), (atom) => {
          if (atom.kind !== 'constant' || half > 2 || atom.value < 0) return unknown
          const size = 2 ** (16 * half)
          const old = Math.floor(atom.value / size) % 65_536
          return values.constant(atom.value + immediate - old * size)
        }),
      )
    return leads('next')
  }
  if ((word & 0x1f800000) === 0x12000000) {
    // AND, ORR, EOR, ANDS with an immediate: ORR of zero is a move of a bit mask.
    const kind = (word >>> 29) & 3
    const mask = bitMask(word)
    let value: Value = unknown
    if (mask !== undefined) {
      if (kind === 1)
        value = rn === 31 ? values.constant(mask) : combine(machine, get(rn), mask, (a, b) => a | b)
      else if (kind === 2) value = combine(machine, get(rn), mask, (a, b) => a ^ b)
      else value = combine(machine, get(rn), mask, (a, b) => a & b)
    }
    if (kind === 3) set(rd, value)
    else machine.set(rd, value)
    return leads('next')
  }
  if ((word & 0x1f000000) === 0x0a000000) {
    // Logical, shifted register. ORR with zero is MOV.
    const kind = (word >>> 29) & 3
    const isPlain = ((word >>> 10) & 63) === 0
    const isInverted = (word & 0x00200000) !== 0
    if (kind === 1 && isPlain && !isInverted && rn === 31) set(rd, get(rm))
    else if (kind === 1 && isPlain && isInverted && rn === 31)
      set(
        rd,
        combine(machine, get(rm), -1, (a, b) => a ^ b),
      )
    else if (rd !== 31 || kind !== 3) set(rd, unknown)
    return leads('next')
  }
  if ((word & 0x1f200000) === 0x0b000000) {
    // ADD, SUB of registers.
    const isPlain = ((word >>> 10) & 63) === 0
    const isSub = (word & 0x40000000) !== 0
    const by = values.only(get(rm))
    set(
      rd,
      isPlain && by?.kind === 'constant'
        ? cut(machine, machine.plus(get(rn), isSub ? -by.value : by.value), is64)
        : unknown,
    )
    return leads('next')
  }
  if ((word & 0x1fe00000) === 0x1a800000) {
    // CSEL, CSINC, CSINV, CSNEG.
    const isInverted = (word & 0x40000000) !== 0
    const isMore = (word & 0x400) !== 0
    let other = get(rm)
    if (isInverted) other = combine(machine, other, -1, (a, b) => a ^ b)
    if (isMore) other = cut(machine, machine.plus(other, 1), is64)
    set(rd, values.join(get(rn), other))
    return leads('next')
  }
  if ((word & 0x1f800000) === 0x13000000) {
    // Bit fields: UXTB, UXTH, SXTW and shifts; a constant that fits stays itself.
    const [immr, imms] = [(word >>> 16) & 63, (word >>> 10) & 63]
    const kind = (word >>> 29) & 3
    const isExtension = immr === 0 && (imms === 31 || imms === 15 || imms === 7)
    set(
      rd,
      isExtension && kind !== 1
        ? values.map(get(rn), (atom) => {
            if (atom.kind !== 'constant') return imms === 31 ? values.of(atom) : unknown
            const shift = 31 - imms
            return values.constant(
              kind === 0 ? (atom.value << shift) >> shift : (atom.value << shift) >>> shift,
            )
          })
        : unknown,
    )
    return leads('next')
  }
  if ((word & 0x0a000000) === 0x08000000) {
    memoryAccess(machine, word, at)
    return leads('next')
  }
  if (((word >>> 25) & 7) === 5 || ((word >>> 26) & 7) === 4) set(rd, unknown)
  // FMOV and conversions to a general register; MRS.
  else if ((word & 0x5f20fc00) === 0x1e200000 || (word & 0xfff00000) >>> 0 === 0xd5300000) set(rd, unknown)
  // UMOV and SMOV.
  else if ((word & 0xbfe0ec00) === 0x0e002c00 || (word & 0xbfe0fc00) === 0x0e003c00) set(rd, unknown)
  return leads('next')
}

/** A constant in a register of 4 bytes is positive. */
function cut(machine: AbstractMachine, value: Value, is64: boolean): Value {
  if (is64 || value === unknown) return value
  return machine.values.map(value, (atom) =>
    atom.kind === 'constant' ? machine.values.constant(atom.value >>> 0) : machine.values.of(atom),
  )
}

/** Computes with constants that fit 32 bits, as signed numbers. The result for any other value is unknown. */
function combine(
  machine: AbstractMachine,
  value: Value,
  by: number,
  compute: (a: number, b: number) => number,
): Value {
  const { values } = machine
  return values.map(value, (atom) => {
    if (atom.kind !== 'constant' || by > 0xffffffff || atom.value > 0xffffffff || atom.value < -0x80000000)
      return unknown
    return values.constant(compute(atom.value | 0, by | 0) >>> 0)
  })
}

/** DecodeBitMasks of the Arm ARM; undefined if a number does not hold the mask exactly. */
function bitMask(word: number): number | undefined {
  const [n, immr, imms] = [(word >>> 22) & 1, (word >>> 16) & 63, (word >>> 10) & 63]
  const length = 31 - Math.clz32((n << 6) | (~imms & 63))
  if (length < 1) return undefined
  const size = 1 << length
  const [ones, rotate] = [(imms & (size - 1)) + 1, immr & (size - 1)]
  let element = (1n << BigInt(ones)) - 1n
  element = ((element >> BigInt(rotate)) | (element << BigInt(size - rotate))) & ((1n << BigInt(size)) - 1n)
  let mask = 0n
  for (let at = 0; at < 64; at += size) mask |= element << BigInt(at)
  if (word >>> 31 === 0) mask &= 0xffffffffn
  const signed = BigInt.asIntN(64, mask)
  return signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(signed)
    : undefined
}

function memoryAccess(machine: AbstractMachine, word: number, at: number): void {
  const rd = word & 31
  const rn = (word >>> 5) & 31
  const isVector = (word & 0x04000000) !== 0
  const set = (register: number, value: Value): void => {
    if (register !== 31 && !isVector) machine.set(register, value)
  }
  const stored = (register: number): Value =>
    isVector ? unknown : register === 31 ? machine.values.constant(0) : machine.get(register)
  if ((word & 0x3b000000) === 0x18000000) {
    // A literal.
    const is8 = (word & 0xc0000000) === 0x40000000
    const value = machine.loadFixed(at + (((word << 8) >> 13) << 2))
    set(rd, is8 ? unknown : value)
    return
  }
  const size = word >>> 30
  if ((word & 0x3b000000) === 0x39000000) {
    // An unsigned offset, scaled.
    const scale = isVector && (word & 0x00800000) !== 0 ? 4 : size
    one(((word >>> 10) & 0xfff) * 2 ** scale, 2 ** scale)
    return
  }
  if ((word & 0x3b200000) === 0x38000000) {
    // A 9-bit offset: unscaled, post-indexed, unprivileged, pre-indexed.
    const offset = (word << 11) >> 23
    const mode = (word >>> 10) & 3
    const width = 2 ** (isVector && (word & 0x00800000) !== 0 ? 4 : size)
    const base = machine.get(rn)
    if (mode === 1) {
      one(0, width)
      machine.set(rn, machine.plus(base, offset))
    } else {
      one(offset, width)
      if (mode === 3) machine.set(rn, machine.plus(base, offset))
    }
    return
  }
  if ((word & 0x3a000000) === 0x28000000) {
    const scale = isVector ? 2 + size : (word >>> 31) + 2
    const width = 2 ** scale
    const offset = ((word << 10) >> 25) * width
    const mode = (word >>> 23) & 3
    const second = (word >>> 10) & 31
    const base = machine.get(rn)
    const place = mode === 1 ? 0 : offset
    if ((word & 0x00400000) === 0) {
      machine.store(base, place, stored(rd), width)
      machine.store(base, place + width, stored(second), width)
    } else {
      const [one, other] = [machine.load(base, place), machine.load(base, place + width)]
      set(rd, one)
      set(second, other)
    }
    if (mode === 1 || mode === 3) machine.set(rn, machine.plus(base, offset))
    return
  }
  // Register offsets, exclusives, atomics, vectors of structures: what they load, and where they may store, is unknown.
  if ((word & 0x3f000000) === 0x08000000) set((word >>> 16) & 31, unknown)
  set(rd, unknown)
  if (isVector) machine.forgetFrom(machine.get(rn))
  else if ((word & 0x3b200c00) !== 0x38200800) machine.store(machine.get(rn), 0, unknown, 16)
  if ((word & 0xbf800000) >>> 0 === 0x0c800000 || (word & 0xbf800000) === 0x0d800000) machine.set(rn, unknown)

  function one(offset: number, width: number): void {
    const opc = (word >>> 22) & 3
    if (!isVector && size === 3 && opc === 2) return
    const isLoad = isVector ? (opc & 1) === 1 : opc !== 0
    if (isLoad) set(rd, width >= 4 && !isVector ? machine.load(machine.get(rn), offset) : unknown)
    else machine.store(machine.get(rn), offset, width >= 4 ? stored(rd) : unknown, width)
  }
}
