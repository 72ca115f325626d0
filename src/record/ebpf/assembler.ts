// BPF instructions by name, and a program with labels made into bytes. Authority: Documentation/bpf/standardization/
// instruction-set.rst (eight bytes each: code, registers, offset, immediate; 64-bit immediates take two).

export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10

/** One instruction. A jump names its target label. */
export interface Instruction {
  readonly code: number
  readonly to?: Register
  readonly from?: Register
  readonly offset?: number
  readonly value?: number
  /** The upper half of a 64-bit immediate, encoded as a second instruction. */
  readonly upper?: number
  readonly jump?: string
}

export type AssemblyLine = Instruction | { readonly label: string }

/** BPF_PSEUDO_MAP_FD: this source register makes a 64-bit immediate a map's file descriptor. */
const mapDescriptor = 1

const conditions = {
  equal: 0x10,
  notEqual: 0x50,
  atLeast: 0x30,
  above: 0x20,
  anyBit: 0x40,
  signedLess: 0xc0,
} as const
type JumpCondition = keyof typeof conditions

/** to = from, 64 bits. */
export const move = (to: Register, from: Register): Instruction => ({ code: 0xbf, to, from })
/** to = from, the upper half cleared. */
export const moveLower = (to: Register, from: Register): Instruction => ({ code: 0xbc, to, from })
/** to = value, sign-extended. */
export const set = (to: Register, value: number): Instruction => ({ code: 0xb7, to, value })
export const setWide = (to: Register, value: bigint): Instruction => ({
  code: 0x18,
  to,
  value: Number(BigInt.asIntN(32, value)),
  upper: Number(BigInt.asIntN(32, value >> 32n)),
})
/** to = the map, as helpers expect it. */
export const map = (to: Register, descriptor: number): Instruction => ({
  code: 0x18,
  to,
  from: mapDescriptor as Register,
  value: descriptor,
  upper: 0,
})
export const add = (to: Register, value: number): Instruction => ({ code: 0x07, to, value })
export const addRegister = (to: Register, from: Register): Instruction => ({ code: 0x0f, to, from })
export const subtractRegister = (to: Register, from: Register): Instruction => ({ code: 0x1f, to, from })
export const orRegister = (to: Register, from: Register): Instruction => ({ code: 0x4f, to, from })
export const andRegister = (to: Register, from: Register): Instruction => ({ code: 0x5f, to, from })
export const or = (to: Register, value: number): Instruction => ({ code: 0x47, to, value })
export const and = (to: Register, value: number): Instruction => ({ code: 0x57, to, value })
/** to *= value, 64 bits. */
export const multiply = (to: Register, value: number): Instruction => ({ code: 0x27, to, value })
export const shiftRight = (to: Register, bits: number): Instruction => ({ code: 0x77, to, value: bits })
/** to = *(u64 *)(from + offset) */
export const load = (to: Register, from: Register, offset: number): Instruction => ({
  code: 0x79,
  to,
  from,
  offset,
})
/** to = *(u32 *)(from + offset) */
export const loadLower = (to: Register, from: Register, offset: number): Instruction => ({
  code: 0x61,
  to,
  from,
  offset,
})
/** to = *(u8 *)(from + offset) */
export const loadByte = (to: Register, from: Register, offset: number): Instruction => ({
  code: 0x71,
  to,
  from,
  offset,
})
/** *(u64 *)(to + offset) = from */
export const store = (to: Register, offset: number, from: Register): Instruction => ({
  code: 0x7b,
  to,
  from,
  offset,
})
/** *(u32 *)(to + offset) = from */
export const storeLower = (to: Register, offset: number, from: Register): Instruction => ({
  code: 0x63,
  to,
  from,
  offset,
})
/** *(u32 *)(to + offset) = value */
export const storeValue = (to: Register, offset: number, value: number): Instruction => ({
  code: 0x62,
  to,
  offset,
  value,
})
/** *(u64 *)(to + offset) += from, atomically. */
export const addTo = (to: Register, offset: number, from: Register): Instruction => ({
  code: 0xdb,
  to,
  from,
  offset,
})
/** from = *(u64 *)(to + offset), which grows by from, atomically (BPF_FETCH, Linux 5.12). */
export const addFetching = (to: Register, offset: number, from: Register): Instruction => ({
  ...addTo(to, offset, from),
  value: 1,
})
export const jump = (label: string): Instruction => ({ code: 0x05, jump: label })
/** Compares 64 bits with a sign-extended value. */
export const jumpIf = (
  register: Register,
  condition: JumpCondition,
  value: number,
  label: string,
): Instruction => ({ code: 0x05 | conditions[condition], to: register, value, jump: label })
/** Compares the lower 32 bits with a value (BPF_JMP32, Linux 5.1). */
export const jumpIfLower = (
  register: Register,
  condition: JumpCondition,
  value: number,
  label: string,
): Instruction => ({ code: 0x06 | conditions[condition], to: register, value, jump: label })
/** Compares the 64 bits of two registers. */
export const jumpUnlessSame = (one: Register, other: Register, label: string): Instruction => ({
  code: 0x5d,
  to: one,
  from: other,
  jump: label,
})
export const jumpIfSame = (one: Register, other: Register, label: string): Instruction => ({
  code: 0x1d,
  to: one,
  from: other,
  jump: label,
})
/** Compares two registers, unsigned. */
export const jumpIfNotBelow = (one: Register, other: Register, label: string): Instruction => ({
  code: 0x3d,
  to: one,
  from: other,
  jump: label,
})
/** to >>= the lower six bits of from */
export const shiftRightBy = (to: Register, from: Register): Instruction => ({ code: 0x7f, to, from })
/** to <<= the lower six bits of from */
export const shiftLeftBy = (to: Register, from: Register): Instruction => ({ code: 0x6f, to, from })
export const shiftLeft = (to: Register, bits: number): Instruction => ({ code: 0x67, to, value: bits })
/** *(u16 *)(from + offset) */
export const loadHalf = (to: Register, from: Register, offset: number): Instruction => ({
  code: 0x69,
  to,
  from,
  offset,
})
/** *(u8 *)(to + offset) = value */
export const storeByte = (to: Register, offset: number, value: number): Instruction => ({
  code: 0x72,
  to,
  offset,
  value,
})
/** *(u64 *)(to + offset) = value, sign-extended. */
export const storeWide = (to: Register, offset: number, value: number): Instruction => ({
  code: 0x7a,
  to,
  offset,
  value,
})
export const call = (helper: Helper): Instruction => ({ code: 0x85, value: helpers[helper] })
export const exit: Instruction = { code: 0x95 }
export const label = (name: string): AssemblyLine => ({ label: name })

/** The helpers' numbers in include/uapi/linux/bpf.h. */
const helpers = {
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  /** CLOCK_MONOTONIC in nanoseconds. */
  monotonicTime: 5,
  currentProcessor: 8,
  tailCall: 12,
  currentPidTgid: 14,
  currentComm: 16,
  currentTask: 35,
  /** The call chain in the kernel, as addresses. */
  stack: 67,
  currentCgroup: 80,
  readUser: 112,
  readKernel: 113,
  readUserString: 114,
  readKernelString: 115,
  currentAncestorCgroup: 123,
  /** The same task, as a pointer whose type the verifier knows. Linux 5.11. */
  currentTypedTask: 158,
  /** Linux 5.15. */
  registersOfTask: 175,
} as const
export type Helper = keyof typeof helpers

/** The bytes of a program for a little-endian kernel. Throws an Error if a label is missing or defined twice. */
export function assemble(lines: readonly AssemblyLine[]): Buffer {
  const places = new Map<string, number>()
  let length = 0
  for (const line of lines) {
    if (!('label' in line)) length += line.upper === undefined ? 1 : 2
    else if (places.has(line.label)) throw new Error(`label ${line.label} is defined twice`)
    else places.set(line.label, length)
  }
  const bytes = Buffer.alloc(length * 8)
  let at = 0
  for (const line of lines) {
    if ('label' in line) continue
    const target = line.jump === undefined ? undefined : places.get(line.jump)
    if (line.jump !== undefined && target === undefined) throw new Error(`no label ${line.jump}`)
    bytes.writeUInt8(line.code, at * 8)
    bytes.writeUInt8((line.to ?? 0) | ((line.from ?? 0) << 4), at * 8 + 1)
    bytes.writeInt16LE(target === undefined ? (line.offset ?? 0) : target - at - 1, at * 8 + 2)
    bytes.writeInt32LE(line.value ?? 0, at * 8 + 4)
    if (line.upper !== undefined) bytes.writeInt32LE(line.upper, ++at * 8 + 4)
    at++
  }
  return bytes
}
