// What both readers ask of bytes.

/** Where the line ends: its "\n" is there. */
export function lineEnd(at: usize): usize {
  while (true) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x0a)))
    if (found !== 0) return at + ctz(found)
    at += 16
  }
  return at
}

export function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39
}

export function isUpper(byte: u8): bool {
  return byte >= 0x41 && byte <= 0x5a
}

export function isHexLetter(byte: u8): bool {
  return byte >= 0x61 && byte <= 0x66
}
