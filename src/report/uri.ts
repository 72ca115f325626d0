// Encodes a file's path as a relative reference (RFC 3986).

/** A lone surrogate has no bytes to encode and becomes U+FFFD. */
export function encodedPath(file: string): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(file))
  return text.split('/').map(encodeURIComponent).join('/')
}
