// Divides data into objects. Code that refers to an address reaches the object there, and what its pointers lead to. A
// symbol with a size is one object. Elsewhere an object extends to the next address that anything refers to. A run of
// pointers is never divided, because a reference to the middle of a table of pointers would cut the table.
import type { ElfImage, AddressRange } from './elf/image.ts'
import type { Relocations } from './elf/relocations.ts'
import { symbolType, type Symbols } from './elf/symbols.ts'
import { distinct, lowerBound, recordKind, type Records } from './records.ts'

export interface DataObjects {
  /** The object at an address. */
  at(address: number): AddressRange
  /** Whether code, a relocation or a symbol refers to just this address. */
  isReferred(address: number): boolean
}

export function dataObjects(
  image: ElfImage,
  records: Records,
  relocations: Relocations,
  tables: readonly Symbols[],
): DataObjects {
  const bounds = boundaries(image, records, relocations, tables)
  const symbols = symbolRanges(image, tables)
  const isPointer = (address: number): boolean => relocations.at(address) >= 0
  return {
    isReferred: (address) => bounds[lowerBound(bounds, bounds.length, address)] === address,
    at: (address) => {
      const section = image.sectionAt(address)
      // A slot of the global offset table is an object of its own.
      if (section?.name === '.got' || section?.name === '.got.plt') return { from: address, to: address + 8 }
      const symbol = symbols(address)
      if (symbol !== undefined) return symbol
      const lowest = section === undefined ? 0 : section.address
      const highest = section === undefined ? 2 ** 32 : section.address + section.size
      let index = lowerBound(bounds, bounds.length, address + 1) - 1
      const from = Math.max(lowest, index < 0 ? 0 : (bounds[index] as number))
      let to = 0
      do to = Math.min(highest, bounds[++index] ?? highest)
      while (to < highest && isPointer(to - 8) && isPointer(to))
      return { from, to }
    },
  }
}

function boundaries(
  image: ElfImage,
  records: Records,
  relocations: Relocations,
  tables: readonly Symbols[],
): Uint32Array {
  const { kind, to, count } = records
  const { addend, symbol } = relocations
  const room = count + addend.length + tables.reduce((sum, each) => sum + each.count, 0)
  const found = new Uint32Array(room)
  let size = 0
  const add = (address: number): void => {
    if (address > 0 && address < 2 ** 32) found[size++] = address
  }
  for (let index = 0; index < count; index++) {
    const what = kind[index]
    if (what === recordKind.address || what === recordKind.memory || what === recordKind.slot)
      found[size++] = to[index] as number
  }
  for (let index = 0; index < addend.length; index++) if (symbol[index] === 0) add(addend[index] as number)
  for (const { count, type, value, isDefined } of tables)
    for (let index = 0; index < count; index++)
      if (type[index] === symbolType.object && isDefined[index] === 1) add(value[index] as number)
  return distinct(found.subarray(0, size)).filter((each) => each > 0 && image.isData(each))
}

/** The sized data symbol that covers an address. */
function symbolRanges(
  image: ElfImage,
  tables: readonly Symbols[],
): (address: number) => AddressRange | undefined {
  const ranges: AddressRange[] = []
  for (const { count, type, value, size, isDefined } of tables)
    for (let index = 0; index < count; index++) {
      const [from, length] = [value[index] as number, size[index] as number]
      if (type[index] === symbolType.object && isDefined[index] === 1 && length > 0 && image.isData(from))
        ranges.push({ from, to: from + length })
    }
  ranges.sort((a, b) => a.from - b.from || b.to - a.to)
  const starts = Float64Array.from(ranges, ({ from }) => from)
  return (address) => {
    let index = lowerBound(starts, starts.length, address + 1) - 1
    const found = ranges[index]
    if (found === undefined || address >= found.to) return undefined
    // If several begin here, take the first: it is the largest.
    while (index > 0 && starts[index - 1] === found.from) index--
    return ranges[index]
  }
}
