// Walks over all x86-64 code of a file in the order of addresses, anew from every known function. Records instructions
// that call, jump, take addresses, read memory at a fixed address or enter the kernel. Code may also begin inside an
// instruction of this walk (glibc jumps over a `lock` prefix). A second walk starts at every target that the first one
// did not meet, and ends where the two agree again.
import type { ElfImage } from '../elf/image.ts'
import type { KnownFunctions } from '../functions.ts'
import { merged, recordKind, RecordBuilder, type Records } from '../records.ts'
import { Decoder } from './decoder.ts'
import { CodeMarks, isMarked, type MarkedRange } from './marks.ts'

/** `taken`: addresses of code that data holds. */
export function surveyX86(image: ElfImage, known: KnownFunctions, taken: Iterable<number>): Records {
  const survey = new Survey(image)
  survey.first(known)
  return survey.records(taken)
}

const { call, jump, slot, address, memory, syscall, compat, table, inside } = recordKind

class Survey {
  readonly #image: ElfImage
  readonly #decoder: Decoder
  readonly #marks: CodeMarks
  #builder: RecordBuilder
  /** Where second walks begin; undefined during the first one. */
  #open: number[] | undefined

  constructor(image: ElfImage) {
    this.#image = image
    this.#decoder = new Decoder(image.file.bytes)
    this.#marks = new CodeMarks(image.code)
    this.#builder = new RecordBuilder(image.code.reduce((sum, { from, to }) => sum + to - from, 0))
  }

  /** Walks over all code, from every known function. */
  first({ start, end }: KnownFunctions): void {
    let index = 0
    for (const range of this.#marks.ranges) {
      while (index < start.length && (start[index] as number) < range.from) index++
      let at = range.from
      // The bounds of the function: jumps within it are not recorded.
      let low = 0
      let high = 0
      while (at < range.to) {
        for (; index < start.length && start[index] === at; index++)
          if ((end[index] as number) > high) {
            low = at
            high = end[index] as number
          }
        if (at >= high) low = high = 0
        let stop = high > at && high < range.to ? high : range.to
        if (index < start.length) stop = Math.min(stop, start[index] as number)
        this.#walk(range, at, stop, low, high)
        at = stop
      }
    }
  }

  /** The records of the first walk, and of second walks from every target inside an instruction. */
  records(taken: Iterable<number>): Records {
    for (const each of taken) this.#marks.lead(each)
    const first = this.#builder.records()
    this.#builder = new RecordBuilder(0)
    this.#open = this.#marks.unmet()
    for (let at = this.#open.pop(); at !== undefined; at = this.#open.pop()) {
      const range = this.#marks.rangeAt(at)
      if (range === undefined || isMarked(range.met, at - range.from)) continue
      this.#builder.add(inside, at, 0)
      this.#walk(range, at, range.to, 0, 0)
    }
    return merged(first, this.#builder.records())
  }

  #lead(target: number): void {
    if (this.#open === undefined) this.#marks.lead(target)
    else this.#open.push(target)
  }

  /** A second walk ends at instructions that were met before, and after one that ends the path. */
  #walk(range: MarkedRange, from: number, to: number, low: number, high: number): void {
    const [image, decoder, builder] = [this.#image, this.#decoder, this.#builder]
    const { met, from: first } = range
    const shift = range.offset - first
    const isSecond = this.#open !== undefined
    const isFixed = !image.isRelocatable
    const end = to + shift
    let count = 0
    let isOver = false
    for (let place = from + shift; place < end && !isOver;) {
      const length = decoder.decode(place, end)
      if (length === 0) {
        if (isSecond) break
        place++
        continue
      }
      const at = place - shift
      const bit = at - first
      if (isSecond && isMarked(met, bit)) break
      met[bit >>> 5] = (met[bit >>> 5] as number) | (1 << bit)
      count++
      place += length
      const { opcode, map, mod } = decoder
      isOver = isSecond && endsPath(decoder)
      if (mod >= 0 && mod < 3) {
        if (decoder.isRelative) {
          if (!decoder.isSegmented) {
            const target = at + length + decoder.displacement
            const isIndirect =
              map === 0 && opcode === 0xff && ((decoder.reg & 7) === 2 || (decoder.reg & 7) === 4)
            const isAddress = map === 0 && opcode === 0x8d
            builder.add(isIndirect ? slot : isAddress ? address : memory, at, target)
            if (isAddress) this.#lead(target)
            continue
          }
        } else if (isFixed && (mod === 2 || decoder.base < 0)) {
          const target = decoder.displacement - image.base
          if (target > 0 && !decoder.isSegmented) {
            const isAddress = map === 0 && opcode === 0x8d
            if (image.isData(target)) builder.add(isAddress ? address : memory, at, target)
            else if (isAddress && image.isCode(target)) {
              builder.add(address, at, target)
              this.#lead(target)
            }
          }
        }
      }
      if (map === 0) {
        if (opcode === 0xe8) {
          const target = at + length + decoder.immediate
          builder.add(call, at, target)
          this.#lead(target)
        } else if (
          opcode === 0xe9 ||
          opcode === 0xeb ||
          (opcode >= 0x70 && opcode <= 0x7f) ||
          (opcode >= 0xe0 && opcode <= 0xe3)
        ) {
          const target = at + length + decoder.immediate
          if (target < low || target >= high) builder.add(jump, at, target)
          this.#lead(target)
        } else if (opcode === 0xff && (decoder.reg & 7) === 4) builder.add(table, at, 0)
        else if (opcode === 0xcd && (decoder.immediate & 0xff) === 0x80) builder.add(compat, at, 0)
        else if (isFixed && decoder.immediateSize >= 4 && decoder.immediateHigh === 0) {
          const value = (decoder.immediate >>> 0) - image.base
          if (value > 0 && (image.isData(value) || image.isCode(value))) {
            builder.add(address, at, value)
            this.#lead(value)
          }
        }
      } else if (map === 1) {
        if (opcode === 0x05) builder.add(syscall, at, 0)
        else if (opcode === 0x34) builder.add(compat, at, 0)
        else if (opcode >= 0x80 && opcode <= 0x8f && !decoder.isVector) {
          const target = at + length + decoder.immediate
          if (target < low || target >= high) builder.add(jump, at, target)
          this.#lead(target)
        }
      }
    }
    builder.instructions += count
  }
}

/** Whether an instruction ends the path: jumps, returns, HLT and UD2. */
function endsPath({ opcode, map, reg }: Decoder): boolean {
  if (map === 1) return opcode === 0x0b
  if (map !== 0) return false
  return endsAlone.has(opcode) || (opcode === 0xff && ((reg & 7) === 4 || (reg & 7) === 5))
}

const endsAlone: ReadonlySet<number> = new Set([0xc2, 0xc3, 0xca, 0xcb, 0xcf, 0xe9, 0xeb, 0xf4])
