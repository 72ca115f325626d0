// Bytes as a whole: pieces joined, UTF-8 as text, numbers of several bytes.

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** UTF-8 as text. A byte order mark stays, and bytes that are not UTF-8 become U+FFFD. */
export function utf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** The number whose lowest byte comes first. */
export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
