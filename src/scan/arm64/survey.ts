// Walks over all aarch64 code of a file and records the instructions that call, jump, take addresses, read memory at a
// fixed address or enter the kernel. Two instructions make an address (a page, then an offset), so pages are followed
// through registers, in the order of addresses and along forward branches. Authority: Arm ARM (DDI 0487), chapter C4.
import type { ElfImage } from '../elf/image.ts'
import type { KnownFunctions } from '../functions.ts'
import { recordKind, RecordBuilder, type Records } from '../records.ts'

const { call, jump, slot, address, memory, syscall, table } = recordKind
const nothing = NaN

export function surveyArm64(image: ElfImage, known: KnownFunctions): Records {
  const builder = new RecordBuilder(image.code.reduce((sum, { from, to }) => sum + to - from, 0))
  const { start, end } = known
  let index = 0
  for (const range of image.code) {
    while (index < start.length && (start[index] as number) < range.from) index++
    let at = range.from
    let [low, high] = [0, 0]
    while (at < range.to) {
      while (start[index] === at) {
        if ((end[index] as number) > high) [low, high] = [at, end[index] as number]
        index++
      }
      if (at >= high) [low, high] = [0, 0]
      const stop = Math.min(range.to, start[index] ?? range.to, high > at ? high : range.to)
      walk(image, builder, at, stop, range.offset - range.from, low, high)
      at = stop
    }
  }
  return builder.records()
}

/** The known registers at the targets of forward branches. */
type Pages = Map<number, Float64Array>

function walk(
  image: ElfImage,
  builder: RecordBuilder,
  from: number,
  to: number,
  shift: number,
  low: number,
  high: number,
): void {
  const { file } = image
  /** By register: an address that it holds; `nothing` if that is unknown. */
  const known = new Float64Array(32).fill(nothing)
  /** By register: the slot that it was loaded from. */
  const slots = new Float64Array(32).fill(nothing)
  const pages: Pages = new Map()
  let isReached = true
  const lead = (target: number): void => {
    if (target < low || target >= high) return
    const before = pages.get(target)
    if (before === undefined) pages.set(target, known.slice())
    else
      for (let register = 0; register < 32; register++)
        if (Number.isNaN(before[register] as number)) before[register] = known[register] as number
  }
  for (let at = from; at + 4 <= to; at += 4) {
    builder.instructions++
    const word = file.u32(at + shift)
    const joined = pages.get(at)
    if (joined !== undefined) {
      // If only one path knows a register, its address is kept: an address too many does no harm.
      for (let register = 0; register < 32; register++)
        if (!isReached || Number.isNaN(known[register] as number))
          known[register] = joined[register] as number
      pages.delete(at)
      isReached = true
    }
    const rd = word & 31
    const rn = (word >>> 5) & 31
    if ((word & 0x7c000000) === 0x14000000) {
      const target = at + ((word << 6) >> 4)
      if (word >>> 31 === 1) {
        builder.add(call, at, target)
        for (let register = 0; register <= 18; register++) known[register] = slots[register] = nothing
        known[30] = nothing
      } else {
        if (target < low || target >= high) builder.add(jump, at, target)
        else if (target > at) lead(target)
        isReached = false
      }
    } else if ((word & 0xff000010) >>> 0 === 0x54000000 || (word & 0x7e000000) === 0x34000000) {
      const target = at + (((word << 8) >> 13) << 2)
      if (target < low || target >= high) builder.add(jump, at, target)
      else if (target > at) lead(target)
    } else if ((word & 0x7e000000) === 0x36000000) {
      const target = at + (((word << 13) >> 18) << 2)
      if (target < low || target >= high) builder.add(jump, at, target)
      else if (target > at) lead(target)
    } else if ((word & 0xfe000000) >>> 0 === 0xd6000000) {
      // BR, BLR, RET, ERET, DRPS and their authenticating forms (BRAA, BLRAA, RETAA).
      const isCall = (word & 0x00600000) === 0x00200000
      const loaded = rn === 31 ? nothing : (slots[rn] as number)
      const isReturn = rn === 31 || (word & 0x00400000) !== 0
      if (!isReturn && !Number.isNaN(loaded)) builder.add(slot, at, loaded)
      else if (!isReturn && !isCall) builder.add(table, at, 0)
      if (isCall)
        for (let register = 0; register <= 18; register++) known[register] = slots[register] = nothing
      else isReached = false
    } else if ((word & 0xffe0001f) >>> 0 === 0xd4000001) builder.add(syscall, at, 0)
    else if ((word & 0x1f000000) === 0x10000000) {
      const offset = (((word << 8) >> 13) << 2) | ((word >>> 29) & 3)
      const isPage = word >>> 31 === 1
      const value = isPage ? (Math.floor((at + image.base) / 4096) + offset) * 4096 - image.base : at + offset
      set(rd, value)
      if (!isPage) builder.add(address, at, value)
    } else if ((word & 0xff800000) >>> 0 === 0x91000000) {
      const value = (known[rn] as number) + ((word >>> 10) & 0xfff) * ((word & 0x400000) === 0 ? 1 : 4096)
      if (!Number.isNaN(value) && rn !== 31) {
        builder.add(address, at, value)
        set(rd, value)
      } else set(rd, nothing)
    } else if ((word & 0xffe0ffe0) >>> 0 === 0xaa0003e0) {
      const source = (word >>> 16) & 31
      const [value, its] = [known[source] as number, slots[source] as number]
      set(rd, source === 31 ? nothing : value)
      if (rd !== 31 && source !== 31) slots[rd] = its
    } else if ((word & 0x3b000000) === 0x39000000) {
      // Load or store with an unsigned offset.
      const isVector = (word & 0x04000000) !== 0
      const scale = isVector && (word & 0x00800000) !== 0 ? 4 : word >>> 30
      const target = (known[rn] as number) + ((word >>> 10) & 0xfff) * 2 ** scale
      const isLoad = (word & 0x00c00000) !== 0
      const isKnown = rn !== 31 && !Number.isNaN(target)
      if (isKnown) builder.add(memory, at, target)
      if (isLoad && !isVector) {
        set(rd, nothing)
        if (isKnown && (word & 0xffc00000) >>> 0 === 0xf9400000 && rd !== 31) slots[rd] = target
      }
    } else if ((word & 0x3b000000) === 0x18000000) {
      builder.add(memory, at, at + (((word << 8) >> 13) << 2))
      if ((word & 0x04000000) === 0) set(rd, nothing)
    } else if ((word & 0x0a000000) === 0x08000000) {
      // Other loads and stores: pairs, exclusives, with an index or a new base.
      const isKnown = rn !== 31 && !Number.isNaN(known[rn] as number)
      if (isKnown && (word & 0x3a000000) === 0x28000000) {
        const scale = (word & 0x04000000) !== 0 ? 2 + (word >>> 30) : (word >>> 31) + 2
        builder.add(memory, at, (known[rn] as number) + ((word << 10) >> 25) * 2 ** scale)
      }
      if ((word & 0x04000000) === 0) {
        set(rd, nothing)
        if ((word & 0x3a000000) === 0x28000000) set((word >>> 10) & 31, nothing)
      }
      // Pre- and post-indexed forms change the base.
      if ((word & 0x3b200400) === 0x38000400 || (word & 0x3a800000) === 0x28800000) set(rn, nothing)
    } else if (((word >>> 25) & 7) === 5 || ((word >>> 26) & 7) === 4) set(rd, nothing)
    else if ((word & 0x7f20fc00) === 0x1e200000) set(rd, nothing)
  }

  function set(register: number, value: number): void {
    if (register === 31) return
    known[register] = value
    slots[register] = nothing
  }
}
