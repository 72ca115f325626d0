// Bytes compared four at a time. Whoever asks for a word sees to it that it lies inside of the memory: V8 makes one
// instruction of a DataView's read, and a RangeError of one that goes too far.

/** Four bytes, the first one lowest. */
export function wordAt(view: DataView, at: number): number {
  return view.getInt32(at, true)
}

/** The word of four bytes alike. */
export function fourOf(byte: number): number {
  return Math.imul(byte, 0x01010101)
}

/**
 * Where a word that was xored with fourOf(byte) had that byte: the lowest bit set is in the first such place. Zero
 * for none (Mycroft's test).
 */
export function zeros(word: number): number {
  return (word - 0x01010101) & ~word & 0x80808080
}

/** The index of the first byte that zeros() found. */
export function firstOf(found: number): number {
  return (31 - Math.clz32(found & -found)) >> 3
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
