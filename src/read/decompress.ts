// Compressed input, told by its first bytes: gzip (RFC 1952) by zlib, zstd (RFC 8878) by fzstd, because Node 20 has
// no zstd of its own. Both as streams: what comes out is never held whole.
import { createGunzip } from 'node:zlib'
import { Readable } from 'node:stream'
import { Decompress } from 'fzstd'
import { UserError } from '../errors.ts'

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

const gzipMagic = [0x1f, 0x8b]
/** Zlib's own are of 16 KiB, and each costs a turn of the event loop. */
const unpackedChunk = 1 << 18
const zstdMagic = [0x28, 0xb5, 0x2f, 0xfd]

/** The bytes themselves, or what they are compressed from. A damaged stream throws a UserError that names the source. */
export async function* decompressed(name: string, bytes: Bytes): AsyncGenerator<Uint8Array> {
  const iterator = iterate(bytes)
  const head: Uint8Array[] = []
  let length = 0
  while (length < zstdMagic.length) {
    const next = await iterator.next()
    if (next.done === true) break
    head.push(Uint8Array.from(next.value))
    length += next.value.length
  }
  const start = Buffer.concat(head.map((each) => each.subarray(0, 4)))
  const whole = (async function* () {
    yield* head
    yield* { [Symbol.asyncIterator]: () => iterator }
  })()
  if (startsWith(start, gzipMagic)) yield* gunzip(name, whole)
  else if (startsWith(start, zstdMagic)) yield* unzstd(name, whole)
  else yield* whole
}

function iterate(bytes: Bytes): AsyncIterator<Uint8Array> {
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
  const source = Readable.from(copies(bytes), { objectMode: false })
  const gunzipped = createGunzip({ chunkSize: unpackedChunk })
  source.on('error', (error) => gunzipped.destroy(error))
  source.pipe(gunzipped)
  try {
    for await (const chunk of gunzipped) yield chunk as Uint8Array
  } catch (error) {
    throw damaged(name, 'gzip', error)
  } finally {
    source.destroy()
  }
}

/** A pipe keeps chunks for later; a source may use their memory again. */
async function* copies(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) yield Uint8Array.from(chunk)
}

async function* unzstd(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let out: Uint8Array[] = []
  const stream = new Decompress((chunk) => out.push(chunk))
  const step = (chunk: Uint8Array, last: boolean): Uint8Array[] => {
    try {
      stream.push(chunk, last)
    } catch (error) {
      throw damaged(name, 'zstd', error)
    }
    const done = out
    out = []
    return done
  }
  for await (const chunk of copies(bytes)) yield* step(chunk, false)
  yield* step(new Uint8Array(0), true)
}

function damaged(name: string, kind: string, error: unknown): Error {
  if (error instanceof UserError) return error
  const code = (error as { code?: unknown }).code
  // Errors of the source itself (a file that cannot be read) are not the compression's.
  if (typeof code === 'string' && !code.startsWith('Z_') && !code.startsWith('ERR_FZSTD'))
    return error as Error
  return new UserError(`${name}: the ${kind} stream is damaged or ends early; compress it again`)
}
