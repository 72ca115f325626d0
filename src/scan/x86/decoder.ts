// Decodes one x86-64 instruction: its length and its operands as written. Authority: Intel SDM volume 2, chapter 2.
// This code replaces a disassembler, because only lengths and operands are needed, at some ten nanoseconds each.
// test/scan/lengths.test.ts compares the lengths with objdump's.
import { imm16, imm8, immV, immZ, invalid, modrm, moffs, oneByte, rel32, twoByte } from './opcodes.ts'

export class Decoder {
  bytes: Uint8Array
  /** The byte of the opcode in its table. */
  opcode = 0
  /** The opcode's table. 0: one byte; 1: 0F; 2: 0F 38; 3: 0F 3A; above: the tables of EVEX and XOP. */
  map = 0
  /** VEX, EVEX or XOP: most operands are vectors. */
  isVector = false
  /** The bits WRXB of REX; those of VEX are converted. */
  rex = 0
  has66 = false
  hasF2 = false
  hasF3 = false
  /** FS or GS. */
  isSegmented = false
  /** -1 if there is no ModRM byte. */
  mod = -1
  reg = 0
  rm = 0
  /** Registers of a memory operand; -1: none. */
  base = -1
  index = -1
  scale = 0
  displacement = 0
  isRelative = false
  immediate = 0
  /** The upper half of the immediate of MOV r64, imm64. */
  immediateHigh = 0
  /** The register that VEX and EVEX name beside ModRM. */
  vvvv = 0
  immediateSize = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  #u32(at: number): number {
    const { bytes } = this
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    )
  }

  /** Length of the instruction; 0 if it is invalid or not wholly before `end`. */
  decode(start: number, end: number): number {
    const { bytes } = this
    let at = start
    let rex = 0
    let has66 = false
    let has67 = false
    this.hasF2 = false
    this.hasF3 = false
    this.isSegmented = false
    this.isVector = false
    let byte = bytes[at++] as number
    for (;;) {
      if (byte >= 0x40 && byte <= 0x4f) {
        // REX counts only as the last prefix.
        rex = byte
        byte = bytes[at++] as number
        if (byte >= 0x40 && byte <= 0x4f) continue
        if (!isPrefix[byte]) break
        rex = 0
        continue
      }
      if (!isPrefix[byte]) break
      if (byte === 0x66) has66 = true
      else if (byte === 0x67) has67 = true
      else if (byte === 0xf2) this.hasF2 = true
      else if (byte === 0xf3) this.hasF3 = true
      else if (byte === 0x64 || byte === 0x65) this.isSegmented = true
      if (at - start > 14) return 0
      byte = bytes[at++] as number
    }
    let map = 0
    let flags: number
    if (byte === 0x0f) {
      byte = bytes[at++] as number
      if (byte === 0x38 || byte === 0x3a) {
        map = byte === 0x38 ? 2 : 3
        flags = byte === 0x38 ? modrm : modrm | imm8
        byte = bytes[at++] as number
      } else {
        map = 1
        flags = twoByte[byte] as number
        // SSE4a: EXTRQ and INSERTQ with two immediates.
        if (byte === 0x78 && (has66 || this.hasF2)) flags = modrm | imm16
      }
    } else if (byte === 0xc5) {
      this.isVector = true
      const first = bytes[at++] as number
      rex = (first & 0x80) === 0 ? 0x44 : 0x40
      this.vvvv = (~first >> 3) & 15
      byte = bytes[at++] as number
      map = 1
      flags = byte === 0x77 ? 0 : (twoByte[byte] as number)
    } else if (byte === 0xc4 || (byte === 0x8f && ((bytes[at] as number) & 0x1f) >= 8)) {
      this.isVector = true
      const first = bytes[at] as number
      const second = bytes[at + 1] as number
      this.vvvv = (~second >> 3) & 15
      map = first & 0x1f
      rex = 0x40 | ((~first >> 5) & 7) | ((second & 0x80) >> 4)
      at += 2
      byte = bytes[at++] as number
      // Maps 8, 9 and 10 are XOP's.
      flags =
        map === 1
          ? byte === 0x77
            ? 0
            : (twoByte[byte] as number)
          : map === 3 || map === 8
            ? modrm | imm8
            : map === 10
              ? modrm | immZ
              : map === 2 || map === 9
                ? modrm
                : invalid
    } else if (byte === 0x62) {
      this.isVector = true
      const first = bytes[at] as number
      const second = bytes[at + 1] as number
      this.vvvv = (~second >> 3) & 15
      map = first & 7
      rex = 0x40 | ((~first >> 5) & 7) | ((second & 0x80) >> 4)
      at += 3
      byte = bytes[at++] as number
      flags =
        map === 1
          ? (twoByte[byte] as number)
          : map === 3
            ? modrm | imm8
            : map === 2 || map === 5 || map === 6
              ? modrm
              : invalid
    } else {
      flags = oneByte[byte] as number
    }
    if ((flags & invalid) !== 0) return 0
    this.opcode = byte
    this.map = map
    this.rex = rex & 15
    this.has66 = has66
    this.mod = -1
    this.isRelative = false
    this.displacement = 0
    this.immediateSize = 0
    if ((flags & modrm) !== 0) {
      const operands = bytes[at++] as number
      const mod = operands >> 6
      const reg = (operands >> 3) & 7
      let rm = operands & 7
      this.mod = mod
      this.reg = reg | ((rex & 4) << 1)
      if (mod === 3 || (map === 1 && byte >= 0x20 && byte <= 0x23 && !this.isVector)) {
        this.mod = 3
        this.rm = rm | ((rex & 1) << 3)
      } else {
        this.base = rm | ((rex & 1) << 3)
        this.index = -1
        if (rm === 4) {
          const sib = bytes[at++] as number
          const index = ((sib >> 3) & 7) | ((rex & 2) << 2)
          this.scale = sib >> 6
          this.index = index === 4 ? -1 : index
          rm = sib & 7
          this.base = rm | ((rex & 1) << 3)
          if (rm === 5 && mod === 0) {
            this.base = -1
            this.displacement = this.#u32(at)
            at += 4
          }
        } else if (rm === 5 && mod === 0) {
          this.base = -1
          this.isRelative = true
          this.displacement = this.#u32(at)
          at += 4
        }
        if (mod === 1) this.displacement = ((bytes[at++] as number) << 24) >> 24
        else if (mod === 2) {
          this.displacement = this.#u32(at)
          at += 4
        }
      }
      if (map === 0 && (byte === 0xf6 || byte === 0xf7) && reg <= 1) flags |= byte === 0xf6 ? imm8 : immZ
    }
    if (flags > modrm) {
      const place = at
      if ((flags & imm8) !== 0) at++
      if ((flags & imm16) !== 0) at += 2
      if ((flags & immZ) !== 0) at += has66 && (rex & 8) === 0 ? 2 : 4
      if ((flags & rel32) !== 0) at += 4
      if ((flags & immV) !== 0) at += (rex & 8) !== 0 ? 8 : has66 ? 2 : 4
      if ((flags & moffs) !== 0) at += has67 ? 4 : 8
      const size = at - place
      this.immediateSize = size
      this.immediate =
        size === 1
          ? ((bytes[place] as number) << 24) >> 24
          : size === 2
            ? (((bytes[place] as number) | ((bytes[place + 1] as number) << 8)) << 16) >> 16
            : this.#u32(place)
      this.immediateHigh = size === 8 ? this.#u32(place + 4) : 0
    }
    if (byte === 0x0f && map === 1 && !this.isVector && amd3dNow[this.immediate & 0xff] === 0) return 0
    return at > end || at - start > 15 ? 0 : at - start
  }
}

const isPrefix = new Uint8Array(256)
for (const each of [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]) isPrefix[each] = 1

/** The bytes after the operands that choose a 3DNow! instruction; other bytes are invalid (AMD APM volume 3). */
const amd3dNow = new Uint8Array(256)
for (const each of [
  0x0c, 0x0d, 0x1c, 0x1d, 0x8a, 0x8e, 0x90, 0x94, 0x96, 0x97, 0x9a, 0x9e, 0xa0, 0xa4, 0xa6, 0xa7, 0xaa, 0xae,
  0xb0, 0xb4, 0xb6, 0xb7, 0xbb, 0xbf,
])
  amd3dNow[each] = 1
