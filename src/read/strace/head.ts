// The prefix of a line, from its bytes: what readPrefix() of grammar.ts says of the commonest ones. -r, -n, -i and
// --secontext are left to that.
import { pidField, timeField } from './grammar.ts'
import { wordAt } from '../words.ts'

/** The pid of a line that names none. */
export const unnamed = -1

/** How long a pid with all around it may be to be known again by three words. */
const shortest = 4
const longest = 12

export class Head {
  pid = unnamed
  /** Which optional fields there are: see Prefix. */
  fields = 0
  bracketed = false
  /** The last pid that was read, as it stood there: most lines have the one of the line before. */
  #length = 0
  #pid = unnamed
  #bracketed = false
  #first = 0
  #middle = 0
  #last = 0

  /** Reads the line that starts at `line`; returns where its prefix ends, -1 for one that is not told here. */
  read(bytes: Uint8Array, view: DataView, line: number): number {
    let at = line
    let byte = bytes[at] as number
    let bracketed = false
    this.pid = unnamed
    this.fields = 0
    if (byte < 0x61) {
      at = this.#isSame(view, line) ? this.#again(line) : this.#readPid(bytes, view, line)
      if (at < 0) return -1
      bracketed = this.#bracketed && this.pid !== unnamed
      byte = bytes[at] as number
    }
    this.bracketed = bracketed
    if (isDigit(byte)) {
      at = isClock(view, at) ? at + clockLength : afterTime(bytes, at)
      if (at < 0) return -1
      this.fields |= timeField
      byte = bytes[at] as number
    }
    // Only a field starts below "<", but for the plus and minus of an exit and a signal.
    return (byte >= 0x3c && byte !== 0x5b) || byte === 0x2b || byte === 0x2d ? at : -1
  }

  #isSame(view: DataView, line: number): boolean {
    const length = this.#length
    return (
      length !== 0 &&
      wordAt(view, line) === this.#first &&
      wordAt(view, line + length - shortest) === this.#last &&
      (length <= 2 * shortest || wordAt(view, line + shortest) === this.#middle)
    )
  }

  #again(line: number): number {
    this.pid = this.#pid
    if (!this.#bracketed) this.fields = pidField
    return line + this.#length
  }

  /** `[pid 7] `, `7     `, or nothing. Returns the place after it, -1 for what is not told here. */
  #readPid(bytes: Uint8Array, view: DataView, line: number): number {
    const bracketed = bytes[line] === 0x5b
    let at = line
    if (bracketed) {
      if (wordAt(view, line + 1) !== 0x20646970 /* `pid ` */) return -1
      at += 5
      while (bytes[at] === 0x20) at++
      at = this.#digits(bytes, at)
      if (at < 0 || bytes[at] !== 0x5d || bytes[at + 1] !== 0x20) return -1
      at += 2
    } else {
      if (!isDigit(bytes[at] as number)) return line
      at = this.#digits(bytes, at)
      if (at < 0 || bytes[at] !== 0x20) {
        this.pid = unnamed
        return line
      }
      while (bytes[at] === 0x20) at++
      this.fields = pidField
    }
    const length = at - line
    this.#bracketed = bracketed
    this.#length = length >= shortest && length <= longest ? length : 0
    if (this.#length > 0) {
      this.#pid = this.pid
      this.#first = wordAt(view, line)
      this.#middle = wordAt(view, line + shortest)
      this.#last = wordAt(view, at - shortest)
    }
    return at
  }

  /** Digits, and the comm of -Y behind them. Returns the place after them. */
  #digits(bytes: Uint8Array, start: number): number {
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

const clockLength = 16

/** `23:52:03.949497 ` of -tt. */
function isClock(view: DataView, at: number): boolean {
  return (
    isLike(wordAt(view, at) ^ 0x303a3030 /* 00:0 */, 0xff0000) &&
    isLike(wordAt(view, at + 4) ^ 0x30303a30 /* 0:00 */, 0xff00) &&
    isLike(wordAt(view, at + 8) ^ 0x3030302e /* .000 */, 0xff) &&
    isLike(wordAt(view, at + 12) ^ 0x20303030 /* 000_ */, 0xff000000 | 0)
  )
}

/** Whether a word, xored with its picture, has digits for the noughts and no other byte for the rest. */
function isLike(difference: number, rest: number): boolean {
  return (difference & rest) === 0 && ((difference | ((difference + 0x06060606) | 0)) & 0xf0f0f0f0) === 0
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
