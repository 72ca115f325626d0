// gzip (RFC 1952) unpacked by Node's zlib, one member behind another. A bundle for browsers takes gunzip-web.ts in place of
// this file.
import { Readable } from 'node:stream'

/** Zlib's own are of 16 KiB, and each costs a turn of the event loop. */
const unpackedChunk = 1 << 18

/** Behind a whole member stands something that is no gzip. */
export class BehindGzip extends Error {}

/** Throws what zlib or the source throws. The chunks are kept for later: nobody may use their memory again. */
export async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Loading it takes a tenth of the time of a short command.
  const { createGunzip } = await import('node:zlib')
  const source = Readable.from(bytes, { objectMode: false })
  const unpacked = createGunzip({ chunkSize: unpackedChunk })
  source.on('error', (error) => unpacked.destroy(error))
  source.pipe(unpacked)
  try {
    for await (const chunk of unpacked) yield chunk as Uint8Array
  } catch (error) {
    // zlib's words for what is no header: only behind a whole member, for the magic of the first one is right.
    if ((error as Error).message === 'incorrect header check') throw new BehindGzip()
    throw error
  } finally {
    source.destroy()
  }
}
