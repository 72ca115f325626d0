// Bytes as text and text as bytes. Node's Buffer does both several times faster than what browsers have, so this is the
// only file of the pure rooms that names Buffer. A bundle for browsers has byte-text-web.ts in place of this file.

/** The same bytes as a new object, in which indexOf is fast. */
export function viewOf(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** One character per byte. Fastest for bytes of viewOf(). */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('latin1', start, end)
}

/** One byte per character, the lower eight bits of its code. */
export function latin1Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

export function base64Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'base64')
}
