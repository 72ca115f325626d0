// Marks where the survey met instructions and where code leads to, one bit for each byte of code, to find the targets
// inside of instructions.
import type { CodeRange } from '../elf/image.ts'
import { lowerBound } from '../records.ts'

export interface MarkedRange extends CodeRange {
  /** Bits of the bytes at which an instruction was met. */
  readonly met: Int32Array
  readonly targets: Int32Array
}

export class CodeMarks {
  /** Sorted; they do not overlap. */
  readonly #ranges: readonly MarkedRange[]
  readonly #starts: Float64Array
  #last: MarkedRange | undefined

  constructor(code: readonly CodeRange[]) {
    this.#ranges = code.map((range) => {
      const words = ((range.to - range.from) >>> 5) + 1
      return { ...range, met: new Int32Array(words), targets: new Int32Array(words) }
    })
    this.#starts = Float64Array.from(code, ({ from }) => from)
  }

  get ranges(): readonly MarkedRange[] {
    return this.#ranges
  }

  rangeAt(address: number): MarkedRange | undefined {
    // Most targets lie in the range of the one before.
    if (this.#last !== undefined && address >= this.#last.from && address < this.#last.to) return this.#last
    const index = lowerBound(this.#starts, this.#starts.length, address + 1) - 1
    const found = this.#ranges[index]
    if (found === undefined || address >= found.to) return undefined
    this.#last = found
    return found
  }

  /** Marks an address that something leads to. */
  lead(target: number): void {
    const range = this.rangeAt(target)
    if (range === undefined) return
    const bit = target - range.from
    range.targets[bit >>> 5] = (range.targets[bit >>> 5] as number) | (1 << bit)
  }

  /** The marked targets at which no instruction was met. */
  unmet(): number[] {
    const found: number[] = []
    for (const { from, met, targets } of this.#ranges)
      for (let word = 0; word < targets.length; word++)
        for (let open = (targets[word] as number) & ~(met[word] as number); open !== 0; open &= open - 1)
          found.push(from + word * 32 + 31 - Math.clz32(open & -open))
    return found
  }
}

export function isMarked(bits: Int32Array, bit: number): boolean {
  return (((bits[bit >>> 5] as number) >>> bit) & 1) === 1
}
