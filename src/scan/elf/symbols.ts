// Reads the symbols that a file defines and those that it needs from others, with versions. Authority: System V ABI
// chapter 4, the gABI's GNU hash section, the LSB's chapter on symbol versioning.
import { UserError } from '../../errors.ts'
import { sectionType, type ElfImage } from './image.ts'
import { tag, type Dynamic } from './dynamic.ts'

/** Symbols in columns: a file may have hundreds of thousands, and few of them are used. */
export interface Symbols {
  readonly count: number
  readonly value: Float64Array
  readonly size: Float64Array
  /** STT_*. */
  readonly type: Uint8Array
  /** 1 if the symbol is defined here: its section is not SHN_UNDEF. */
  readonly isDefined: Uint8Array
  /** STB_*; 0 is local. */
  readonly binding: Uint8Array
  name(index: number): string
  /** The entry of the version table, including bit 15 (hidden); 1 if there is no table. */
  version(index: number): number
}

export const symbolType = { none: 0, object: 1, function: 2, tls: 6, ifunc: 10 } as const

/** The most characters of names that are read from a table. Strings may overlap, so the file's size is no bound. */
const mostOfNames = 2 ** 28

const none: Symbols = {
  count: 0,
  value: new Float64Array(0),
  size: new Float64Array(0),
  type: new Uint8Array(0),
  isDefined: new Uint8Array(0),
  binding: new Uint8Array(0),
  name: () => '',
  version: () => 1,
}

/** Reads `count` symbols. The callers bound `count` by the bytes that can hold symbols. */
function readTable(
  image: ElfImage,
  at: number,
  count: number,
  strings: number,
  stringsEnd: number,
  versions: number,
): Symbols {
  const { file, base } = image
  const value = new Float64Array(count)
  const size = new Float64Array(count)
  const type = new Uint8Array(count)
  const binding = new Uint8Array(count)
  const isDefined = new Uint8Array(count)
  for (let index = 0; index < count; index++) {
    const place = at + index * 24
    const info = file.u8(place + 4)
    type[index] = info & 15
    binding[index] = info >> 4
    isDefined[index] = file.u16(place + 6) === 0 ? 0 : 1
    value[index] = file.u64(place + 8) - base
    size[index] = file.u64(place + 16)
  }
  let left = mostOfNames
  return {
    count,
    value,
    size,
    type,
    binding,
    isDefined,
    name: (index) => {
      const offset = strings + file.u32(at + index * 24)
      const name = offset < stringsEnd ? file.text(offset) : ''
      left -= name.length
      if (left < 0) throw new UserError('beyond-scan', { file: image.name, of: 'symbols' })
      return name
    },
    version: (index) => (versions < 0 ? 1 : file.u16(versions + index * 2)),
  }
}

export function readDynamicSymbols(image: ElfImage, dynamic: Dynamic | undefined): Symbols {
  if (dynamic === undefined) return none
  const { values } = dynamic
  const at = image.offsetOf(values.get(tag.symbols) ?? -1)
  const strings = image.offsetOf(values.get(tag.strings) ?? -1)
  if (at < 0 || strings < 0) return none
  const most = Math.floor((image.file.size - at) / 24)
  const count = Math.min(most, countSymbols(image, dynamic, at, strings))
  return readTable(image, at, count, strings, image.file.size, image.offsetOf(values.get(tag.versions) ?? -1))
}

/** The number of dynamic symbols. DT_SYMTAB has no size, so it comes from the section at that place or a hash table. */
function countSymbols(image: ElfImage, { values }: Dynamic, at: number, strings: number): number {
  const section = image.sections.find((each) => each.offset === at && each.entrySize === 24 && each.size > 0)
  if (section !== undefined) return section.size / 24
  const { file } = image
  const hash = image.offsetOf(values.get(tag.hash) ?? -1)
  if (hash >= 0) return file.u32(hash + 4)
  const gnu = image.offsetOf(values.get(tag.gnuHash) ?? -1)
  // Without a hash table no symbol can be looked up. Every linker puts the strings after the symbols.
  if (gnu < 0) return strings > at ? Math.floor((strings - at) / 24) : 0
  const [buckets, first, words] = [file.u32(gnu), file.u32(gnu + 4), file.u32(gnu + 8)]
  const bucketsAt = gnu + 16 + words * 8
  let last = 0
  for (let index = 0; index < buckets && bucketsAt + index * 4 < file.size; index++)
    last = Math.max(last, file.u32(bucketsAt + index * 4))
  if (last < first) return first
  const chains = bucketsAt + buckets * 4
  for (let place = chains + (last - first) * 4; place < file.size; place += 4, last++)
    if ((file.u32(place) & 1) === 1) break
  return last + 1
}

/** The symbols of .symtab, which stripped files do not have. */
export function readStaticSymbols(image: ElfImage): Symbols {
  const table = image.sections.find(({ type, entrySize }) => type === sectionType.symbols && entrySize === 24)
  const strings = table && image.sections[table.link]
  if (table === undefined || strings === undefined) return none
  return readTable(
    image,
    table.offset,
    Math.floor(table.size / 24),
    strings.offset,
    strings.offset + strings.size,
    -1,
  )
}

/** Names of versions by their number in the version table. Needed and defined versions share one number space. */
export function readVersions(image: ElfImage, dynamic: Dynamic): ReadonlyMap<number, string> {
  const { file } = image
  const { values } = dynamic
  const names = new Map<number, string>()
  const strings = image.offsetOf(values.get(tag.strings) ?? -1)
  // A version has a number of 15 bits, and one name or two.
  let left = 2 ** 17
  const walk = (start: number, count: number, visit: (at: number) => number): void => {
    let at = start
    for (let index = 0; index < count && left > 0 && at >= 0 && at + 16 <= file.size; index++, left--) {
      const next = visit(at)
      if (next === 0) return
      at += next
    }
  }
  walk(
    image.offsetOf(values.get(tag.definedVersions) ?? -1),
    values.get(tag.definedVersionsCount) ?? 0,
    (at) => {
      names.set(file.u16(at + 4) & 0x7fff, file.text(strings + file.u32(at + file.u32(at + 12))))
      return file.u32(at + 16)
    },
  )
  walk(image.offsetOf(values.get(tag.needVersions) ?? -1), values.get(tag.needVersionsCount) ?? 0, (at) => {
    walk(at + file.u32(at + 8), file.u16(at + 2), (each) => {
      names.set(file.u16(each + 6) & 0x7fff, file.text(strings + file.u32(each + 8)))
      return file.u32(each + 12)
    })
    return file.u32(at + 12)
  })
  return names
}
