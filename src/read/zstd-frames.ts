// Reads how much memory each frame of a zstd stream requests, before the decoder sees the frame: fzstd allocates what a
// frame requests, up to 2 GiB, and moves all of it for every block. Authority: RFC 8878, 3.1.1 and 3.1.2.
import { joined, littleEndian } from './pieces.ts'

/** The window that a decoder should support at least (RFC 8878 3.1.1.1.2), and that zstd(1) needs up to -19. */
export const windowLimit = 8 * 1024 * 1024

/** The number of bytes to read next or, if negative, to skip. */
type Wish = number

export class ZstdFrames {
  readonly #walk: Generator<Wish, never, Uint8Array>
  #largest = 0
  #wish: Wish
  #held: Uint8Array[] = []
  #length = 0

  constructor() {
    this.#walk = walk((window) => (this.#largest = Math.max(this.#largest, window)))
    this.#wish = this.#walk.next().value
  }

  /** The largest window, in bytes, of the frames that begin up to the end of this piece. */
  window(piece: Uint8Array): number {
    for (let at = 0; at < piece.length || this.#wish === 0;) {
      const size = Math.min(Math.abs(this.#wish) - this.#length, piece.length - at)
      if (this.#wish > 0) this.#held.push(Uint8Array.from(piece.subarray(at, at + size)))
      this.#length += size
      at += size
      if (this.#length < Math.abs(this.#wish)) break
      this.#wish = this.#walk.next(joined(this.#held)).value
      this.#held = []
      this.#length = 0
    }
    return this.#largest
  }
}

function* walk(found: (window: number) => void): Generator<Wish, never, Uint8Array> {
  for (;;) {
    const magic = number(yield 4)
    if (magic >>> 4 === 0x184d2a5) {
      yield -number(yield 4)
      continue
    }
    // This is no frame. The decoder reports it.
    if (magic !== 0xfd2fb528) for (;;) yield -Infinity
    const flags = number(yield 1)
    const isSingle = (flags & 0x20) !== 0
    const dictionary = [0, 1, 2, 4][flags & 3] as number
    const size = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number
    const header = yield (isSingle ? 0 : 1) + dictionary + size
    // The window of a single segment is as large as its content.
    found(isSingle ? contentSize(header.subarray(dictionary)) : windowSize(number(header.subarray(0, 1))))
    for (let isLast = false; !isLast;) {
      const block = number(yield 3)
      isLast = (block & 1) === 1
      const isRepeated = ((block >> 1) & 3) === 1
      yield isRepeated ? -1 : -(block >> 3)
    }
    if ((flags & 4) !== 0) yield -4
  }
}

function windowSize(descriptor: number): number {
  return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8)
}

function contentSize(field: Uint8Array): number {
  return number(field) + (field.length === 2 ? 256 : 0)
}

function number(field: Uint8Array): number {
  return Number(littleEndian(field))
}
