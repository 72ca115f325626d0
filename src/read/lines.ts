// Turns bytes in any pieces into runs of whole lines. A line that is complete in a piece is not copied. Memory is
// bounded: if a line is longer than any reader reads, only its head and tail are kept.
import { lineLimit } from './text.ts'

/** Takes whole lines: bytes[start, end) ends with "\n". The bytes are valid during the call only. */
export type TakeLines = (bytes: Uint8Array, start: number, end: number) => void

const headKept = lineLimit
const capacity = 4 * lineLimit

export class Lines {
  readonly #take: TakeLines
  #rest: Uint8Array = new Uint8Array(4096)
  #length = 0

  constructor(take: TakeLines) {
    this.#take = take
  }

  feed(bytes: Uint8Array): void {
    let start = 0
    if (this.#length > 0) {
      const newline = bytes.indexOf(0x0a)
      if (newline === -1) return this.#keep(bytes)
      this.#keep(bytes.subarray(0, newline + 1))
      this.#flush()
      start = newline + 1
    }
    const end = bytes.lastIndexOf(0x0a) + 1
    if (end > start) {
      this.#take(bytes, start, end)
      start = end
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start))
  }

  /** Ends the source. A last line without "\n" is taken like any other. Returns whether there was one. */
  end(): boolean {
    if (this.#length === 0) return false
    this.#keep(Uint8Array.of(0x0a))
    this.#flush()
    return true
  }

  #flush(): void {
    const length = this.#length
    this.#length = 0
    this.#take(this.#rest, 0, length)
  }

  #keep(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length;) {
      if (this.#length === capacity) {
        // The middle, between the head and the newest bytes, is dropped.
        this.#rest.copyWithin(headKept, capacity - headKept, capacity)
        this.#length = 2 * headKept
      }
      const size = Math.min(capacity - this.#length, bytes.length - start)
      this.#grow(this.#length + size)
      this.#rest.set(bytes.subarray(start, start + size), this.#length)
      this.#length += size
      start += size
    }
  }

  #grow(size: number): void {
    if (size <= this.#rest.length) return
    const larger = new Uint8Array(Math.min(Math.max(size, this.#rest.length * 2), capacity))
    larger.set(this.#rest.subarray(0, this.#length))
    this.#rest = larger
  }
}
