// Decompresses input that its first bytes identify: gzip (RFC 1952) by zlib, zstd (RFC 8878) by fzstd, because Node 20
// has no zstd of its own. Both work on streams, so the output is never held as a whole. UTF-16 with a byte order mark
// becomes UTF-8; UTF-32, whose mark begins alike, stays as it is.
import { Decompress } from 'fzstd'
import { UserError } from '../errors.ts'
import { latin1 } from './byte-text.ts'
import { BehindGzip, gunzipped } from './gunzip.ts'
import { joined } from './pieces.ts'
import { isUtf32 } from './wide-text.ts'
import { windowLimit, ZstdFrames } from './zstd-frames.ts'

type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** The encodings that a byte order mark shows. PowerShell's > writes the first. */
const encodings: readonly (readonly [name: string, mark: readonly number[]])[] = [
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
]
const gzipMagic = [0x1f, 0x8b]
const zstdMagic = [0x28, 0xb5, 0x2f, 0xfd]

/** Unsupported formats by their first bytes (file(1)'s magic), each with the command that decompresses it to a pipe. */
const others: readonly (readonly [name: string, magic: readonly (number | string)[], command: string])[] = [
  ['xz', [0xfd, '7zXZ', 0], 'xz -dc'],
  ['bzip2', ['BZh'], 'bzip2 -dc'],
  ['lz4', [0x04, '"M', 0x18], 'lz4 -dc'],
  ['lzip', ['LZIP', 0x01], 'lzip -dc'],
  ['compress', [0x1f, 0x9d], 'gzip -dc'],
  ['zip', ['PK', 0x03, 0x04], 'unzip -p'],
]
const longestMagic = 18

/** The most bytes that fzstd gets in one piece. */
const pieceOfZstd = 1024

/** The bytes, decompressed if necessary. Throws a UserError that names the source if the stream is damaged. */
export async function* decompressed(name: string, bytes: ByteChunks): AsyncGenerator<Uint8Array> {
  const iterator = iterate(bytes)
  const head: Uint8Array[] = []
  let length = 0
  while (length < longestMagic) {
    const next = await iterator.next()
    if (next.done === true) break
    // A piece is valid until the next one is requested, so it is copied only if another must follow.
    length += next.value.length
    head.push(length < longestMagic ? Uint8Array.from(next.value) : next.value)
  }
  const start = joined(head.map((each) => each.subarray(0, longestMagic)))
  const whole = (async function* () {
    yield* head
    yield* { [Symbol.asyncIterator]: () => iterator }
  })()
  const encoding = isUtf32(start) ? undefined : encodings.find(([, mark]) => startsWith(start, mark))?.[0]
  if (encoding !== undefined) return yield* fromUtf16(encoding, whole)
  if (startsWith(start, gzipMagic)) return yield* gunzip(name, whole)
  if (startsWith(start, zstdMagic)) return yield* unzstd(name, whole)
  const other = others.find(([kind, magic]) => {
    const text = magic.map((each) => (typeof each === 'string' ? each : String.fromCharCode(each))).join('')
    const found = latin1(start)
    // A text may begin with bzip2's three letters, but not with the digits of pi after them.
    return found.startsWith(text) && (kind !== 'bzip2' || /^....1AY&SY/.test(found))
  })
  if (other !== undefined)
    throw new UserError('unknown-compression', { file: name, kind: other[0], tool: other[2] })
  yield* whole
}

async function* fromUtf16(encoding: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding)
  const encoder = new TextEncoder()
  for await (const chunk of bytes) yield encoder.encode(decoder.decode(chunk, { stream: true }))
  yield encoder.encode(decoder.decode())
}

function iterate(bytes: ByteChunks): AsyncIterator<Uint8Array> {
  if (Symbol.asyncIterator in bytes) return bytes[Symbol.asyncIterator]()
  const iterator = bytes[Symbol.iterator]()
  return {
    next: async () => iterator.next(),
    return: async () => iterator.return?.() ?? { done: true, value: undefined },
  }
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte)
}

async function* gunzip(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* gunzipped(copies(bytes))
  } catch (error) {
    if (error instanceof BehindGzip) throw new UserError('behind-gzip', { file: name })
    throw damaged(name, 'gzip', error)
  }
}

/** Copies each chunk: a pipe keeps chunks for later, and a source may reuse their memory. */
async function* copies(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) yield Uint8Array.from(chunk)
}

async function* unzstd(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let out: Uint8Array[] = []
  const stream = new Decompress((chunk) => out.push(chunk))
  const frames = new ZstdFrames()
  const step = (chunk: Uint8Array, last: boolean): Uint8Array[] => {
    if (frames.window(chunk) > windowLimit) throw new UserError('zstd-window', { file: name })
    try {
      stream.push(chunk, last)
    } catch (error) {
      throw damaged(name, 'zstd', error)
    }
    const done = out
    out = []
    return done
  }
  for await (const chunk of copies(bytes))
    for (let at = 0; at < chunk.length; at += pieceOfZstd)
      yield* step(chunk.subarray(at, at + pieceOfZstd), false)
  yield* step(new Uint8Array(0), true)
}

function damaged(name: string, kind: string, error: unknown): Error {
  if (error instanceof UserError) return error
  const code = (error as { code?: unknown }).code
  // An error of the source itself, such as a file that cannot be read, is not damage.
  if (typeof code === 'string' && !code.startsWith('Z_') && !code.startsWith('ERR_FZSTD'))
    return error as Error
  return new UserError('damaged-stream', { file: name, kind })
}
