// What the compiled readers ask of bytes.

/** Where the line ends: its "\n" is there. */
export function lineEnd(at: usize): usize {
  while (true) {
    const near = (<u64>at16(at, 0x0a)) | ((<u64>at16(at + 16, 0x0a)) << 16)
    const far = (<u64>at16(at + 32, 0x0a)) | ((<u64>at16(at + 48, 0x0a)) << 16)
    const found = near | (far << 32)
    if (found !== 0) return at + <usize>ctz(found)
    at += 64
  }
  return at
}

/** Which of sixteen bytes are this one, from the lowest bit on. */
export function at16(at: usize, byte: u8): i32 {
  return i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(byte)))
}

/** How many of the sixteen bits end with ones, from the highest on. */
export function run16(bits: i32): i32 {
  return clz(~(bits << 16))
}

/** Which of sixteen bytes lie between two. */
export function within16(word: v128, low: u8, high: u8): i32 {
  return i8x16.bitmask(i8x16.lt_u(i8x16.sub(word, i8x16.splat(low)), i8x16.splat(high - low + 1)))
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

/** `003c`, the digits of an escape of JSON; 0 for a control character and what is not ASCII. */
export function asciiOf(at: usize): u8 {
  if (load<u16>(at) !== 0x3030) return 0
  const high = load<u8>(at + 2)
  const low = load<u8>(at + 3)
  if (high < 0x32 || high > 0x37) return 0
  const letter = low | 0x20
  const value: u8 = isDigit(low) ? low - 0x30 : isHexLetter(letter) ? letter - 0x57 : 16
  const byte: u8 = ((high - 0x30) << 4) | value
  return value === 16 || byte === 0x7f ? 0 : byte
}
