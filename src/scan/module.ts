// Reads one ELF file, once: its functions, the references in its code, the pointers in its data, its symbols.
import { readDynamic, tag, type Dynamic } from './elf/dynamic.ts'
import { readFrames } from './elf/frames.ts'
import { readGoFunctions } from './elf/go.ts'
import { segmentType, type ElfImage, type AddressRange } from './elf/image.ts'
import { readRelocations, relocationKind, type Relocations } from './elf/relocations.ts'
import {
  readDynamicSymbols,
  readStaticSymbols,
  readVersions,
  symbolType,
  type Symbols,
} from './elf/symbols.ts'
import { surveyArm64 } from './arm64/survey.ts'
import { Functions, knownFunctions } from './functions.ts'
import { dataObjects, type DataObjects } from './objects.ts'
import { codePointers, pointersInData, wordsOfCode } from './pointers.ts'
import type { Records } from './records.ts'
import { surveyX86 } from './x86/survey.ts'

export interface Module {
  /** Its name in paths: the last part of the file's path. */
  readonly name: string
  readonly image: ElfImage
  readonly dynamic: Dynamic | undefined
  readonly symbols: Symbols
  readonly versions: ReadonlyMap<number, string>
  /** Indexes of the dynamic symbols defined here, by name; several if the name has versions. */
  readonly exports: ReadonlyMap<string, readonly number[]>
  readonly relocations: Relocations
  readonly records: Records
  readonly functions: Functions
  readonly objects: DataObjects
  /** Go: all functions count as reached, because the linker removed unused ones, and a call keeps no register. */
  readonly isGo: boolean
  /** Addresses of functions that the loader or the C library runs because a list of the file has them. */
  readonly initial: readonly number[]
  functionName(index: number): string
}

export interface ModuleOptions {
  /** The records of this file's code from an earlier scan. */
  readonly records?: Records | undefined
}

export function makeModule(name: string, image: ElfImage, options: ModuleOptions = {}): Module {
  const dynamic = readDynamic(image)
  const symbols = readDynamicSymbols(image, dynamic)
  const local = readStaticSymbols(image)
  const go = readGoFunctions(image)
  const ownRelocations = readRelocations(image, dynamic)
  const initial = initialFunctions(image, dynamic, ownRelocations, symbols)
  const sized: AddressRange[] = [...readFrames(image), ...(go ?? [])]
  const starts = new Set<number>([image.entry, ...initial])
  for (const table of [symbols, local])
    for (let index = 0; index < table.count; index++) {
      const type = table.type[index]
      if (table.isDefined[index] === 0 || (type !== symbolType.function && type !== symbolType.ifunc))
        continue
      const from = table.value[index] as number
      const size = table.size[index] as number
      if (size > 0) sized.push({ from, to: from + size })
      else starts.add(from)
    }
  const { addend, symbol, kind } = ownRelocations
  for (let index = 0; index < addend.length; index++)
    if (symbol[index] === 0 && kind[index] !== relocationKind.copy) starts.add(addend[index] as number)
  const known = knownFunctions(image, sized, withoutInner(starts, sized))
  const records =
    options.records ??
    (image.machine === 'x86_64'
      ? surveyX86(image, known, image.isRelocatable ? starts : wordsOfCode(image))
      : surveyArm64(image, known))
  const functions = new Functions(
    image,
    known,
    records,
    image.isRelocatable ? [] : codePointers(image, records),
  )
  const relocations = image.isRelocatable ? ownRelocations : pointersInData(image, ownRelocations, functions)
  return {
    name,
    image,
    dynamic,
    symbols,
    versions: dynamic === undefined ? new Map() : readVersions(image, dynamic),
    exports: exportsOf(symbols),
    relocations,
    records,
    functions,
    objects: dataObjects(image, records, relocations, [symbols, local]),
    isGo: go !== undefined,
    initial,
    functionName: names(functions, [symbols, local], go ?? []),
  }
}

/** Leaves out pointers into the middle of a function (in a table of labels): they begin no function. */
function withoutInner(starts: ReadonlySet<number>, sized: readonly AddressRange[]): readonly number[] {
  const ranges = [...sized].sort((a, b) => a.from - b.from)
  const candidates = [...starts].sort((a, b) => a - b)
  const kept: number[] = []
  let index = 0
  let reach = 0
  for (const each of candidates) {
    while (index < ranges.length && (ranges[index] as AddressRange).from < each)
      reach = Math.max(reach, (ranges[index++] as AddressRange).to)
    if (each >= reach) kept.push(each)
  }
  return kept
}

function exportsOf(symbols: Symbols): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>()
  for (let index = 1; index < symbols.count; index++) {
    const type = symbols.type[index]
    if (symbols.isDefined[index] === 0 || symbols.binding[index] === 0 || type === symbolType.tls) continue
    const name = symbols.name(index)
    const before = found.get(name)
    if (before === undefined) found.set(name, [index])
    else before.push(index)
  }
  return found
}

/** The functions in DT_INIT, DT_FINI and the arrays, and in the sections of those names, which static programs have. */
function initialFunctions(
  image: ElfImage,
  dynamic: Dynamic | undefined,
  relocations: Relocations,
  symbols: Symbols,
): readonly number[] {
  const found: number[] = []
  const array = (from: number, size: number): void => {
    for (let at = from; at + 8 <= from + Math.min(size, 1 << 20); at += 8) {
      const index = relocations.at(at)
      const offset = image.offsetOf(at)
      const symbol = index < 0 ? 0 : (relocations.symbol[index] as number)
      // The entry of an exported constructor refers to its symbol.
      if (symbol !== 0) found.push((symbols.value[symbol] ?? 0) + (relocations.addend[index] as number))
      else if (index >= 0) found.push(relocations.addend[index] as number)
      else if (offset >= 0) found.push(image.file.u64(offset) - image.base)
    }
  }
  const value = (name: number): number => dynamic?.values.get(name) ?? 0
  for (const each of [tag.init, tag.fini]) if (value(each) !== 0) found.push(value(each))
  for (const [from, size] of [
    [tag.initArray, tag.initArraySize],
    [tag.finiArray, tag.finiArraySize],
    [tag.preinitArray, tag.preinitArraySize],
  ] as const)
    if (value(from) !== 0) array(value(from), value(size))
  for (const name of ['.init', '.fini']) {
    const section = image.section(name)
    if (section !== undefined) found.push(section.address)
  }
  for (const name of ['.init_array', '.fini_array', '.preinit_array']) {
    const section = image.section(name)
    if (section !== undefined) array(section.address, section.size)
  }
  return [...new Set(found)].filter((each) => image.isCode(each))
}

/** The range of the initial thread-local data. Nothing refers to its pointers by address. */
export function threadData({ image }: Module): AddressRange | undefined {
  const segment = image.segments.find(({ type }) => type === segmentType.tls)
  return segment && { from: segment.address, to: segment.address + segment.fileSize }
}

/** Names of functions, collected at the first request. A function without a name gets its address. */
function names(
  functions: Functions,
  tables: readonly Symbols[],
  go: readonly { readonly from: number; readonly name: string }[],
): (index: number) => string {
  let known: Map<number, string> | undefined
  const make = (): Map<number, string> => {
    const found = new Map<number, string>()
    // If an address has several names, dynamic symbols win over local ones, then isBetter decides.
    for (const table of tables) {
      const own = new Map<number, number>()
      for (let index = 1; index < table.count; index++) {
        const type = table.type[index]
        if (table.isDefined[index] === 0 || (type !== symbolType.function && type !== symbolType.ifunc))
          continue
        const value = table.value[index] as number
        const before = own.get(value)
        if (before === undefined || isBetter(table.name(index), table.name(before))) own.set(value, index)
      }
      for (const [value, index] of own) if (!found.has(value)) found.set(value, table.name(index))
    }
    for (const { from, name } of go) if (name !== '') found.set(from, name)
    return found
  }
  return (index) => {
    known ??= make()
    const start = functions.start[index] as number
    return known.get(start) ?? `0x${start.toString(16)}`
  }
}

/** Whether a name is better than another: public before reserved (`open` before `__open64`), then short before long. */
function isBetter(name: string, other: string): boolean {
  const rank = (each: string): number => (each.startsWith('_') ? 1000 : 0) + each.length
  return rank(name) < rank(other) || (rank(name) === rank(other) && name < other)
}
