// What follows an opcode byte in 64-bit mode: a ModRM byte, an immediate, or nothing. Authority: Intel SDM volume 2,
// appendix A (opcode maps) and chapter 2 (instruction format); AMD APM volume 3 for 3DNow!, SSE4a and XOP.

/** A ModRM byte follows. */
export const modrm = 1
export const imm8 = 2
export const imm16 = 4
/** 4 bytes, 2 with an operand-size prefix. */
export const immZ = 8
/** 8 bytes with REX.W, else as immZ: MOV r, imm. */
export const immV = 16
/** An address of 8 bytes, 4 with an address-size prefix: MOV with a direct offset. */
export const moffs = 32
/** A displacement of 4 bytes, whatever the prefixes: near branches. */
export const rel32 = 64
/** No instruction in 64-bit mode. */
export const invalid = 128

type OpcodeRows = readonly (readonly [from: number, to: number, flags: number])[]

function table(rows: OpcodeRows): Uint8Array {
  const flags = new Uint8Array(256)
  for (const [from, to, each] of rows) flags.fill(each, from, to + 1)
  return flags
}

const arithmetic: OpcodeRows = Array.from({ length: 8 }, (_, row) => row * 8).flatMap((at): OpcodeRows => [
  [at, at + 3, modrm],
  [at + 4, at + 4, imm8],
  [at + 5, at + 5, immZ],
  [at + 6, at + 7, invalid],
])

/** One-byte opcodes. Prefixes, 0F, VEX and EVEX are read before; F6 and F7 have an immediate for TEST only. */
export const oneByte = table([
  ...arithmetic,
  [0x60, 0x62, invalid],
  [0x63, 0x63, modrm],
  [0x68, 0x68, immZ],
  [0x69, 0x69, modrm | immZ],
  [0x6a, 0x6a, imm8],
  [0x6b, 0x6b, modrm | imm8],
  [0x70, 0x7f, imm8],
  [0x80, 0x80, modrm | imm8],
  [0x81, 0x81, modrm | immZ],
  [0x82, 0x82, invalid],
  [0x83, 0x83, modrm | imm8],
  [0x84, 0x8f, modrm],
  [0x9a, 0x9a, invalid],
  [0xa0, 0xa3, moffs],
  [0xa8, 0xa8, imm8],
  [0xa9, 0xa9, immZ],
  [0xb0, 0xb7, imm8],
  [0xb8, 0xbf, immV],
  [0xc0, 0xc1, modrm | imm8],
  [0xc2, 0xc2, imm16],
  [0xc4, 0xc5, invalid],
  [0xc6, 0xc6, modrm | imm8],
  [0xc7, 0xc7, modrm | immZ],
  [0xc8, 0xc8, imm16 | imm8],
  [0xca, 0xca, imm16],
  [0xcd, 0xcd, imm8],
  [0xce, 0xce, invalid],
  [0xd0, 0xd3, modrm],
  [0xd4, 0xd6, invalid],
  [0xd8, 0xdf, modrm],
  [0xe0, 0xe7, imm8],
  [0xe8, 0xe9, rel32],
  [0xea, 0xea, invalid],
  [0xeb, 0xeb, imm8],
  [0xf6, 0xf7, modrm],
  [0xfe, 0xff, modrm],
])

/** Opcodes after 0F, and of map 1 of VEX and EVEX. */
export const twoByte = table([
  [0x00, 0x03, modrm],
  [0x04, 0x04, invalid],
  [0x0a, 0x0a, invalid],
  [0x0c, 0x0c, invalid],
  [0x0d, 0x0d, modrm],
  [0x0f, 0x0f, modrm | imm8],
  [0x10, 0x23, modrm],
  [0x24, 0x27, invalid],
  [0x28, 0x2f, modrm],
  [0x36, 0x36, invalid],
  [0x38, 0x3f, invalid],
  [0x40, 0x6f, modrm],
  [0x70, 0x73, modrm | imm8],
  [0x74, 0x76, modrm],
  [0x78, 0x79, modrm],
  [0x7a, 0x7b, invalid],
  [0x7c, 0x7f, modrm],
  [0x80, 0x8f, rel32],
  [0x90, 0x9f, modrm],
  [0xa3, 0xa3, modrm],
  [0xa4, 0xa4, modrm | imm8],
  [0xa5, 0xa7, modrm],
  [0xab, 0xab, modrm],
  [0xac, 0xac, modrm | imm8],
  [0xad, 0xb9, modrm],
  [0xba, 0xba, modrm | imm8],
  [0xbb, 0xc1, modrm],
  [0xc2, 0xc2, modrm | imm8],
  [0xc3, 0xc3, modrm],
  [0xc4, 0xc6, modrm | imm8],
  [0xc7, 0xc7, modrm],
  [0xd0, 0xff, modrm],
])
