// Reads the dynamic section: needed libraries, search paths, symbols, relocations, functions to run at start and end.
// Authority: System V ABI chapter 5; glibc elf/elf.h for DT_GNU_HASH, DT_RELR and versions.
import { segmentType, type ElfImage, type AddressRange } from './image.ts'

/** The most libraries of a program, and the most that one file may need. */
export const mostLibraries = 4096

export interface Dynamic {
  /** The names of the needed libraries, `mostLibraries` and one more at the most. */
  readonly needed: readonly string[]
  readonly soname: string | undefined
  readonly rpath: string | undefined
  readonly runpath: string | undefined
  /** Addresses and sizes by tag. If a tag occurs twice, the last one counts, as in glibc. */
  readonly values: ReadonlyMap<number, number>
}

export const tag = {
  pltRelSize: 2, hash: 4, strings: 5, symbols: 6, rela: 7, relaSize: 8, init: 12, fini: 13,
  jmpRel: 23, initArray: 25, finiArray: 26, initArraySize: 27, finiArraySize: 28,
  preinitArray: 32, preinitArraySize: 33, relrSize: 35, relr: 36,
  gnuHash: 0x6ffffef5, versions: 0x6ffffff0, needVersions: 0x6ffffffe, needVersionsCount: 0x6fffffff,
  definedVersions: 0x6ffffffc, definedVersionsCount: 0x6ffffffd,
} as const // prettier-ignore

/** Tags whose value is an address. */
const addresses = new Set<number>([
  tag.hash, tag.strings, tag.symbols, tag.rela, tag.init, tag.fini, tag.jmpRel, tag.initArray, tag.finiArray,
  tag.preinitArray, tag.relr, tag.gnuHash, tag.versions, tag.needVersions, tag.definedVersions,
]) // prettier-ignore

/** Undefined if there is no dynamic section, as in a static program. */
export function readDynamic(image: ElfImage): Dynamic | undefined {
  const segment = image.segments.find((each) => each.type === segmentType.dynamic)
  if (segment === undefined) return undefined
  const { file, base } = image
  const from = image.offsetOf(segment.address)
  if (from < 0) return undefined
  const to = Math.min(file.size, from + segment.fileSize)
  const values = new Map<number, number>()
  const strings: (readonly [tag: number, offset: number])[] = []
  for (let at = from; at + 16 <= to; at += 16) {
    const [name, value] = [file.u64(at), file.u64(at + 8)]
    if (name === 0) break
    if (name === 1 || name === 14 || name === 15 || name === 29) strings.push([name, value])
    else values.set(name, addresses.has(name) ? value - base : value)
  }
  const table = image.offsetOf(values.get(tag.strings) ?? -1)
  const texts = (wanted: number): readonly string[] =>
    table < 0
      ? []
      : strings
          .filter(([name]) => name === wanted)
          .slice(0, mostLibraries + 1)
          .map(([, offset]) => file.text(table + offset))
  return {
    needed: texts(1),
    soname: texts(14)[0],
    rpath: texts(15)[0],
    runpath: texts(29)[0],
    values,
  }
}

/** The range in the file of the table that two tags describe; undefined if it is not wholly in the file. */
export function tableOf(
  image: ElfImage,
  dynamic: Dynamic,
  addressTag: number,
  sizeTag: number,
): AddressRange | undefined {
  const address = dynamic.values.get(addressTag)
  const size = dynamic.values.get(sizeTag)
  if (address === undefined || size === undefined || size === 0) return undefined
  const from = image.offsetOf(address)
  if (from < 0 || from + size > image.file.size) return undefined
  return { from, to: from + size }
}
