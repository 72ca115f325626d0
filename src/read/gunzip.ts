// Decompresses gzip (RFC 1952) by Node's zlib, one member after another. A bundle for browsers has gunzip-web.ts in
// place of this file.
import { Readable } from 'node:stream'

/** zlib's default chunks have 16 KiB, and each costs a turn of the event loop. */
const unpackedChunk = 1 << 18

/** Something that is not gzip follows a complete member. */
export class BehindGzip extends Error {}

/** Throws the errors of zlib and of the source. Keeps the chunks for later, so nobody may reuse their memory. */
export async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Loading zlib takes a tenth of the time of a short command.
  const { createGunzip } = await import('node:zlib')
  const source = Readable.from(bytes, { objectMode: false })
  const unpacked = createGunzip({ chunkSize: unpackedChunk })
  source.on('error', (error) => unpacked.destroy(error))
  source.pipe(unpacked)
  try {
    for await (const chunk of unpacked) yield chunk as Uint8Array
  } catch (error) {
    // zlib's message for a wrong header. It can only be after a complete member: the first member's magic was right.
    if ((error as Error).message === 'incorrect header check') throw new BehindGzip()
    throw error
  } finally {
    source.destroy()
  }
}
