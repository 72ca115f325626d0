// Finds where functions begin: by unwind tables, symbols, Go's table and pointers in data. In code that none of these
// covers (musl, hand-written assembly), every target of a call and every taken address begins a function. In a section
// for stubs every target of a jump does so too.
import type { CodeRange, ElfImage, AddressRange } from './elf/image.ts'
import { distinct, lowerBound, recordKind, type Records } from './records.ts'
import { slotsOfStubs } from './stubs.ts'

/** Starts and ends of functions, sorted by start without duplicates. An unknown end is 0. */
export interface KnownFunctions {
  readonly start: Uint32Array
  readonly end: Uint32Array
}

export function knownFunctions(
  image: ElfImage,
  sized: readonly AddressRange[],
  starts: Iterable<number>,
): KnownFunctions {
  const ends = new Map<number, number>()
  // An unwind table declares a whole section of stubs as one function.
  const isAmongStubs = amongStubs(image)
  for (const { from, to } of sized)
    if (image.isCode(from) && !isAmongStubs(from)) ends.set(from, Math.max(ends.get(from) ?? 0, to))
  for (const start of starts) if (!ends.has(start) && image.isCode(start)) ends.set(start, 0)
  for (const { from } of image.code) if (!ends.has(from)) ends.set(from, 0)
  const start = Uint32Array.from(ends.keys()).sort()
  return { start, end: start.map((each) => ends.get(each) ?? 0) }
}

function amongStubs({ code }: ElfImage): (address: number) => boolean {
  const ranges = code.filter(({ hasStubs }) => hasStubs)
  return (address) => ranges.some(({ from, to }) => address >= from && address < to)
}

/** All functions. Each ends where the next one begins, or with its range of code. */
export class Functions {
  readonly start: Uint32Array
  readonly #ends: Uint32Array
  /** By function: the index of the first record of its code. One more entry marks the end. */
  readonly #first: Uint32Array
  /** By function that is a stub: the slot that it jumps through. */
  readonly #stubs: ReadonlyMap<number, number>
  /** Starts inside a function that an unwind table or a symbol declares: the code before runs on into them. */
  readonly #inner: ReadonlySet<number>
  readonly #image: ElfImage
  readonly #covered: (address: number) => boolean

  /** `pointers`: addresses of code that data holds. */
  constructor(image: ElfImage, known: KnownFunctions, records: Records, pointers: readonly number[]) {
    this.#image = image
    const { kind, to, count } = records
    const starts = new Uint32Array(known.start.length * 2 + count + pointers.length)
    starts.set(known.start)
    let size = known.start.length
    const inner = new Set<number>()
    let reach = 0
    for (const [index, start] of known.start.entries()) {
      if (start < reach) inner.add(start)
      reach = Math.max(reach, known.end[index] as number)
      const end = known.end[index] as number
      // Code between two functions that is longer than padding belongs to neither.
      if (end > 0 && end >= reach && image.isCode(end) && (known.start[index + 1] ?? Infinity) - end >= 16)
        starts[size++] = end
    }
    const covered = coverage(known)
    this.#covered = covered
    const isAmongStubs = amongStubs(image)
    for (let index = 0; index < count; index++) {
      const what = kind[index]
      const target = to[index] as number
      const begins =
        what === recordKind.call ||
        what === recordKind.address ||
        (what === recordKind.jump && isAmongStubs(target))
      if (begins && !covered(target) && image.isCode(target)) starts[size++] = target
    }
    for (const each of pointers) if (!covered(each)) starts[size++] = each
    this.start = distinct(starts.subarray(0, size))
    this.#inner = inner
    this.#ends = new Uint32Array(this.start.length)
    this.#first = new Uint32Array(this.start.length + 1)
    this.#measure(records)
    this.#stubs = slotsOfStubs(image, this, records)
  }

  /** One pass over the ranges of code, the functions and the records, all sorted by address. */
  #measure({ at, count }: Records): void {
    const { code } = this.#image
    let range = 0
    let record = 0
    for (let index = 0; index < this.start.length; index++) {
      const start = this.start[index] as number
      while (range < code.length && (code[range] as CodeRange).to <= start) range++
      const { to } = code[range] as CodeRange
      this.#ends[index] = Math.min(this.start[index + 1] ?? to, to)
      while (record < count && (at[record] as number) < start) record++
      this.#first[index] = record
    }
    this.#first[this.start.length] = count
  }

  get count(): number {
    return this.start.length
  }

  /** The function that contains an address; -1 if there is none. */
  at(address: number): number {
    if (!this.#image.isCode(address)) return -1
    const index = lowerBound(this.start, this.start.length, address)
    return this.start[index] === address ? index : index - 1
  }

  end(index: number): number {
    return this.#ends[index] as number
  }

  /** Index of the function's first record. Its records end before the first record of the next function. */
  firstRecord(index: number): number {
    return this.#first[index] as number
  }

  /** Whether the function is a stub through which an import is called. */
  isStub(index: number): boolean {
    return this.#stubs.has(index)
  }

  /** The slot that a stub jumps through; undefined if the function is no stub. */
  slotOfStub(index: number): number | undefined {
    return this.#stubs.get(index)
  }

  isStart(address: number): boolean {
    return this.start[lowerBound(this.start, this.start.length, address)] === address
  }

  /** Whether an unwind table or a symbol declares a function at this address. */
  isSized(address: number): boolean {
    return this.#covered(address)
  }

  /** Whether the code before this function runs on into it. */
  isFallenInto(index: number): boolean {
    return this.#inner.has(this.start[index] as number)
  }
}

/** A test whether an address lies in a function of known size (its start included). */
function coverage({ start, end }: KnownFunctions): (address: number) => boolean {
  // The furthest end up to each function, because functions may lie within each other.
  const furthest = new Float64Array(start.length)
  let reach = 0
  for (let index = 0; index < start.length; index++)
    furthest[index] = reach = Math.max(reach, end[index] as number)
  return (address) => {
    const index = lowerBound(start, start.length, address + 1) - 1
    return index >= 0 && address < (furthest[index] as number)
  }
}
