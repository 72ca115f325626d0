// The instructions of a file that refer to something, recorded once in a walk over all its code. They are columns
// sorted by address, because a large program has millions of them. The cache keeps these records.

export const recordKind = {
  /** A direct call. */
  call: 1,
  /** A direct jump that may leave its function. */
  jump: 2,
  /** A call or jump to what the word at `to` points to. */
  slot: 3,
  /** The address `to` is taken. */
  address: 4,
  /** The word at `to` is read or written. */
  memory: 5,
  syscall: 6,
  /** `int 0x80` or `sysenter`: a call of 32-bit x86, even in a 64-bit program. */
  compat: 7,
  /** An indirect jump, perhaps through a jump table in read-only data. */
  table: 8,
  /** Code that begins here, inside another instruction. */
  inside: 9,
} as const

/** The records of the code of one file, in columns of equal length. */
export interface Records {
  readonly count: number
  readonly at: Uint32Array
  readonly to: Uint32Array
  readonly kind: Uint8Array
  /** The number of instructions that the walk decoded. */
  readonly instructions: number
}

export class RecordBuilder {
  #at: Uint32Array
  #to: Uint32Array
  #kind: Uint8Array
  #count = 0
  instructions = 0

  constructor(codeSize: number) {
    const room = Math.max(64, codeSize >>> 4)
    this.#at = new Uint32Array(room)
    this.#to = new Uint32Array(room)
    this.#kind = new Uint8Array(room)
  }

  add(kind: number, at: number, to: number): void {
    if (this.#count === this.#kind.length) this.#grow()
    const index = this.#count++
    this.#at[index] = at
    this.#to[index] = to
    this.#kind[index] = kind
  }

  #grow(): void {
    const room = this.#kind.length * 2
    const larger = <Column extends Uint32Array | Uint8Array>(from: Column, to: Column): Column => {
      to.set(from)
      return to
    }
    this.#at = larger(this.#at, new Uint32Array(room))
    this.#to = larger(this.#to, new Uint32Array(room))
    this.#kind = larger(this.#kind, new Uint8Array(room))
  }

  records(): Records {
    const count = this.#count
    return {
      count,
      at: this.#at.slice(0, count),
      to: this.#to.slice(0, count),
      kind: this.#kind.slice(0, count),
      instructions: this.instructions,
    }
  }
}

/** Adds records in any order to sorted ones. */
export function merged(sorted: Records, more: Records): Records {
  if (more.count === 0) return sorted
  const order = Uint32Array.from(more.at, (_, index) => index)
  order.sort((a, b) => (more.at[a] as number) - (more.at[b] as number) || a - b)
  const count = sorted.count + more.count
  const at = new Uint32Array(count)
  const to = new Uint32Array(count)
  const kind = new Uint8Array(count)
  let first = 0
  let index = 0
  // Copies the sorted records before the one at `end`.
  const copy = (end: number): void => {
    at.set(sorted.at.subarray(first, end), index)
    to.set(sorted.to.subarray(first, end), index)
    kind.set(sorted.kind.subarray(first, end), index)
    index += end - first
    first = end
  }
  for (const added of order) {
    copy(lowerBound(sorted.at, sorted.count, (more.at[added] as number) + 1))
    at[index] = more.at[added] as number
    to[index] = more.to[added] as number
    kind[index++] = more.kind[added] as number
  }
  copy(sorted.count)
  return { count, at, to, kind, instructions: sorted.instructions + more.instructions }
}

/** Sorted numbers, each once. */
export function distinct(numbers: Uint32Array): Uint32Array {
  const sorted = numbers.sort()
  let count = 0
  for (let index = 0; index < sorted.length; index++)
    if (index === 0 || sorted[index] !== sorted[count - 1]) sorted[count++] = sorted[index] as number
  return sorted.slice(0, count)
}

/** Index of the first of the sorted numbers that is not less than `wanted`. */
export function lowerBound(sorted: Uint32Array | Float64Array, count: number, wanted: number): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
