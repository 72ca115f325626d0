// Finds functions whose addresses stand in data as differences of 4 bytes, which need no relocation (LLVM's relative
// vtables, tables written by hand). A difference counts from the start of its table, from the word itself, or from an
// address that the reading code takes. Programs at fixed addresses may also have whole addresses of 4 bytes. A jump
// table looks the same, but its entries lie inside the function that reads it.
import type { AddressRange } from './elf/image.ts'
import type { Module } from './module.ts'
import { holdsNoPointers } from './pointers.ts'

/** The words of an object that may be differences, each at its address. */
export interface Differences {
  readonly from: number
  /** Words that may count from an address in data, from themselves or from zero: place and value alternate. */
  readonly words: readonly number[]
  /** The values of all words; empty unless every word may count from a function. */
  readonly fromCode: readonly number[]
}

/** The most words of a table of functions: larger objects are texts, images of heaps, character sets. */
const mostWords = 8192
/** The most words of a table of differences between functions. */
const mostFromCode = 1024
/** The most sums of words and addresses for one function. Beyond it, words do not count from taken addresses. */
const mostSums = 100_000

/** Undefined if there are none. */
export function differencesIn(module: Module, { from, to }: AddressRange): Differences | undefined {
  if (to - from > mostWords * 4) return undefined
  const { image, relocations } = module
  const offset = image.offsetOf(from)
  const section = image.sectionAt(from)
  if (offset < 0 || (section !== undefined && holdsNoPointers(section))) return undefined
  const [lowest, highest] = [image.code[0]?.from ?? 0, image.code.at(-1)?.to ?? 0]
  const [low, high] = [section?.address ?? from, section === undefined ? to : section.address + section.size]
  const [least, most, size] = [lowest - high, highest - low, highest - lowest]
  const { bytes } = image.file
  const last = Math.min(to, high, from + bytes.length - offset)
  const first = from + (-from & 3)
  const words: number[] = []
  let fromCode: number[] | undefined = last - first > mostFromCode * 4 ? undefined : []
  for (let at = first; at + 4 <= last; at += 4) {
    const place = offset + at - from
    const by =
      (bytes[place] as number) |
      ((bytes[place + 1] as number) << 8) |
      ((bytes[place + 2] as number) << 16) |
      ((bytes[place + 3] as number) << 24)
    if (by === 0 || by <= -size || by >= size) fromCode = undefined
    else fromCode?.push(by)
    const isFromData = by >= least && by < most && by !== 0
    const isAddress = !image.isRelocatable && by - image.base >= lowest && by - image.base < highest
    if ((isFromData || isAddress) && relocations.at(at) < 0 && relocations.at(at - 4) < 0) words.push(at, by)
  }
  if (words.length === 0 && (fromCode ?? []).length === 0) return undefined
  return { from, words, fromCode: fromCode ?? [] }
}

/**
 * The functions to which differences lead. `bases`: addresses that the reading function takes; `own`: the range of that
 * function, whose cases are in its jump tables.
 */
export function functionsAt(
  module: Module,
  { from, words, fromCode }: Differences,
  bases: readonly number[],
  own: AddressRange,
): readonly number[] {
  const { base, isRelocatable } = module.image
  const found: number[] = []
  const all = words.length * bases.length > mostSums ? [from] : [from, ...bases]
  for (let index = 0; index < words.length; index += 2) {
    const [at, by] = [words[index] as number, words[index + 1] as number]
    if (all.some((each) => each + by >= own.from && each + by < own.to)) continue
    for (const each of all) if (isEntry(module, each + by)) found.push(each + by)
    if (isEntry(module, at + by)) found.push(at + by)
    if (!isRelocatable && isEntry(module, by - base)) found.push(by - base)
  }
  if (fromCode.length > 0)
    for (const each of bases)
      if (isEntry(module, each) && fromCode.every((by) => isEntry(module, each + by)))
        found.push(...fromCode.map((by) => each + by))
  return found
}

function isEntry({ image, functions }: Module, address: number): boolean {
  return image.isCode(address) && functions.isStart(address)
}
