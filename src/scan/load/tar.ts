// Reads a tar archive as a stream of entries. Authority: POSIX.1-2017 pax (ustar and extended headers), GNU tar's
// manual (long names), the OCI image specification for the content of layers.
import { UserError } from '../../errors.ts'
import { Bytes } from '../elf/bytes.ts'

export interface TarEntry {
  /** The path as written, mostly without a leading slash. */
  readonly name: string
  /** The type's letter; '0' is a regular file. */
  readonly type: string
  readonly mode: number
  readonly size: number
  readonly link: string
  readonly hasCapabilities: boolean
  /** Where its content begins in the archive. */
  readonly offset: number
}

/** Decides from an entry and its first bytes whether all its bytes are wanted. */
export type WantsBytes = (entry: TarEntry, start: Uint8Array) => boolean

const block = 512
/** The number of first bytes that WantsBytes gets. */
const shown = 4
const mostEntries = 2_000_000
const mostHeader = 1 << 20
/** No honest layer unpacks to more, but a few hostile bytes can. */
const mostUnpacked = 32 * 2 ** 30

/** Reads the entries in order. Throws UserError if the bytes are not a tar archive or end early. */
export async function readTar(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  wanted: WantsBytes,
  entry: (entry: TarEntry, content: Uint8Array | undefined) => void | Promise<void>,
): Promise<void> {
  const reader = new TarReader(name, bytes)
  let pax: ReadonlyMap<string, string> = new Map()
  let [longName, longLink] = ['', '']
  for (let count = 0; ; count++) {
    if (count > mostEntries)
      throw new UserError('beyond-scan', { file: name, of: 'files', most: mostEntries })
    const header = await reader.take(block, count === 0)
    if (header === undefined || header.every((byte) => byte === 0)) return
    const file = new Bytes(name, header)
    if (!isHeader(header) && count === 0) throw new UserError('not-an-image', { file: name })
    if (!isHeader(header))
      throw new UserError('damaged', { file: name, because: 'no-tar', at: String(reader.at - block) })
    const type = String.fromCharCode(header[156] as number)
    const size = pax.has('size') ? Number(pax.get('size')) : number(header, 124, 12)
    if (!Number.isSafeInteger(size) || size < 0)
      throw new UserError('damaged', { file: name, because: 'no-size' })
    const padding = (block - (size % block)) % block
    if (reader.at + size > mostUnpacked) throw new UserError('beyond-scan', { file: name, of: 'layer' })
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (size > mostHeader) throw new UserError('damaged', { file: name, because: 'large-header' })
      const content = (await reader.take(size)) ?? new Uint8Array(0)
      await reader.skip(padding)
      const text = new TextDecoder().decode(content)
      if (type === 'x') pax = readPax(text)
      else if (type === 'L') longName = text.replace(/\0.*$/s, '')
      else if (type === 'K') longLink = text.replace(/\0.*$/s, '')
      continue
    }
    const prefix = file.text(257, 5) === 'ustar' && file.text(263, 2) !== ' ' ? file.text(345, 155) : ''
    const own = file.text(0, 100)
    const found: TarEntry = {
      name: pax.get('path') ?? (longName || (prefix === '' ? own : `${prefix}/${own}`)),
      type: type === '\0' ? '0' : type,
      mode: number(header, 100, 8),
      size,
      link: pax.get('linkpath') ?? (longLink || file.text(157, 100)),
      hasCapabilities: pax.has('SCHILY.xattr.security.capability'),
      offset: reader.at,
    }
    pax = new Map()
    longName = longLink = ''
    const start = (await reader.take(Math.min(size, shown))) ?? new Uint8Array(0)
    const rest = size - start.length
    if (wanted(found, start)) {
      const content = new Uint8Array(size)
      content.set(start)
      await reader.into(content, start.length)
      await entry(found, content)
    } else {
      await reader.skip(rest)
      await entry(found, undefined)
    }
    await reader.skip(padding)
  }
}

/** Whether the header's checksum holds: the sum of its bytes, with blanks for the checksum itself (POSIX). */
export function isHeader(header: Uint8Array): boolean {
  if (header.length < block) return false
  let sum = 0
  for (let index = 0; index < block; index++)
    sum += index >= 148 && index < 156 ? 32 : (header[index] as number)
  return sum === number(header, 148, 8) && sum > 256
}

/** Reads octal digits or, as GNU tar writes them, a binary number after 0x80. */
function number(header: Uint8Array, at: number, length: number): number {
  if ((header[at] as number) === 0x80) {
    let value = 0
    for (let index = at + 1; index < at + length; index++) value = value * 256 + (header[index] as number)
    return value
  }
  const text = String.fromCharCode(...header.subarray(at, at + length)).replaceAll(/[\0 ]/g, '')
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : NaN
}

/** Reads records `LENGTH KEY=VALUE\n`. Lengths are ignored: a record ends with its newline. */
function readPax(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, key, value] of text.matchAll(/(?:^|\n)\d+ ([^=\n]+)=([^\n]*)/g))
    found.set(key as string, value as string)
  return found
}

class TarReader {
  readonly #name: string
  readonly #iterator: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)
  at = 0

  constructor(name: string, bytes: AsyncIterable<Uint8Array>) {
    this.#name = name
    this.#iterator = bytes[Symbol.asyncIterator]()
  }

  /** Undefined at the end of the archive. */
  async take(size: number, mayBeShort = false): Promise<Uint8Array | undefined> {
    if (size === 0) return new Uint8Array(0)
    const taken = new Uint8Array(size)
    const got = await this.#fill(taken, 0)
    if (got === 0) return undefined
    if (got < size && !mayBeShort) throw this.#early()
    return taken
  }

  async into(content: Uint8Array, from: number): Promise<void> {
    if ((await this.#fill(content, from)) < content.length - from) throw this.#early()
  }

  async skip(size: number): Promise<void> {
    for (let left = size; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more())) throw this.#early()
      const step = Math.min(left, this.#rest.length)
      this.#rest = this.#rest.subarray(step)
      this.at += step
      left -= step
    }
  }

  async #fill(content: Uint8Array, from: number): Promise<number> {
    let at = from
    while (at < content.length) {
      if (this.#rest.length === 0 && !(await this.#more())) break
      const step = Math.min(content.length - at, this.#rest.length)
      content.set(this.#rest.subarray(0, step), at)
      this.#rest = this.#rest.subarray(step)
      at += step
    }
    this.at += at - from
    return at - from
  }

  async #more(): Promise<boolean> {
    const next = await this.#iterator.next()
    if (next.done === true) return false
    this.#rest = next.value
    return true
  }

  #early(): UserError {
    return new UserError('damaged', { file: this.#name, because: 'ends-early' })
  }
}
