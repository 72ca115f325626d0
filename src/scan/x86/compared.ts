// Finds the counts of cases that x86-64 code checks a number against: `cmp $n` before a conditional jump, `and $mask`.
// Authority: Intel SDM volume 2, CMP and Jcc.
import type { ElfImage } from '../elf/image.ts'
import { Decoder } from './decoder.ts'

/** By a jump's condition (lowest four bits): true if it separates n from n + 1, false if n - 1 from n. */
const includes: Readonly<Record<number, boolean>> = {
  0x2: false, // jb
  0x3: false, // jae
  0x6: true, // jbe
  0x7: true, // ja
  0xc: false, // jl
  0xd: false, // jge
  0xe: true, // jle
  0xf: true, // jg
}

export function comparedByX86(image: ElfImage, from: number, to: number): ReadonlySet<number> {
  const found = new Set<number>()
  const offset = image.offsetOf(from)
  const decoder = new Decoder(image.file.bytes)
  let compared: number | undefined
  for (let at = offset, end = offset + to - from; at >= 0 && at < end;) {
    const length = decoder.decode(at, end)
    at += Math.max(length, 1)
    if (length === 0 || decoder.isVector) continue
    const { opcode, map, reg, immediate } = decoder
    const isByte = (opcode & 1) === 0
    const number = isByte ? immediate & 0xff : immediate
    const isGroup = map === 0 && (opcode === 0x80 || opcode === 0x81 || opcode === 0x83)
    const isAccumulator = (name: number): boolean => map === 0 && (opcode === name || opcode === name + 1)
    if ((isGroup && (reg & 7) === 7) || isAccumulator(0x3c)) compared = number
    else if ((isGroup && (reg & 7) === 4) || isAccumulator(0x24)) found.add(number + 1)
    else if (
      compared !== undefined &&
      ((map === 0 && opcode >> 4 === 7) || (map === 1 && opcode >> 4 === 8))
    ) {
      const isIncluded = includes[opcode & 15]
      if (isIncluded !== undefined) found.add(isIncluded ? compared + 1 : compared)
    }
  }
  return found
}
