// Finds the stubs through which a file calls its imports, and the slot of each. A stub is a function of a section for
// stubs that does nothing before its jump through a slot. Its size plays no part: linkers lay stubs out in 8, 16, 24 or 32
// bytes (lazy or not, IBT, BTI, PAC), and the section's entry size may be missing or wrong. Any other function there
// (a retpoline, the jump to the loader) is followed as code. Authority: the psABIs on procedure linkage tables.
import type { ElfImage } from './elf/image.ts'
import { lowerBound, recordKind, type Records } from './records.ts'

interface Starts {
  readonly start: Uint32Array
  firstRecord(index: number): number
}

/** The slots, by the number of the function. */
export function slotsOfStubs(
  image: ElfImage,
  functions: Starts,
  records: Records,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  const { start } = functions
  for (const { from, to, hasStubs } of image.code) {
    if (!hasStubs) continue
    for (
      let own = lowerBound(start, start.length, from);
      own < start.length && (start[own] as number) < to;
      own++
    ) {
      const slot = slotOf(image, records, functions.firstRecord(own), functions.firstRecord(own + 1))
      if (slot !== undefined) found.set(own, slot)
    }
  }
  return found
}

/** The slot of the first jump through one, if the function does nothing before; of records from `first` to `last`. */
function slotOf(image: ElfImage, { at, to, kind }: Records, first: number, last: number): number | undefined {
  for (let index = first; index < last; index++) {
    if (kind[index] === recordKind.slot) {
      const place = image.offsetOf(at[index] as number)
      return isJump[image.machine](image.file.bytes, place) ? (to[index] as number) : undefined
    }
    // aarch64 takes the slot's address for the loader, and reads the slot.
    if (kind[index] !== recordKind.address && kind[index] !== recordKind.memory) return undefined
  }
  return undefined
}

/** Whether an indirect branch is a jump, not a call. */
const isJump: Readonly<Record<ElfImage['machine'], (bytes: Uint8Array, at: number) => boolean>> = {
  // JMP r/m64 (FF /4), perhaps behind a BND prefix.
  x86_64: (bytes, at) => {
    const opcode = bytes[at] === 0xf2 ? at + 1 : at
    return bytes[opcode] === 0xff && ((bytes[opcode + 1] as number) & 0x38) === 0x20
  },
  // BR, BRAA and their like have 0 in bits 21 and 22; BLR has 1.
  aarch64: (bytes, at) => ((bytes[at + 2] as number) & 0x60) === 0,
}
