// Lines without the wrapping of a logger, from their bytes: lines that equal a known one in all but the text inside,
// and in digits where those may differ. What may differ, src/read/likeness.ts decides; it says nothing that the
// patterns of src/read/wrapping.ts would not say of the same line.
// Compiled by scripts/make-compiled.ts.
import { asciiOf, at16, isDigit, lineEnd, within16 } from './bytes'
import { lineOfEntry } from './journal'
import { inputSize, lineLimit } from './layout'

/** Whole lines, by the host. What is loaded in words reaches beyond them. */
export { inputSize }
export const input = memory.data(inputSize + 64, 16)
/** The lines inside, each with its end. */
export const output = memory.data(inputSize + 64, 16)

/** What stands before the text and behind it; a word of zeros behind the longest. */
export const partRoom = 1024
/** The known lines: of each the two lengths and how its text is written, then both parts, each as bytes and classes. */
export const likenessRoom = 4
export const likenessSize = 16 + 4 * partRoom
export const likenesses = memory.data(likenessRoom * likenessSize, 16)

/** How the text is written: in a JSON string, which ends with `\n`, or does not. `asCall`: no other text is one. */
export const inJson = 1
export const withEnd = 2
export const withoutEnd = 4
export const asCall = 8

/** What may stand instead of a byte: nothing, a digit, a digit but 0, a hexadecimal digit, whatever. */
export const exactly: u8 = 0
export const digit: u8 = 1
export const positiveDigit: u8 = 2
export const hexDigit: u8 = 3
export const whatever: u8 = 4

/** How many bytes of output there are. */
export const written = memory.data(4, 4)

let out: usize = 0
/** Behind the text that was copied last. */
let behind: usize = 0
let known = 0

/** Takes lines of [line, end) until one is like none that is known. Returns where that one starts. */
export function read(line: usize, end: usize, count: i32): usize {
  out = output
  // The lines of another source may have known more.
  if (known >= count) known = 0
  let at = line
  while (at < end && out + lineLimit < output + inputSize) {
    // An empty line has no wrapping.
    if (load<u8>(at) === 0x0a) {
      store<u8>(out++, 0x0a)
      at++
      continue
    }
    let next = likeKnown(at, known)
    for (let other = 0; next === 0 && other < count; other++)
      if (other !== known && (next = likeKnown(at, other)) !== 0) known = other
    if (next === 0) break
    at = next
  }
  store<u32>(written, <u32>(out - output))
  return at
}

/** Makes lines of the journal's entries in [line, end). Returns where the first starts that needs care. */
export function readJournal(line: usize, end: usize): usize {
  out = output
  let at = line
  while (at < end && out + lineLimit < output + inputSize) {
    const stop = lineEnd(at)
    const next = stop - at > lineLimit ? 0 : lineOfEntry(at, stop, out)
    if (next === 0) break
    out = next
    at = stop + 1
  }
  store<u32>(written, <u32>(out - output))
  return at
}

/** Copies the text of a line that is like this one; returns the next line, 0 for another line. */
function likeKnown(line: usize, index: i32): usize {
  const likeness = likenesses + index * likenessSize
  const head = load<u32>(likeness)
  const tail = load<u32>(likeness, 4)
  const how = load<u32>(likeness, 8)
  if (head === 0 || !isLike(line, likeness + 16, head)) return 0
  const from = line + head
  if ((how & asCall) !== 0 ? !startsCall(from) : !startsText(load<u8>(from))) return 0
  if ((how & inJson) === 0) return copyRest(from) ? behind : 0
  const isEnded = copyString(from)
  if (behind === 0 || (how & (isEnded ? withEnd : withoutEnd)) === 0) return 0
  if (!isLike(behind, likeness + 16 + 2 * partRoom, tail)) return 0
  out = copied
  return behind + tail
}

function isLike(at: usize, part: usize, length: usize): bool {
  for (let from: usize = 0; from < length; from += 16) {
    const word = v128.load(at + from)
    const classes = v128.load(part + partRoom + from)
    let like = i8x16.eq(word, v128.load(part + from))
    if (!i8x16.all_true(like)) {
      const digits = i8x16.lt_u(i8x16.sub(word, i8x16.splat(0x30)), i8x16.splat(10))
      const positive = v128.andnot(digits, i8x16.eq(word, i8x16.splat(0x30)))
      const letters = i8x16.lt_u(i8x16.sub(word, i8x16.splat(0x61)), i8x16.splat(6))
      like = v128.or(like, i8x16.eq(classes, i8x16.splat(whatever)))
      like = v128.or(like, v128.and(digits, i8x16.eq(classes, i8x16.splat(digit))))
      like = v128.or(like, v128.and(positive, i8x16.eq(classes, i8x16.splat(positiveDigit))))
      like = v128.or(like, v128.and(v128.or(digits, letters), i8x16.eq(classes, i8x16.splat(hexDigit))))
      if (!i8x16.all_true(like)) return false
    }
  }
  return true
}

/** As a line of strace starts: any other start could belong to the prefix. */
function startsText(byte: u8): bool {
  const letter = byte | 0x20
  return (
    isDigit(byte) ||
    (letter >= 0x61 && letter <= 0x7a) ||
    byte === 0x5b ||
    byte === 0x3c ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x5f
  )
}

/** `812   read(`, `read(`, or either with `<... read resumed>` */
function startsCall(from: usize): bool {
  let at = from
  while (isDigit(load<u8>(at)) && at - from < 7) at++
  if (at !== from) {
    if (load<u8>(at) !== 0x20) return false
    while (load<u8>(at) === 0x20) at++
  }
  const isRest = load<u32>(at) === 0x2e2e2e3c && load<u8>(at + 4) === 0x20 /* `<... ` */
  if (isRest) at += 5
  const name = at
  while (isNameByte(load<u8>(at)) || (at > name && isDigit(load<u8>(at)))) at++
  if (at === name) return false
  if (!isRest) return load<u8>(at) === 0x28
  return load<u64>(at) === 0x64656d7573657220 /* ` resumed` */ && load<u8>(at + 8) === 0x3e
}

function isNameByte(byte: u8): bool {
  return (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f
}

/** Copies the rest of the line with its end. */
function copyRest(from: usize): bool {
  let at = from
  let to = out
  while (true) {
    const word = v128.load(at)
    v128.store(to, word)
    const ends = at16(at, 0x0a)
    if (ends !== 0) {
      const length = ctz(ends)
      if (load<u8>(at + length - 1) === 0x0d) return false
      behind = at + length + 1
      out = to + length + 1
      return true
    }
    at += 16
    to += 16
    if (at - from > lineLimit) return false
  }
  return false
}

/** Where the output of a copied string ends. */
let copied: usize = 0

/**
 * Copies the rest of a JSON string, with a line end. Returns whether it had one; `behind` is 0 if it is not read here.
 */
function copyString(from: usize): bool {
  let at = from
  let to = out
  let isEnded = false
  behind = 0
  while (at - from <= lineLimit) {
    const word = v128.load(at)
    v128.store(to, word)
    const special = at16(at, 0x22) | at16(at, 0x5c) | within16(word, 0, 0x1f)
    if (special === 0) {
      at += 16
      to += 16
      continue
    }
    const length = ctz(special)
    at += length
    to += length
    const byte = load<u8>(at)
    if (byte === 0x22) {
      behind = at
      break
    }
    if (byte !== 0x5c) break
    const escaped = load<u8>(at + 1)
    let plain = escaped
    // Only the end of the text: what must stand behind it begins with the quote.
    if (escaped === 0x6e /* n */) {
      isEnded = true
      behind = at + 2
      break
    }
    at += 2
    if (escaped === 0x74 /* t */) plain = 0x09
    else if (escaped === 0x75 /* u */) {
      plain = asciiOf(at)
      if (plain === 0) break
      at += 4
    } else if (escaped !== 0x22 && escaped !== 0x5c && escaped !== 0x2f) break
    store<u8>(to++, plain)
  }
  store<u8>(to, 0x0a)
  copied = to + 1
  return isEnded
}
