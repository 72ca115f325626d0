// Finds the counts of cases that aarch64 code checks a number against: `cmp reg, #n` before a conditional branch.
// Authority: Arm ARM (DDI 0487), SUBS (immediate) and B.cond.
import type { ElfImage } from '../elf/image.ts'

/** By the condition of a branch: true if it separates n from n + 1, false if it separates n - 1 from n. */
const includes: Readonly<Record<number, boolean>> = {
  0x2: false, // hs
  0x3: false, // lo
  0x8: true, // hi
  0x9: true, // ls
  0xa: false, // ge
  0xb: false, // lt
  0xc: true, // gt
  0xd: true, // le
}

export function comparedByArm64(image: ElfImage, from: number, to: number): ReadonlySet<number> {
  const found = new Set<number>()
  const offset = image.offsetOf(from)
  let compared: number | undefined
  for (let at = offset, end = offset + to - from; at >= 0 && at + 4 <= end; at += 4) {
    const word = image.file.u32(at)
    if ((word & 0x7f80001f) === 0x7100001f) compared = (word >>> 10) & 0xfff
    else if (compared !== undefined && (word & 0xff000010) >>> 0 === 0x54000000) {
      const isIncluded = includes[word & 15]
      if (isIncluded !== undefined) found.add(isIncluded ? compared + 1 : compared)
    }
  }
  return found
}
