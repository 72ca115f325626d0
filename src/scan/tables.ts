// Reads the jump tables of switches: in read-only data, entries of 4 bytes as offsets from the table, or pointers. A
// table does not store its length, and another may follow it. It ends where two signs agree: something refers to the
// place after its last entry, and the function compares a number with its count of entries. If they never agree, it
// ends before the first entry that does not lead to code, so a table is never read too short.
import { comparedByArm64 } from './arm64/compared.ts'
import type { Module } from './module.ts'
import { recordKind } from './records.ts'
import { comparedByX86 } from './x86/compared.ts'

/** No switch has more cases. */
const mostEntries = 4096

/** Targets of all jump tables that a function refers to. */
export function tablesOf(module: Module, own: number): readonly number[] {
  const { records, functions, image } = module
  const found: number[] = []
  let sizes: ReadonlySet<number> | undefined
  const isSize = (entries: number): boolean => {
    const compared = image.machine === 'x86_64' ? comparedByX86 : comparedByArm64
    sizes ??= compared(image, functions.start[own] as number, functions.end(own))
    return sizes.has(entries)
  }
  for (let index = functions.firstRecord(own); index < functions.firstRecord(own + 1); index++)
    if (records.kind[index] === recordKind.address || records.kind[index] === recordKind.memory)
      found.push(...tableTargets(module, records.to[index] as number, isSize))
  return found
}

/** `isSize`: whether the function compares a number with this count of entries. */
function tableTargets(
  module: Module,
  table: number,
  isSize: (entries: number) => boolean,
): readonly number[] {
  const { image, relocations, objects } = module
  const offset = image.offsetOf(table)
  const isRelocated = relocations.at(table) >= 0
  if (offset < 0 || image.isCode(table) || (image.isWritable(table) && !isRelocated)) return []
  const read = (size: number, entry: (count: number) => number | undefined): readonly number[] => {
    const found: number[] = []
    let end = Infinity
    while (found.length < mostEntries) {
      const count = found.length
      if (count > 0 && objects.isReferred(table + count * size) && isSize(count)) end = count
      const target = entry(count)
      if (target === undefined || !image.isCode(target)) break
      found.push(target)
    }
    return found.slice(0, end)
  }
  if (isRelocated) {
    const first = relocations.at(table)
    return read(8, (count) => {
      const index = first + count
      if (relocations.address[index] !== table + count * 8 || relocations.symbol[index] !== 0)
        return undefined
      return relocations.addend[index]
    })
  }
  const offsets = read(4, (count) => table + image.file.i32(offset + count * 4))
  if (offsets.length > 0 || image.isRelocatable) return offsets
  return read(8, (count) => image.file.u64(offset + count * 8) - image.base)
}
