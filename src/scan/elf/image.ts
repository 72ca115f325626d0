// Reads an ELF file as the kernel and the loader see it: header, segments, sections. Accepts only programs and shared
// objects of ELF64, little-endian, x86_64 or aarch64. Authority: System V ABI chapters 4 and 5; linux/elf.h.
// Addresses are relative to `base`, so that they fit 32 bits. `base` is 0 unless the file is linked at high addresses.
import { UserError } from '../../errors.ts'
import { lowerBound } from '../records.ts'
import { Bytes } from './bytes.ts'

export const machines = ['x86_64', 'aarch64'] as const
/** The machines whose code the scan can read. */
export type ElfMachine = (typeof machines)[number]

export interface Segment {
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly address: number
  readonly fileSize: number
  readonly memorySize: number
}

export interface ElfSection {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly address: number
  readonly offset: number
  readonly size: number
  readonly link: number
  readonly entrySize: number
}

export interface AddressRange {
  readonly from: number
  readonly to: number
}

export interface ElfImage {
  /** The file as errors name it. */
  readonly name: string
  readonly file: Bytes
  readonly machine: ElfMachine
  /** Whether the file can be loaded anywhere (ET_DYN) and so has relocations; false if it has fixed addresses. */
  readonly isRelocatable: boolean
  readonly entry: number
  readonly base: number
  readonly segments: readonly Segment[]
  readonly sections: readonly ElfSection[]
  /** The code: executable sections, or executable segments if there are no such sections. */
  readonly code: readonly CodeRange[]
  /** Path of the program interpreter (PT_INTERP). */
  readonly interpreter: string | undefined
  section(name: string): ElfSection | undefined
  /** The section that is loaded at an address. */
  sectionAt(address: number): ElfSection | undefined
  /** Offset in the file of an address; -1 if nothing of the file is loaded there. */
  offsetOf(address: number): number
  isCode(address: number): boolean
  /** Whether the address is in a loaded segment and is not code. */
  isData(address: number): boolean
  isWritable(address: number): boolean
}

export interface CodeRange extends AddressRange {
  readonly offset: number
  /** Whether the section is for stubs through which imports are called (.plt, .plt.sec, .plt.got, .iplt). */
  readonly hasStubs: boolean
}

export const segmentType = { load: 1, dynamic: 2, interpreter: 3, tls: 7, frames: 0x6474e550 } as const
export const sectionType = { bits: 1, symbols: 2, rela: 4, dynamic: 6, nothing: 8, relr: 19 } as const

/** Whether the bytes begin with ELF's magic number. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
}

/** No program has more: Linux itself refuses more than 64 KiB of program headers. */
const mostSections = 65_536
const mostSegments = 1_170

/** Throws UserError if the file is not a program or library that the scan can follow. */
export function readElf(name: string, bytes: Uint8Array): ElfImage {
  const file = new Bytes(name, bytes)
  if (!isElf(bytes)) throw new UserError('not-elf', { file: name })
  file.check(0, 64, 'the ELF header')
  const machine = machineOf(file)
  const type = file.u16(16)
  if (type !== 2 && type !== 3) throw new UserError('not-linked', { file: name, type })
  const raw = readSegments(file)
  const loads = raw.filter((each) => each.type === segmentType.load && each.memorySize > 0)
  if (loads.length === 0) throw new UserError('damaged', { file: name, because: 'not-loaded' })
  const lowest = Math.min(...loads.map(({ address }) => address))
  const highest = Math.max(...loads.map(({ address, memorySize }) => address + memorySize))
  const base = highest < 2 ** 32 ? 0 : lowest
  if (!(highest - base < 2 ** 32)) throw new UserError('beyond-scan', { file: name, of: 'span' })
  const segments = raw.map((each) => ({ ...each, address: each.address - base }))
  const sections = readSections(file, base)
  const byName = new Map(sections.map((each) => [each.name, each]))
  const code = codeOf(segments, sections)
  const loaded = segments.filter((each) => each.type === segmentType.load)
  const at = (address: number): Segment | undefined => {
    for (const each of loaded)
      if (address >= each.address && address < each.address + each.memorySize) return each
    return undefined
  }
  const starts = Float64Array.from(code, ({ from }) => from)
  const isCode = (address: number): boolean => {
    // Ranges do not overlap, so only the last one that begins at or before the address can contain it.
    const index = lowerBound(starts, starts.length, address + 1) - 1
    return index >= 0 && address < (code[index] as CodeRange).to
  }
  const interpreter = segments.find((each) => each.type === segmentType.interpreter)
  return {
    name,
    file,
    machine,
    isRelocatable: type === 3,
    entry: file.u64(24) - base,
    base,
    segments,
    sections,
    code,
    interpreter: interpreter && file.text(interpreter.offset),
    section: (name) => byName.get(name),
    sectionAt: sectionsByAddress(sections),
    offsetOf: (address) => {
      const segment = at(address)
      if (segment === undefined || address >= segment.address + segment.fileSize) return -1
      return address - segment.address + segment.offset
    },
    isCode,
    isData: (address) => at(address) !== undefined && !isCode(address),
    isWritable: (address) => ((at(address)?.flags ?? 0) & 2) !== 0,
  }
}

function machineOf(file: Bytes): ElfMachine {
  const [bits, order, machine] = [file.u8(4), file.u8(5), file.u16(18)]
  if (bits === 2 && order === 1 && machine === 62) return 'x86_64'
  if (bits === 2 && order === 1 && machine === 183) return 'aarch64'
  const is = bits === 1 ? '32-bit' : order === 2 ? 'big-endian' : 'elf'
  throw new UserError('other-machine', { file: file.name, is, machine: String(machine) })
}

function readSegments(file: Bytes): readonly Segment[] {
  const [offset, size, count] = [file.u64(32), file.u16(54), file.u16(56)]
  if (count === 0) return []
  if (size !== 56 || count > mostSegments)
    throw new UserError('damaged', { file: file.name, because: 'program-headers' })
  file.check(offset, size * count, 'the table of program headers')
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * 56
    const segment = {
      type: file.u32(at),
      flags: file.u32(at + 4),
      offset: file.u64(at + 8),
      address: file.u64(at + 16),
      fileSize: file.u64(at + 32),
      memorySize: file.u64(at + 40),
    }
    // Segments that are not loaded (notes, a stack) may have any values.
    if (segment.type === segmentType.load) file.check(segment.offset, segment.fileSize, `segment ${index}`)
    return segment
  })
}

/** Empty if there is no table or the table is impossible: the loader does not look at sections either. */
function readSections(file: Bytes, base: number): readonly ElfSection[] {
  const [offset, size] = [file.u64(40), file.u16(58)]
  if (offset === 0 || size !== 64 || offset + 64 > file.size) return []
  // System V ABI: with 0xff00 sections or more, the first one has their number and the index of the names' section.
  const count = file.u16(60) || file.u64(offset + 32)
  const names = file.u16(62) === 0xffff ? file.u32(offset + 40) : file.u16(62)
  if (count > mostSections || offset + count * 64 > file.size) return []
  const namesAt = names < count ? file.u64(offset + names * 64 + 24) : file.size
  const sections: ElfSection[] = []
  for (let index = 0; index < count; index++) {
    const at = offset + index * 64
    const type = file.u32(at + 4)
    const [from, length] = [file.u64(at + 24), file.u64(at + 32)]
    const isHeld = type === sectionType.nothing || from + length <= file.size
    sections.push({
      name: file.text(namesAt + file.u32(at), 128),
      type: isHeld ? type : 0,
      flags: isHeld ? file.u32(at + 8) : 0,
      address: file.u64(at + 16) - base,
      offset: from,
      size: isHeld ? length : 0,
      link: file.u32(at + 40),
      entrySize: file.u64(at + 56),
    })
  }
  return sections
}

const allocated = 2
const threadLocal = 0x400

/**
 * Finds loaded sections by halves. Of sections that overlap, the first one is found. Thread-local zeros (.tbss) occupy
 * no addresses: other sections begin at theirs.
 */
function sectionsByAddress(all: readonly ElfSection[]): ElfImage['sectionAt'] {
  const loaded = all.filter(
    ({ type, flags, size }) =>
      (flags & allocated) !== 0 && size > 0 && !(type === sectionType.nothing && (flags & threadLocal) !== 0),
  )
  const sorted = [...loaded].sort((a, b) => a.address - b.address)
  const isApart = sorted.every(
    ({ address, size }, index) => address + size <= (sorted[index + 1]?.address ?? Infinity),
  )
  const has = (each: ElfSection | undefined, address: number): boolean =>
    each !== undefined && address >= each.address && address < each.address + each.size
  if (!isApart) return (address) => loaded.find((each) => has(each, address))
  const starts = Float64Array.from(sorted, ({ address }) => address)
  return (address) => {
    const found = sorted[lowerBound(starts, starts.length, address + 1) - 1]
    return has(found, address) ? found : undefined
  }
}

const executable = 4
const flagExecute = 1

const ofStubs = /^\.i?plt/

function codeOf(segments: readonly Segment[], sections: readonly ElfSection[]): readonly CodeRange[] {
  const found: CodeRange[] = sections
    .filter(({ type, flags, size }) => type === sectionType.bits && (flags & executable) !== 0 && size > 0)
    .map((each) => ({
      from: each.address,
      to: each.address + each.size,
      offset: each.offset,
      hasStubs: ofStubs.test(each.name),
    }))
  const all =
    found.length > 0
      ? found
      : segments
          .filter(
            ({ type, flags, fileSize }) =>
              type === segmentType.load && (flags & flagExecute) !== 0 && fileSize > 0,
          )
          .map(({ address, offset, fileSize }) => ({
            from: address,
            to: address + fileSize,
            offset,
            hasStubs: false,
          }))
  const sorted = [...all].sort((a, b) => a.from - b.from)
  // Overlapping ranges would be decoded twice, so the later of two begins where the earlier ends.
  const apart: CodeRange[] = []
  for (const each of sorted) {
    const from = Math.max(each.from, apart.at(-1)?.to ?? 0)
    if (from < each.to && each.to < 2 ** 32)
      apart.push({ ...each, from, offset: each.offset + from - each.from })
  }
  return apart
}
