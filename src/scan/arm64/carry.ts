// Carries held pointers through one aarch64 instruction: moves, addresses, loads and stores of the stack, selections,
// calls through a pointer. Comparisons change nothing. If any other instruction names a register that holds a pointer,
// the pointer escapes. Authority: Arm ARM (DDI 0487), chapter C4 and C6.
import { heldWord, type Carrier, type MemoryOperand } from '../held.ts'
import { unknown } from '../values.ts'

const [framePointer, stackPointer] = [29, 31]

export function carryArm64(carrier: Carrier, at: number, end: number): void {
  const { machine, held, isObject } = carrier
  const offset = machine.image.offsetOf(at)
  if (offset < 0 || at + 4 > end) return
  const word = machine.image.file.u32(offset)
  const rd = word & 31
  const rn = (word >>> 5) & 31
  const rm = (word >>> 16) & 31
  /** 31 is the zero register or the stack pointer, and holds nothing. */
  const of = (register: number): number => (register === stackPointer ? 0 : held.of(register))
  const set = (register: number, bits: number): void => {
    if (register !== stackPointer) carrier.set(register, bits)
  }
  const isIn = (mask: number, value: number): boolean => (word & mask) >>> 0 === value
  // Branches, comparisons with zero, exceptions.
  if (isIn(0x7c000000, 0x14000000) || isIn(0xff000010, 0x54000000) || isIn(0x7c000000, 0x34000000)) return
  if (isIn(0xff000000, 0xd4000000)) return
  // Hints, MSR and MRS.
  if (isIn(0xff000000, 0xd5000000)) {
    if ((word & 0x00200000) !== 0) set(rd, 0)
    else if (of(rd) !== 0) carrier.lose()
    return
  }
  if (isIn(0xfe000000, 0xd6000000)) {
    const kind = (word >>> 21) & 3
    const isReturn = kind >= 2 || rn === stackPointer
    const bits = isReturn ? held.of(0) : of(rn)
    if (!isReturn && bits === heldWord) carrier.callRegister(rn)
    else if (bits !== 0) carrier.lose()
    return
  }
  // ADR, ADRP.
  if (isIn(0x1f000000, 0x10000000)) return set(rd, isObject ? carrier.named : 0)
  if (isIn(0x1f000000, 0x11000000)) {
    // ADD, SUB with an immediate. A sum with a constant is another address of the object.
    if ((word & 0x20000000) !== 0 && rd === 31) return
    if ((of(rn) & heldWord) !== 0) return carrier.lose()
    const by = ((word >>> 10) & 0xfff) * ((word & 0x400000) === 0 ? 1 : 4096)
    if (!isFrame(rd)) carrier.take(machine.plus(machine.get(rn), (word & 0x40000000) === 0 ? by : -by))
    return set(rd, isObject ? carrier.named : of(rn))
  }
  if (isIn(0x1f800000, 0x12800000)) {
    // MOVN, MOVZ, MOVK.
    if (((word >>> 29) & 3) === 3 && of(rd) !== 0) return carrier.lose()
    return set(rd, 0)
  }
  if (isIn(0x7f20ffe0, 0x2a0003e0)) {
    // MOV of a register.
    carrier.take(rm === framePointer && !isFrame(rd) ? machine.get(rm) : unknown)
    return set(rd, of(rm))
  }
  // Comparisons discard their result: SUBS, ADDS, ANDS with the zero register; CCMP.
  const setsFlags = (word & 0x20000000) !== 0
  if ((isIn(0x1e000000, 0x0a000000) || isIn(0x1f800000, 0x12000000)) && setsFlags && rd === 31) return
  if (isIn(0x3fe00000, 0x3a400000)) return
  if (isIn(0x1fe00000, 0x1a800000)) return set(rd, of(rn) | of(rm))
  if (isIn(0x0a000000, 0x08000000)) return access(carrier, word)
  // A vector instruction names a general register only in rn.
  const isVector = isIn(0x0e000000, 0x0e000000)
  const isData = isIn(0x0e000000, 0x0a000000) || isIn(0x0c000000, 0x08000000) || isIn(0x1c000000, 0x10000000)
  const ra = (word >>> 10) & 31
  const named = isVector ? of(rn) : of(rd) | of(rn) | (isData ? of(rm) | of(ra) : of(rm))
  if (named !== 0) carrier.lose()
}

function access(carrier: Carrier, word: number): void {
  const { machine, held, isObject } = carrier
  const rd = word & 31
  const rn = (word >>> 5) & 31
  const second = (word >>> 10) & 31
  const isVector = (word & 0x04000000) !== 0
  const size = word >>> 30
  const of = (register: number): number => (register === stackPointer || isVector ? 0 : held.of(register))
  const set = (register: number, bits: number): void => {
    if (register !== stackPointer && !isVector) carrier.set(register, bits)
  }
  const word8 = (offset: number): MemoryOperand => ({
    base: rn,
    place: machine.plus(machine.get(rn), offset),
    isObject,
    size: isVector ? 16 : 8,
  })
  /** Loads or stores one word. Parts of a pointer, and vectors of pointers, are not followed. */
  const one = (register: number, offset: number, isLoad: boolean, isWhole: boolean): void => {
    const place = word8(offset)
    if (!isLoad) {
      carrier.take(register === framePointer && !isVector ? machine.get(register) : unknown)
      if (of(register) !== 0 && !isWhole) carrier.lose()
      else carrier.write(place, of(register))
      return
    }
    const bits = carrier.read(place)
    if (bits !== 0 && !isWhole) carrier.lose()
    else set(register, bits)
  }
  if ((word & 0x3b000000) === 0x18000000) return isObject ? carrier.lose() : set(rd, 0)
  const opc = (word >>> 22) & 3
  const isLoad = isVector ? (opc & 1) === 1 : opc !== 0
  const isWhole = size === 3 && !isVector
  if ((word & 0x3b000000) === 0x39000000) {
    // PRFM loads nothing.
    if (!isVector && size === 3 && opc === 2) return
    const scale = isVector && (word & 0x00800000) !== 0 ? 4 : size
    return one(rd, ((word >>> 10) & 0xfff) * 2 ** scale, isLoad, isWhole)
  }
  if ((word & 0x3b200000) === 0x38000000) {
    if (!isVector && size === 3 && opc === 2) return
    return one(rd, ((word >>> 10) & 3) === 1 ? 0 : (word << 11) >> 23, isLoad, isWhole)
  }
  if ((word & 0x3a000000) === 0x28000000) {
    const width = 2 ** (isVector ? 2 + size : (word >>> 31) + 2)
    const place = ((word >>> 23) & 3) === 1 ? 0 : ((word << 10) >> 25) * width
    const isPairLoad = (word & 0x00400000) !== 0
    const isPairWhole = !isVector && width === 8
    one(rd, place, isPairLoad, isPairWhole)
    return one(second, place + width, isPairLoad, isPairWhole)
  }
  // Register offsets, exclusives, atomics, structures of vectors.
  const status = (word >>> 16) & 31
  const base = rn === stackPointer ? 0 : held.of(rn)
  const other = status === stackPointer ? 0 : held.of(status)
  if (isObject || (of(rd) | of(second) | other | base) !== 0) carrier.lose()
}

/** The registers through which a function finds its own stack. */
function isFrame(register: number): boolean {
  return register === stackPointer || register === framePointer
}
