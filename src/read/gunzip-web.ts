// Decompresses gzip in browsers (compression.spec.whatwg.org), in place of gunzip.ts. Browsers refuse a second member.

/** Never thrown here: the browser does not say what is wrong. */
export class BehindGzip extends Error {}

export async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]()
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: async (controller) => {
      const { done, value } = await iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(Uint8Array.from(value))
    },
  })
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } catch {
    // The code is one of zlib's, so that the reader reports a damaged stream.
    throw Object.assign(new Error('no gzip'), { code: 'Z_DATA_ERROR' })
  }
}
