// Reads the bytes of a file that may be hostile. Numbers are little-endian, and 0 outside of the file. check()
// throws an error that names the file. Authority for the widths: the System V ABI's ELF-64 object file format.
import { UserError } from '../../errors.ts'

export class Bytes {
  readonly name: string
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(name: string, bytes: Uint8Array) {
    this.name = name
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get size(): number {
    return this.bytes.length
  }

  /** Throws UserError if [offset, offset + size) is not wholly in the file. */
  check(offset: number, size: number, what: string): void {
    if (!(offset >= 0 && size >= 0 && offset + size <= this.bytes.length)) throw this.damaged(what)
  }

  damaged(what: string): UserError {
    return new UserError('cut-short', { file: this.name, part: what })
  }

  u8(offset: number): number {
    return this.bytes[offset] ?? 0
  }

  u16(offset: number): number {
    return offset >= 0 && offset + 2 <= this.bytes.length ? this.#view.getUint16(offset, true) : 0
  }

  u32(offset: number): number {
    return offset >= 0 && offset + 4 <= this.bytes.length ? this.#view.getUint32(offset, true) : 0
  }

  i32(offset: number): number {
    return this.u32(offset) | 0
  }

  /** As a number: exact up to 2^53, which no address of a file that can be loaded exceeds. */
  u64(offset: number): number {
    return this.u32(offset) + this.u32(offset + 4) * 2 ** 32
  }

  i64(offset: number): number {
    return this.u32(offset) + this.i32(offset + 4) * 2 ** 32
  }

  /** A string that ends with a zero, of at most `most` bytes. Names in ELF files are ASCII, else UTF-8. */
  text(offset: number, most = 4096): string {
    const { bytes } = this
    if (!(offset >= 0 && offset < bytes.length)) return ''
    const limit = Math.min(bytes.length, offset + most)
    let end = offset
    let isPlain = true
    for (; end < limit; end++) {
      const byte = bytes[end] as number
      if (byte === 0) break
      if (byte > 126) isPlain = false
    }
    const piece = bytes.subarray(offset, end)
    return isPlain
      ? String.fromCharCode.apply(undefined, piece as unknown as number[])
      : decoder.decode(piece)
  }
}

const decoder = new TextDecoder()
