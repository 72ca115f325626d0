// Reads relocations: which words of a file hold pointers once the file is loaded, and to what. Authority: the x86-64
// psABI and the AArch64 ELF ABI for the types; the gABI for RELR; System V ABI chapter 4 for RELA.
import { sectionType, type ElfImage, type ElfMachine } from './image.ts'
import { tableOf, tag, type Dynamic } from './dynamic.ts'

/** Relocations in columns, sorted by address. */
export interface Relocations {
  readonly address: Float64Array
  /** Index of the dynamic symbol; 0: none. */
  readonly symbol: Uint32Array
  /** Without a symbol, the address pointed to; with one, the number that is added to the symbol's address. */
  readonly addend: Float64Array
  readonly kind: Uint8Array
  /** Index of the relocation of exactly this address; -1 if there is none. */
  at(address: number): number
  /** Index of the first relocation at or after the address. */
  from(address: number): number
}

export const relocationKind = { pointer: 1, slot: 2, ifunc: 3, copy: 4 } as const

const kinds: Readonly<Record<ElfMachine, Readonly<Record<number, number>>>> = {
  // R_X86_64_64, GLOB_DAT, JUMP_SLOT, RELATIVE, IRELATIVE, RELATIVE64, COPY.
  x86_64: { 1: 1, 6: 2, 7: 2, 8: 1, 37: 3, 38: 1, 5: 4 },
  // R_AARCH64_ABS64, GLOB_DAT, JUMP_SLOT, RELATIVE, IRELATIVE, COPY.
  aarch64: { 257: 1, 1025: 2, 1026: 2, 1027: 1, 1032: 3, 1024: 4 },
}

export function readRelocations(image: ElfImage, dynamic: Dynamic | undefined): Relocations {
  const { file, base } = image
  const table = kinds[image.machine]
  const found: { address: number[]; symbol: number[]; addend: number[]; kind: number[] } = {
    address: [],
    symbol: [],
    addend: [],
    kind: [],
  }
  const add = (address: number, symbol: number, addend: number, kind: number): void => {
    if (!(address >= 0 && address < 2 ** 32)) return
    found.address.push(address)
    found.symbol.push(symbol)
    found.addend.push(addend)
    found.kind.push(kind)
  }
  const read = new Set<number>()
  const readRela = (from: number, to: number): void => {
    for (let at = from; at + 24 <= to; at += 24) {
      if (read.has(at)) return
      const kind = table[file.u32(at + 8)]
      if (kind === undefined) continue
      const symbol = file.u32(at + 12)
      add(file.u64(at) - base, symbol, file.i64(at + 16) - (symbol === 0 ? base : 0), kind)
    }
    read.add(from)
  }
  for (const [from, size] of [
    [tag.rela, tag.relaSize],
    [tag.jmpRel, tag.pltRelSize],
  ] as const) {
    const range = dynamic && tableOf(image, dynamic, from, size)
    if (range !== undefined) readRela(range.from, range.to)
  }
  // A static program has no dynamic section; its IRELATIVE relocations are in a section.
  if (dynamic === undefined)
    for (const { type, flags, offset, size } of image.sections)
      if (type === sectionType.rela && (flags & 2) !== 0) readRela(offset, offset + size)
  const relr = dynamic && tableOf(image, dynamic, tag.relr, tag.relrSize)
  if (relr !== undefined) {
    const word = (address: number): void => {
      const at = image.offsetOf(address)
      if (at >= 0) add(address, 0, file.u64(at) - base, 1)
    }
    let next = 0
    for (let at = relr.from; at + 8 <= relr.to; at += 8) {
      const [low, high] = [file.u32(at), file.u32(at + 4)]
      if ((low & 1) === 0) {
        next = file.u64(at) - base
        word(next)
        next += 8
        continue
      }
      for (let bit = 1; bit < 64; bit++)
        if (((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 1) word(next + (bit - 1) * 8)
      next += 63 * 8
    }
  }
  return sorted(found)
}

export function sorted(found: {
  readonly address: readonly number[]
  readonly symbol: readonly number[]
  readonly addend: readonly number[]
  readonly kind: readonly number[]
}): Relocations {
  const count = found.address.length
  let isSorted = true
  for (let index = 1; index < count && isSorted; index++)
    isSorted = (found.address[index - 1] as number) <= (found.address[index] as number)
  const order = isSorted
    ? undefined
    : Uint32Array.from({ length: count }, (_, index) => index).sort(
        (a, b) => (found.address[a] as number) - (found.address[b] as number),
      )
  const pick = <Column extends Float64Array | Uint32Array | Uint8Array>(
    from: readonly number[],
    to: Column,
  ): Column => {
    for (let index = 0; index < count; index++) to[index] = from[order?.[index] ?? index] as number
    return to
  }
  const address = pick(found.address, new Float64Array(count))
  const from = (wanted: number): number => {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((address[middle] as number) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    address,
    symbol: pick(found.symbol, new Uint32Array(count)),
    addend: pick(found.addend, new Float64Array(count)),
    kind: pick(found.kind, new Uint8Array(count)),
    from,
    at: (wanted) => {
      const index = from(wanted)
      return address[index] === wanted ? index : -1
    },
  }
}
