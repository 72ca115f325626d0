// Bytes as text and text as bytes in browsers, in place of byte-text.ts.
// Authority: encoding.spec.whatwg.org, whose latin1 is windows-1252: it has other characters for 0x80 to 0x9f.

const decoder = new TextDecoder('windows-1252')
// oxlint-disable-next-line no-control-regex -- all of latin1
const beyond = /[^\u0000-\u00ff]/g
const replaced = decoder.decode(Uint8Array.from({ length: 0x20 }, (_, index) => 0x80 + index))

/** The same bytes as a new object. */
export function viewOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** One character per byte. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return decoder
    .decode(bytes.subarray(start, end))
    .replaceAll(beyond, (character) => String.fromCharCode(0x80 + replaced.indexOf(character)))
}

/** One byte per character, the lower eight bits of its code. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

export function base64Bytes(text: string): Uint8Array {
  return latin1Bytes(atob(text))
}
