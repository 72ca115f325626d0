// Walks over all x86-64 code of a file in the order of addresses, anew from every known function, and records what
// calls, jumps, takes addresses, reads memory at a fixed address, and enters the kernel.
import type { ElfImage } from '../elf/image.ts'
import type { KnownFunctions } from '../functions.ts'
import { recordKind, RecordBuilder, type Records } from '../records.ts'
import { Decoder } from './decoder.ts'

export function surveyX86(image: ElfImage, known: KnownFunctions): Records {
  const builder = new RecordBuilder(image.code.reduce((sum, { from, to }) => sum + to - from, 0))
  const decoder = new Decoder(image.file.bytes)
  const { start, end } = known
  let index = 0
  for (const range of image.code) {
    while (index < start.length && (start[index] as number) < range.from) index++
    let at = range.from
    // The bounds of the function: jumps within it are not recorded.
    let [low, high] = [0, 0]
    while (at < range.to) {
      while (start[index] === at) {
        if ((end[index] as number) > high) [low, high] = [at, end[index] as number]
        index++
      }
      if (at >= high) [low, high] = [0, 0]
      const stop = Math.min(range.to, start[index] ?? range.to, high > at ? high : range.to)
      walk(decoder, image, builder, at, stop, range.offset - range.from, low, high)
      at = stop
    }
  }
  return builder.records()
}

const { call, jump, slot, address, memory, syscall, compat, table } = recordKind

function walk(
  decoder: Decoder,
  image: ElfImage,
  builder: RecordBuilder,
  from: number,
  to: number,
  shift: number,
  low: number,
  high: number,
): void {
  const isFixed = !image.isRelocatable
  const end = to + shift
  let count = 0
  for (let place = from + shift; place < end;) {
    const length = decoder.decode(place, end)
    if (length === 0) {
      place++
      continue
    }
    count++
    const at = place - shift
    place += length
    const { opcode, map, mod } = decoder
    if (mod >= 0 && mod < 3) {
      if (decoder.isRelative) {
        if (!decoder.isSegmented) {
          const target = at + length + decoder.displacement
          const isIndirect =
            map === 0 && opcode === 0xff && ((decoder.reg & 7) === 2 || (decoder.reg & 7) === 4)
          builder.add(isIndirect ? slot : map === 0 && opcode === 0x8d ? address : memory, at, target)
          continue
        }
      } else if (isFixed && (mod === 2 || decoder.base < 0)) {
        const target = decoder.displacement - image.base
        if (target > 0 && !decoder.isSegmented) {
          if (image.isData(target)) builder.add(map === 0 && opcode === 0x8d ? address : memory, at, target)
          else if (map === 0 && opcode === 0x8d && image.isCode(target)) builder.add(address, at, target)
        }
      }
    }
    if (map === 0) {
      if (opcode === 0xe8) builder.add(call, at, at + length + decoder.immediate)
      else if (
        opcode === 0xe9 ||
        opcode === 0xeb ||
        (opcode >= 0x70 && opcode <= 0x7f) ||
        (opcode >= 0xe0 && opcode <= 0xe3)
      ) {
        const target = at + length + decoder.immediate
        if (target < low || target >= high) builder.add(jump, at, target)
      } else if (opcode === 0xff && (decoder.reg & 7) === 4) builder.add(table, at, 0)
      else if (opcode === 0xcd && (decoder.immediate & 0xff) === 0x80) builder.add(compat, at, 0)
      else if (isFixed && decoder.immediateSize >= 4 && decoder.immediateHigh === 0) {
        const value = (decoder.immediate >>> 0) - image.base
        if (value > 0 && (image.isData(value) || image.isCode(value))) builder.add(address, at, value)
      }
    } else if (map === 1) {
      if (opcode === 0x05) builder.add(syscall, at, 0)
      else if (opcode === 0x34) builder.add(compat, at, 0)
      else if (opcode >= 0x80 && opcode <= 0x8f && !decoder.isVector) {
        const target = at + length + decoder.immediate
        if (target < low || target >= high) builder.add(jump, at, target)
      }
    }
  }
  builder.instructions += count
}
