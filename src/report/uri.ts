// A file's path as a relative reference (RFC 3986).

/** Half of a surrogate pair has no bytes to encode: U+FFFD stands in its place. */
export function encodedPath(file: string): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(file))
  return text.split('/').map(encodeURIComponent).join('/')
}
