// The prefix of a line, from its bytes: what readPrefix() of grammar.ts says of the commonest ones. -r, -n, -i and
// --secontext are left to that.
import { pidField, timeField } from './grammar.ts'

/** The pid of a line that names none. */
export const unnamed = -1

export class Head {
  pid = unnamed
  /** Which optional fields there are: see Prefix. */
  fields = 0
  bracketed = false

  /** Reads the line that starts at `line`; returns where its prefix ends, -1 for one that is not told here. */
  read(bytes: Uint8Array, line: number): number {
    let at = line
    let byte = bytes[at] as number
    this.pid = unnamed
    this.fields = 0
    this.bracketed = false
    if (byte === 0x5b) {
      // `[pid `
      if (
        bytes[at + 1] !== 0x70 ||
        bytes[at + 2] !== 0x69 ||
        bytes[at + 3] !== 0x64 ||
        bytes[at + 4] !== 0x20
      )
        return -1
      this.bracketed = true
      at += 5
      while (bytes[at] === 0x20) at++
      at = this.#readPid(bytes, at)
      if (at < 0 || bytes[at] !== 0x5d || bytes[at + 1] !== 0x20) return -1
      at += 2
    } else if (isDigit(byte)) {
      const after = this.#readPid(bytes, at)
      if (after > 0 && bytes[after] === 0x20) {
        this.fields = pidField
        at = after
        while (bytes[at] === 0x20) at++
      } else this.pid = unnamed
    }
    byte = bytes[at] as number
    // Only a field starts below "<", but for the plus and minus of an exit and a signal.
    if (!isDigit(byte)) return (byte >= 0x3c && byte !== 0x5b) || byte === 0x2b || byte === 0x2d ? at : -1
    at = afterTime(bytes, at)
    if (at < 0) return -1
    this.fields |= timeField
    byte = bytes[at] as number
    return (byte >= 0x3c && byte !== 0x5b) || byte === 0x2b || byte === 0x2d ? at : -1
  }

  /** Digits, and the comm of -Y behind them. Returns the place after them. */
  #readPid(bytes: Uint8Array, start: number): number {
    let at = start
    let pid = 0
    for (let byte = bytes[at] as number; isDigit(byte); byte = bytes[++at] as number)
      pid = pid * 10 + (byte - 0x30)
    // No pid is longer than 7 digits (2^22); seconds of the epoch are.
    if (at === start || at - start > 7) return -1
    this.pid = pid
    if (bytes[at] !== 0x3c) return at
    // strace escapes both angle brackets in a comm.
    while (bytes[at] !== 0x3e && (bytes[at] as number) >= 0x20) at++
    return bytes[at] === 0x3e ? at + 1 : -1
  }
}

/** `23:52:03.949497 ` or `1795477923.985055 `; -1 for anything else. */
function afterTime(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at] as number)) at++
  if (bytes[at] === 0x3a) {
    if (at - start !== 2 || bytes[at + 3] !== 0x3a) return -1
    if (!isDigit(bytes[at + 1] as number) || !isDigit(bytes[at + 2] as number)) return -1
    if (!isDigit(bytes[at + 4] as number) || !isDigit(bytes[at + 5] as number)) return -1
    at += 6
  } else if (at - start < 8) return -1
  if (bytes[at] === 0x2e) {
    const dot = at++
    while (isDigit(bytes[at] as number)) at++
    if (at === dot + 1) return -1
  }
  return bytes[at] === 0x20 ? at + 1 : -1
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
