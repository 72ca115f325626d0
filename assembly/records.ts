// The commonest lines of audit logs, from their bytes: what src/read/audit/grammar.ts says of the same lines. A
// filter's record tells a call; records but SECCOMP, SYSCALL and ANOM_ABEND tell none. A record stands at the start of
// its line or behind a prefix that src/read/audit/record-prefix.ts has learnt. Lines of one kind have the same words
// for machine, call and answer. Stops at the first line that it does not know. A value of a process (comm, exe) stands
// before the block that tells the call: the last counts. Compiled by scripts/make-compiled.ts.
import { at16, isDigit, isHexLetter, isUpper, lineEnd } from './bytes'
import { inputSize, lineLimit } from './layout'

/** Whole lines, by the host. What is loaded in words reaches beyond them. */
export { inputSize }
export const input = memory.data(inputSize + 64, 16)

/** What was found, line by line: where the next line starts, and the number of its kind. */
export const room = 1024
export const nexts = memory.data(room * 4, 16)
export const kinds = memory.data(room * 4, 16)

/** Prefixes, by the host: the number of items, whether a filter's record follows, then the items. */
export const prefixRoom = 16
export const prefixSize = 256
export const prefixItems = 2
export const prefixes = memory.data(prefixRoom * prefixSize, 16)
/** An item is a byte, or this and the most digits that may stand in its place. */
export const digits: u8 = 0x80

/** The words of each known kind, each with a blank behind it; no kind has these words if the first byte is 0. */
const keySize: usize = 64
const keyRoom = 768
/** Full earlier, so that a place is found quickly. */
const keyLimit = 576
const keys = memory.data(keyRoom * keySize, 16)
const key = memory.data(keySize + 16, 16)
let keyCount = 0
/** What the numbers of kinds begin above: greater than any number of a kind that was forgotten. */
let base = 0

/** Forgets all kinds if there is no room for more. Later kinds have other numbers. */
export function makeRoom(): void {
  if (keyCount < keyLimit) return
  memory.fill(keys, 0, keyRoom * keySize)
  keyCount = 0
  base += keyRoom
}

/** Of a line that tells no call. */
const noCall = 0
const unsure = -1

/** The longest stamp that header.ts takes. */
const stampLimit: usize = 64

/** The prefix of the last line that had one. */
let known = 0

/** Reads lines of [line, end); returns how many it knew. */
export function read(line: usize, end: usize): i32 {
  let count = 0
  while (line < end && count < room) {
    const stop = lineEnd(line)
    if (stop - line > lineLimit) break
    const kind = kindOf(line, stop)
    if (kind === unsure) break
    line = stop + 1
    store<u32>(nexts + (count << 2), line)
    store<i32>(kinds + (count << 2), kind)
    count++
  }
  return count
}

function kindOf(line: usize, stop: usize): i32 {
  const start = load<u32>(line)
  if (start === 0x65707974 /* `type` */) return ownKind(line, stop)
  if (start === 0x2d2d2d2d && stop === line + 4 /* `----` */) return noCall
  let at = afterPrefix(line, known)
  for (let other = 0; at === 0 && other < prefixRoom; other++) {
    at = afterPrefix(line, other)
    if (at !== 0) known = other
  }
  if (at === 0) return reportKind(line, stop)
  if (!startsFields(at) || !isOneRecord(at, stop)) return unsure
  return load<u8>(prefixes + known * prefixSize + 1) === 0 ? noCall : callOf(at, stop)
}

/** `type=NAME msg=audit(STAMP):` or `type=NAME msg=audit(STAMP) :` */
function ownKind(line: usize, stop: usize): i32 {
  if (load<u8>(line + 4) !== 0x3d) return unsure
  const type = line + 5
  let at = type
  while (isUpper(load<u8>(at)) || load<u8>(at) === 0x5f) at++
  if (at === type) return unsure
  if (load<u64>(at) !== 0x6475613d67736d20 || load<u32>(at + 7) !== 0x28746964 /* ` msg=audit(` */)
    return unsure
  const stamp = at + 11
  at = stamp
  while (load<u8>(at) !== 0x29 && load<u8>(at) >= 0x20 && at - stamp <= stampLimit) at++
  if (at === stamp || at - stamp > stampLimit || load<u8>(at++) !== 0x29) return unsure
  if (load<u8>(at) === 0x20) at++
  if (load<u8>(at) !== 0x3a || !isOneRecord(at, stop)) return unsure
  const name = load<u64>(type) & 0x00ffffffffffffff
  if (name === 0x00504d4f43434553 /* `SECCOMP` */)
    return load<u8>(type + 7) === 0x20 ? callOf(at, stop) : unsure
  const isOther =
    name !== 0x0042415f4d4f4e41 /* `ANOM_AB` */ &&
    name !== 0x004c4c4143535953 /* `SYSCALL` */ &&
    name !== 0x004e574f4e4b4e55 /* `UNKNOWN` */
  return isOther ? noCall : unsure
}

/** Behind the prefix; 0 if the line starts otherwise. */
function afterPrefix(line: usize, index: i32): usize {
  const prefix = prefixes + index * prefixSize
  const count = load<u8>(prefix)
  const first = prefix + prefixItems
  let at = line
  for (let item = first; item < first + count; item++) {
    const byte = load<u8>(item)
    if (byte < digits) {
      if (load<u8>(at++) !== byte) return 0
      continue
    }
    const from = at
    const most: usize = byte - digits
    while (isDigit(load<u8>(at)) && at - from < most) at++
    if (at === from) return 0
  }
  return count === 0 ? 0 : at
}

/** `auid=`: the journal shows other text behind the name of a record too. */
function startsFields(from: usize): bool {
  let at = from
  while (isNameByte(load<u8>(at))) at++
  return at > from && load<u8>(at) === 0x3d
}

/** Whether no second record (`audit(`, `audit[`) and no control sequence of a terminal are between. */
function isOneRecord(from: usize, stop: usize): bool {
  for (let at = from; at < stop; at += 16) {
    let found = at16(at, 0x28) | at16(at, 0x5b) | at16(at, 0x1b)
    while (found !== 0) {
      const place = at + ctz(found)
      if (place >= stop) return true
      if (load<u8>(place) === 0x1b) return false
      if (load<u8>(place - 1) === 0x74 && load<u32>(place - 5) === 0x69647561 /* `audi` */) return false
      found &= found - 1
    }
  }
  return true
}

/** The last ` arch=` between; 0 for none. */
function lastBlock(from: usize, stop: usize): usize {
  let at = stop - 5
  while (at > from) {
    at -= 16
    let found = signed16(at, 5)
    while (found !== 0) {
      const last = 31 - clz(found)
      const place = at + last
      if (place <= from) return 0
      if (load<u32>(place + 1) === 0x68637261 /* `arch` */) return place
      found ^= 1 << last
    }
  }
  return 0
}

/** Which of sixteen bytes are blanks with `=` so many bytes behind them. */
function signed16(at: usize, distance: usize): i32 {
  const signs = i8x16.eq(v128.load(at + distance), i8x16.splat(0x3d))
  return i8x16.bitmask(v128.and(i8x16.eq(v128.load(at), i8x16.splat(0x20)), signs))
}

/** ` sig=0 arch=c000003e syscall=59 compat=0 ip=0x7ff395972ad7 code=0x7ffc0000`, or in words */
function callOf(from: usize, stop: usize): i32 {
  const block = lastBlock(from, stop)
  if (block === 0 || !hasNoSignal(from, block)) return unsure
  startKey()
  let at = takeWord(block + 6)
  if (load<u64>(at) !== 0x6c6c616373797320 /* ` syscall` */ || load<u8>(at + 8) !== 0x3d) return unsure
  at = takeWord(at + 9)
  if (load<u64>(at) !== 0x3d7461706d6f6320 /* ` compat=` */) return unsure
  at += 8
  if ((load<u8>(at) & 0xfe) !== 0x30) return unsure
  if (load<u32>(at + 1) !== 0x3d706920 /* ` ip=` */ || load<u16>(at + 5) !== 0x7830 /* `0x` */) return unsure
  const ip = at + 7
  at = ip
  while (isDigit(load<u8>(at)) || isHexLetter(load<u8>(at))) at++
  if (at === ip || load<u32>(at) !== 0x646f6320 || load<u16>(at + 4) !== 0x3d65 /* ` code=` */) return unsure
  at = takeWord(at + 6)
  const byte = load<u8>(at)
  return at === stop || byte === 0x20 || byte === 0x1d ? kindOfKey() : unsure
}

/** Whether the only ` sig=` between is the last field, with no signal: the careful reader remembers ended processes. */
function hasNoSignal(from: usize, block: usize): bool {
  let sign = block - 6
  if (load<u8>(block - 1) !== 0x30) return false
  if (load<u32>(block - 4) === 0x30474953 /* `SIG0` */) sign = block - 9
  if (load<u32>(sign) !== 0x67697320 || load<u8>(sign + 4) !== 0x3d /* ` sig=` */) return false
  for (let at = from; at < sign; at += 16) {
    let found = signed16(at, 4)
    while (found !== 0) {
      const place = at + ctz(found)
      if (place >= sign) break
      if (load<u32>(place) === 0x67697320) return false
      found &= found - 1
    }
  }
  return true
}

/** Where the next word of the key goes, and a hash of its words. */
let keyEnd: usize = 0
let hash: u64 = 0

function startKey(): void {
  for (let at: usize = 0; at < keySize; at += 16) v128.store(key + at, i8x16.splat(0))
  keyEnd = key
  hash = 0
}

/** Sixteen bytes of ones, then zeros: read in the middle, they keep the first bytes of a word. */
const kept = memory.data<u64>([-1, -1, 0, 0], 16)
const factor: u64 = 0x9e3779b97f4a7c15

/** Takes a word of a name, a number or a machine into the key. Returns where it ends. */
function takeWord(from: usize): usize {
  let at = from
  while (keyEnd + 17 <= key + keySize) {
    const text = v128.load(at)
    const length: usize = ctz(~wordBytes(text))
    const word = v128.and(text, v128.load(kept + 16 - length))
    v128.store(keyEnd, word)
    hash = (hash ^ i64x2.extract_lane(word, 0)) * factor
    hash = (hash ^ (hash >>> 29) ^ i64x2.extract_lane(word, 1)) * factor
    keyEnd += length
    at += length
    if (length === 16) continue
    store<u8>(keyEnd++, 0x20)
    return at
  }
  // The key has no room.
  keyEnd = key + keySize
  return at
}

/** Which of sixteen bytes are those of a word. */
function wordBytes(text: v128): i32 {
  const isLetter = i8x16.lt_u(i8x16.sub(text, i8x16.splat(0x61)), i8x16.splat(26))
  const isNumber = i8x16.lt_u(i8x16.sub(text, i8x16.splat(0x30)), i8x16.splat(10))
  const isSign = v128.or(i8x16.eq(text, i8x16.splat(0x5f)), i8x16.eq(text, i8x16.splat(0x2d)))
  return i8x16.bitmask(v128.or(v128.or(isLetter, isNumber), isSign))
}

function isNameByte(byte: u8): bool {
  return isDigit(byte) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f
}

/** The number of the key, which is new if no line had the same words. */
function kindOfKey(): i32 {
  if (keyEnd === key + keySize) return unsure
  for (let place = <i32>((hash >>> 40) % keyRoom); ; place = (place + 1) % keyRoom) {
    const other = keys + place * keySize
    if (isKey(other)) return base + 1 + place
    if (load<u8>(other) !== 0) continue
    if (keyCount >= keyLimit) return unsure
    keyCount++
    memory.copy(other, key, keySize)
    return base + 1 + place
  }
}

function isKey(other: usize): bool {
  for (let at: usize = 0; at < keySize; at += 16)
    if (!i8x16.all_true(i8x16.eq(v128.load(other + at), v128.load(key + at)))) return false
  return true
}

/** The lines of `ausearch --format text` and `--format csv` that name a call. */
function reportKind(line: usize, stop: usize): i32 {
  const isText = load<u16>(line) === 0x7441 && load<u8>(line + 2) === 0x20 /* `At ` */
  const name = isText ? nameInText(line + 3, stop) : nameInCsv(line)
  if (name === 0 || !isPrintable(line, stop)) return unsure
  startKey()
  const at = takeWord(name)
  if (at === name) return unsure
  const isEnd = isText ? at === stop || load<u64>(at) << 8 === 0x20676e6973752000 : load<u8>(at) === 0x2c
  return isEnd ? kindOfKey() : unsure
}

/** `00:51:13 11/24/26 system, acting as root, unsuccessfully called-seccomp-controlled-syscall read`; 0 if not so. */
function nameInText(time: usize, stop: usize): usize {
  for (let at = time; at < time + 8; at++)
    if (at === time + 2 || at === time + 5 ? load<u8>(at) !== 0x3a : !isDigit(load<u8>(at))) return 0
  if (load<u8>(time + 8) !== 0x20) return 0
  const day = time + 9
  let at = day
  while (load<u8>(at) !== 0x20 && at < stop) at++
  if (at === day || at === stop) return 0
  const who = at + 1
  const called = callAfter(who, stop)
  if (called === 0 || called === who || called - who > whoLimit || load<u8>(called + calledLength) !== 0x20)
    return 0
  return callAfter(called + 1, stop) === 0 ? called + calledLength + 1 : 0
}

/** The most characters between the day and the call. */
const whoLimit: usize = 300

/** `,SECCOMP,11/24/2026,00:51:13,2458,…,called-seccomp-controlled-syscall,success,read`; 0 if not so. */
function nameInCsv(line: usize): usize {
  let at = line
  while (isNameByte(load<u8>(at) | 0x20) || load<u8>(at) === 0x2d || load<u8>(at) === 0x2e) at++
  if (load<u64>(at) !== 0x504d4f434345532c || load<u8>(at + 8) !== 0x2c) return 0
  const serial = afterFields(at + 9, 2)
  at = serial
  while (isDigit(load<u8>(at))) at++
  if (at === serial || load<u8>(at) !== 0x2c) return 0
  at = afterFields(at + 1, 5)
  if (!isCalled(at) || load<u8>(at + calledLength) !== 0x2c) return 0
  at += calledLength + 1
  while (isNameByte(load<u8>(at))) at++
  return load<u8>(at) === 0x2c ? at + 1 : 0
}

/** Behind so many fields, or at the end of the line. */
function afterFields(from: usize, count: i32): usize {
  let at = from
  for (let field = 0; field < count && load<u8>(at) !== 0x0a; field++) {
    while (load<u8>(at) !== 0x2c && load<u8>(at) !== 0x0a) at++
    if (load<u8>(at) === 0x2c) at++
  }
  return at
}

/** Where the first `called-seccomp-controlled-syscall` is; 0 for none. */
function callAfter(from: usize, stop: usize): usize {
  for (let at = from; at < stop; at += 16) {
    const signs = i8x16.eq(v128.load(at, 6), i8x16.splat(0x2d))
    let found = i8x16.bitmask(v128.and(i8x16.eq(v128.load(at), i8x16.splat(0x63)), signs))
    while (found !== 0) {
      const place = at + ctz(found)
      if (place < stop && isCalled(place)) return place
      found &= found - 1
    }
  }
  return 0
}

const calledLength: usize = 33

function isCalled(at: usize): bool {
  return (
    load<u64>(at) === 0x732d64656c6c6163 &&
    load<u64>(at + 8) === 0x632d706d6f636365 &&
    load<u64>(at + 16) === 0x656c6c6f72746e6f &&
    load<u64>(at + 24) === 0x6c61637379732d64 &&
    load<u8>(at + 32) === 0x6c
  )
}

/** Whether there are neither control characters nor any beyond ASCII. */
function isPrintable(line: usize, stop: usize): bool {
  for (let at = line; at < stop; at += 16) {
    const found = i8x16.bitmask(i8x16.lt_s(v128.load(at), i8x16.splat(0x20)))
    if (found !== 0 && at + ctz(found) < stop) return false
  }
  return true
}
