// Finds pointers in the data of a program that is loaded at a fixed address: the linker resolved them and left no
// relocation. An aligned word is a pointer if it is the start of a function or an address in the program's data.
import type { ElfImage, ElfSection } from './elf/image.ts'
import { relocationKind, sorted, type Relocations } from './elf/relocations.ts'
import type { Functions } from './functions.ts'
import { recordKind, type Records } from './records.ts'

/** Sections without pointers that a program follows. */
const skipped =
  /^\.(?:gopclntab|eh_frame|eh_frame_hdr|gcc_except_table|dynsym|dynstr|symtab|gnu|note|rela|hash|interp|dynamic)/

/** Whether a section has neither pointers nor differences that code follows. */
export function holdsNoPointers({ name }: ElfSection): boolean {
  return skipped.test(name)
}

/** Visits every aligned word of the data that may be an address of the image. */
function eachWord(image: ElfImage, visit: (at: number, value: number) => void): void {
  const { file, base } = image
  const ranges =
    image.sections.length > 0
      ? image.sections
          .filter(
            (each) =>
              (each.flags & 2) !== 0 && (each.flags & 4) === 0 && each.type !== 8 && !holdsNoPointers(each),
          )
          .map(({ address, offset, size }) => ({ address, offset, size }))
      : image.segments
          .filter(({ type, flags }) => type === 1 && (flags & 1) === 0)
          .map(({ address, offset, fileSize }) => ({ address, offset, size: fileSize }))
  for (const { address, offset, size } of ranges)
    for (let at = (8 - (address % 8)) % 8; at + 8 <= size; at += 8) {
      // Most words are not addresses; two comparisons exclude them.
      const high = file.u32(offset + at + 4)
      if (base === 0 && high !== 0) continue
      const value = file.u32(offset + at) + high * 2 ** 32 - base
      if (value >= 4096) visit(address + at, value)
    }
}

/** The values of all aligned words of data that lie in code, cases of jump tables too. */
export function wordsOfCode(image: ElfImage): readonly number[] {
  const found: number[] = []
  eachWord(image, (_, value) => {
    if (image.isCode(value)) found.push(value)
  })
  return found
}

/** Targets of pointers to code, without jump table cases. They begin functions unless an unwind table covers them. */
export function codePointers(image: ElfImage, records: Records): readonly number[] {
  const cases = new Set<number>()
  const { at, to, kind, count } = records
  for (let index = 1; index < count; index++) {
    // `jmp *table(,%reg,8)`: one instruction with both records.
    if (
      kind[index] !== recordKind.table ||
      kind[index - 1] !== recordKind.memory ||
      at[index] !== at[index - 1]
    )
      continue
    for (let word = to[index - 1] as number; ; word += 8) {
      const place = image.offsetOf(word)
      if (place < 0 || cases.has(word) || !image.isCode(image.file.u64(place) - image.base)) break
      cases.add(word)
    }
  }
  const found: number[] = []
  eachWord(image, (place, value) => {
    if (image.isCode(value) && !cases.has(place)) found.push(value)
  })
  return found
}

export function pointersInData(image: ElfImage, own: Relocations, functions: Functions): Relocations {
  const found = {
    address: [...own.address],
    symbol: [...own.symbol],
    addend: [...own.addend],
    kind: [...own.kind],
  }
  eachWord(image, (at, value) => {
    if (own.at(at) >= 0 || !(image.isCode(value) ? functions.isStart(value) : image.isData(value))) return
    found.address.push(at)
    found.symbol.push(0)
    found.addend.push(value)
    found.kind.push(relocationKind.pointer)
  })
  return sorted(found)
}
