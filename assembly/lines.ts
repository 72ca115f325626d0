// The commonest lines of strace, told apart from their bytes, sixteen at a time where it pays: a call with its result,
// its two halves, an exit, a signal, behind the prefixes of -f, -t and their kin. In AssemblyScript, because V8 runs it
// at full speed from the first line on. Says nothing that parse-line.ts and completion.ts would not say of the same line.
// Counts the calls of threads that the host has named; stops at the first line that is more than that, or slow:
// what it means for those around it, src/read/strace/scan.ts decides.
// Compiled by scripts/make-compiled.ts, which writes ./layout from src/read/strace/layout.ts.
import { at16, isDigit, isHexLetter, isUpper, lineEnd, run16, within16 } from './bytes'
import {
  afterAside,
  afterAttached,
  afterCut,
  afterLabel,
  afterNumber,
  afterPointer,
  afterRelative,
  afterRest,
  alwaysSlow,
  attachedLine,
  callLine,
  cutLine,
  cutReach,
  endOfInput,
  exitLine,
  foundAt,
  foundBracketed,
  foundCall,
  foundCalls,
  foundCut,
  foundLast,
  foundLines,
  foundNext,
  foundNumber,
  foundOpen,
  foundPid,
  foundSize,
  foundSucceeded,
  foundValue,
  inputSize,
  lineLimit,
  nameRoom,
  nameSize,
  needsText,
  noCall,
  noNumber,
  noThread,
  noValue,
  numberField,
  openedRoom,
  otherNumber,
  pidField,
  pointerField,
  relativeField,
  restLine,
  resultReach,
  resumedLine,
  rowRoom,
  signalLine,
  slotBits,
  slow,
  threadRoom,
  timeField,
  unfinishedLine,
  unnamed,
  unopened,
  unread,
  withText,
} from './layout'

/** The names of calls, each with its parenthesis and zeros behind it; by hash, the index of one, or -1. */
const slotCount = 1 << slotBits
export const names = memory.data(nameRoom * nameSize, 16)
export const slots = memory.data(slotCount * 2, 16)
/** By index of the name: whether lines of the call are slow, or need their text. */
export const careful = memory.data(nameRoom)

/** By index of the name: the number that -n prints of it where the host counts it with the others of its thread. */
export const numbers = memory.data(nameRoom * 4, 16)

/** Whole lines, by the host. What is loaded in words reaches beyond them. */
export { inputSize }
export const input = memory.data(inputSize + 64, 16)

/** Calls counted here, in rows by the index of the name: one more than were made, 0 for those the host counts, unopened. */
export const rows = memory.data(rowRoom * nameRoom * 4, 16)
/** By cell of a row, of a call that was counted here first: the number of its line. */
export const firsts = memory.data(rowRoom * nameRoom * 8, 16)
/** By row: how many such calls there are, then which. */
export const opened = memory.data(rowRoom * openedRoom * 4, 16)
/** By the low bits of a pid: a thread of which calls are counted here, where its row is, and the call it is inside. */
export const threads = memory.data(threadRoom * 4, 16)
export const places = memory.data(threadRoom * 4, 16)
export const pendings = memory.data(threadRoom * 4, 16)

/** What read() found, for the host. */
export const found = memory.data(foundSize, 16)

/** Of the line read last: the next one, whose it is, its call, the place behind its parenthesis, the result. */
let next: usize = 0
let pid = unnamed
let call = 0
let open: usize = 0
let value = noValue
let number = noNumber
/** Whether a line shows that strace writes to standard error: `[pid N]`, or a message with its name. */
let bracketed = false
/** Whether a call came back with anything but -1. */
let succeeded = false
/** The thread of the call that a message has cut, if it is counted here, until the rest of the call. */
let cut = noThread
/** Where the lines end. */
let limit: usize = 0

/** Of a line that is slow, or that the host must read as a whole. */
const unsure: u8 = 255

let fields = 0
let inBrackets = false

/**
 * Takes lines of [line, end), of which the calls must have these prefix fields, and counts them. Returns the kind of
 * the first that the host must take, or that it is slow, or that there is none. `before`: how many lines there were.
 * `waits`: a call of the host's waits for its rest.
 */
export function read(line: usize, end: usize, expected: i32, before: f64, waits: bool): u8 {
  let slot: usize = 0
  let row: usize = 0
  let kind = endOfInput
  let lines = 0
  let calls = 0
  let last = noThread
  bracketed = false
  succeeded = false
  cut = noThread
  limit = end
  while (line < end) {
    if (waits || cut !== noThread) {
      kind = kindInside(line)
      if (kind === restLine && !waits) {
        if (rested === callLine) {
          store<i32>(pendings + ((cut & (threadRoom - 1)) << 2), noCall)
          succeeded = succeeded || !isMinusOne
        }
        cut = noThread
      } else if (kind !== signalLine) break
      line = next
      lines++
      kind = endOfInput
      continue
    }
    kind = kindOf(line, expected)
    if (kind <= cutLine) {
      if (pid !== last) {
        slot = (pid & (threadRoom - 1)) << 2
        if (load<i32>(threads + slot) !== pid) break
        row = load<u32>(places + slot)
      }
      if (kind === resumedLine) {
        if (load<i32>(pendings + slot) !== call) break
        store<i32>(pendings + slot, noCall)
      } else {
        const cell = row + (call << 2)
        const count = load<u32>(cell)
        if (<i32>count > 0) store<u32>(cell, count + 1)
        else if (count !== unopened || !opens(row, cell, before + lines + 1)) break
        if (kind !== callLine) store<i32>(pendings + slot, call)
        if (kind === cutLine) cut = pid
        calls++
      }
      last = pid
    } else if (kind !== signalLine) break
    line = next
    lines++
    kind = endOfInput
  }
  store<i32>(found + foundLines, lines)
  store<i32>(found + foundCalls, calls)
  store<i32>(found + foundLast, last)
  store<i32>(found + foundBracketed, bracketed)
  store<i32>(found + foundSucceeded, succeeded)
  store<i32>(found + foundCut, cut)
  store<u32>(found + foundAt, line)
  store<u32>(found + foundNext, next)
  store<i32>(found + foundPid, pid)
  store<i32>(found + foundCall, call)
  store<u32>(found + foundOpen, open)
  store<i32>(found + foundValue, value)
  store<i32>(found + foundNumber, number)
  return kind
}

/** Counts the first of the calls in a cell, unless the row has too many of them. */
function opens(row: usize, cell: usize, line: f64): bool {
  const list = opened + ((row - rows) / nameRoom) * openedRoom
  const length = load<u32>(list) + 1
  if (length === openedRoom) return false
  store<u32>(list, length)
  store<i32>(list + (length << 2), call)
  store<f64>(firsts + ((cell - rows) << 1), line)
  store<u32>(cell, 2)
  return true
}

/** A line of strace's own without a prefix: signalLine for one that tells nothing, attachedLine, or slow. */
function kindOfMessage(line: usize): u8 {
  let kind = signalLine
  const isSaid = load<u64>(line) === ownName
  if (isSaid && afterAside(line) === 0) {
    const end = afterAttached(line)
    if (end === 0 || load<u8>(end) !== 0x0a) return slow
    kind = attachedLine
    readPid(line + 16 /* `strace: Process ` */)
  } else if (!isSaid && !isAside(line)) return slow
  const stop = lineEnd(line)
  if (stop - line > lineLimit) return slow
  next = stop + 1
  if (isSaid) bracketed = true
  return kind
}

/** How the rest of a cut call ends that was found last. */
let rested: u8 = 0

/** What a line is while a call waits for its rest: the rest, a message, or slow. */
function kindInside(line: usize): u8 {
  const kind = kindOfMessage(line)
  if (kind !== slow) return kind
  const stop = lineEnd(line)
  if (stop - line > lineLimit) return slow
  const isMark = stop - line === 17 && isUnfinished(line, stop)
  if (!isMark && (afterRest(line) === 0 || hasControls(line, stop))) return slow
  rested = endingOf(line, stop)
  if (rested === unsure) return slow
  next = stop + 1
  open = line
  return restLine
}

function hasColours(line: usize, stop: usize): bool {
  for (let at = line; at < stop; at += 16) {
    const found = at16(at, 0x1b)
    if (found !== 0) return at + <usize>ctz(found) < stop
  }
  return false
}

function hasControls(line: usize, stop: usize): bool {
  for (let at = line; at < stop; at++) if (load<u8>(at) < 0x20) return true
  return false
}

/** What a line is, where it is not slow. */
function kindOf(line: usize, expected: i32): u8 {
  const kindOfOwn = kindOfMessage(line)
  if (kindOfOwn !== slow) return kindOfOwn
  let at = readPrefix(line)
  if (at === 0) return slow
  let kind = callLine
  const byte = load<u8>(at)
  if (byte < 0x5f) {
    // Whatever it is: without the pid that the others have, it is not strace's.
    if ((expected & ~fields & pidField) !== 0) return slow
    kind = byte === 0x2d ? signalLine : byte === 0x2b ? exitLine : resumedLine
    if (kind === signalLine ? !isSignal(at) : kind === exitLine ? !isExit(at) : !isRest(at)) return slow
    if (kind === resumedLine) at += restLength
  } else if (fields !== expected) return slow
  const isOfCall = kind === callLine || kind === resumedLine
  if (isOfCall) {
    const length = lengthOfName(at, kind === callLine ? 0x28 : 0x20)
    if (length === 0) return slow
    call = find(at, length)
    if (call < 0) return slow
    at += length + 1
    if (kind === resumedLine) {
      if (!isResumed(at - 1)) return slow
      at += resumedLength - 1
    }
  }
  const stop = passed(at)
  if (stop - line > lineLimit) return slow
  next = stop + 1
  if (kind === signalLine ? ends !== 0 || !isWholeSignal(at, stop) : ends > 1) return slow
  if (isOfCall) {
    let ending = endingOf(at, stop)
    const care = load<u8>(careful + call)
    if ((fields & numberField) !== 0 && number !== load<i32>(numbers + (call << 2))) return slow
    if (care === alwaysSlow) return slow
    if (ending === callLine) succeeded = succeeded || !isMinusOne
    else if (ending === unsure && kind === callLine && isCut(line, at, stop)) ending = cutLine
    // A line of another kind may stand behind the call.
    if (ending === unsure && (endsWith(stop, 0x2b) || endsWith(stop, 0x2d) || isAttached(stop))) return slow
    if (ending !== unsure && ending !== callLine) {
      if (kind === resumedLine) return slow
      kind = ending
    }
    if (care === needsText || ending === unsure) {
      // A coloured line: the host removes the colours first.
      if (hasColours(at, stop)) return slow
      if (ending !== cutLine)
        value = ending === callLine ? valueOf(resultEnd) : ending === unfinishedLine ? noValue : unread
      open = at
      kind |= withText
    }
  }
  if (inBrackets) bracketed = true
  return kind
}

const ownName: u64 = 0x203a656361727473 /* `strace: ` */

/** ` > `, a frame of -k; ` | 00000  30 31`, a dump of -e read and write: neither tells a call, as a signal does not. */
function isAside(line: usize): bool {
  const word = load<u32>(line)
  if ((word & 0xffffff) === 0x203e20 /* ` > ` */) return true
  if ((word & 0xffffff) !== 0x207c20 /* ` | ` */) return false
  const byte = <u8>(word >> 24)
  return byte === 0x20 || isDigit(byte) || isHexLetter(byte)
}

/** The field of the pid that was read last, of up to eight bytes, and the pid: most lines are of the thread before. */
let knownField: u64 = 1
let knownMask: u64 = 0
let knownLength: usize = 0
let knownPid = unnamed

/** Reads the prefix of a line; returns the place behind it, 0 for one that is not told here. */
function readPrefix(line: usize): usize {
  let at = line
  pid = unnamed
  fields = 0
  inBrackets = load<u8>(at) === 0x5b
  number = noNumber
  if (inBrackets && load<u32>(at + 1) !== 0x20646970 /* `pid ` */) inBrackets = false
  else if ((load<u64>(at) & knownMask) === knownField) {
    fields = pidField
    pid = knownPid
    at += knownLength
  } else if (inBrackets) {
    at = readPid(afterSpaces(at + 5))
    if (at === 0 || load<u16>(at) !== 0x205d /* `] ` */) return 0
    at += 2
  } else {
    const after = readPid(at)
    if (after !== 0 && load<u8>(after) === 0x20) {
      fields = pidField
      at = afterSpaces(after)
      const length = at - line
      if (length <= 8) {
        knownMask = u64.MAX_VALUE >> (64 - 8 * length)
        knownField = load<u64>(line) & knownMask
        knownLength = length
        knownPid = pid
      }
    } else pid = unnamed
  }
  const first = load<u8>(at)
  if (first < 0x3c || first === 0x5b) at = readFields(at)
  const byte = load<u8>(at)
  // Only a field starts below "<", but for the plus and minus of an exit and a signal.
  return (byte >= 0x3c && byte !== 0x5b) || byte === 0x2b || byte === 0x2d ? at : 0
}

/** The optional fields, by the patterns of their rows; in printleader's order, each may be missing. */
function readFields(start: usize): usize {
  let at = start
  let end: usize = 0
  // A label begins with a letter or "_".
  if (load<u8>(at) === 0x5b && load<u8>(at + 1) > 0x40 && (end = afterLabel(at)) !== 0) at = end
  if (isDigit(load<u8>(at)) && (end = afterTime(at)) !== 0) {
    fields |= timeField
    at = end
  }
  if (load<u8>(at) < 0x3a && (end = afterRelative(at)) !== 0) {
    fields |= relativeField
    at = end
  }
  if (load<u8>(at) === 0x5b && (end = afterNumber(at)) !== 0) {
    fields |= numberField
    number = numberIn(at + 1)
    at = end
  }
  if (load<u8>(at) === 0x5b && (end = afterAddress(at)) !== 0) {
    fields |= pointerField
    at = end
  }
  return at
}

/** `[00007fccf002cc47] ` at once, and the other forms of a pointer by their row. */
function afterAddress(at: usize): usize {
  const word = v128.load(at + 1)
  const isUsual = (within16(word, 0x30, 0x39) | within16(word, 0x61, 0x66)) === 0xffff
  return isUsual && load<u16>(at + 17) === 0x205d ? at + 19 : afterPointer(at)
}

/** `  12]`; noNumber for `???]`, otherNumber for one of more digits than any call's. */
function numberIn(start: usize): i32 {
  const first = afterSpaces(start)
  if (!isDigit(load<u8>(first))) return noNumber
  let at = first
  let value = 0
  for (; isDigit(load<u8>(at)); at++) value = value * 10 + load<u8>(at) - 0x30
  return at - first > 8 ? otherNumber : value
}

/** Digits, and the comm of -Y behind them. Returns the place behind; 0 for none, and for more than a pid's (2^22). */
function readPid(start: usize): usize {
  let at = start
  let value = 0
  for (; isDigit(load<u8>(at)); at++) value = value * 10 + load<u8>(at) - 0x30
  if (at === start || at - start > 7) return 0
  pid = value
  if (load<u8>(at) !== 0x3c) return at
  // strace escapes both angle brackets in a comm.
  while (load<u8>(at) !== 0x3e && load<u8>(at) >= 0x20) at++
  return load<u8>(at) === 0x3e ? at + 1 : 0
}

function afterSpaces(at: usize): usize {
  while (load<u8>(at) === 0x20) at++
  return at
}

/** `23:52:03 `, `23:52:03.949497 ` or `1795477923.985055 `; 0 for anything else. */
function afterTime(start: usize): usize {
  const word = v128.load(start)
  const digits = within16(word, 0x30, 0x39)
  const clock = i8x16(0, 0, 0x3a, 0, 0, 0x3a, 0, 0, 0x2e, 0, 0, 0, 0, 0, 0, 0x20)
  // 00:00:00.000000_
  if (digits === 0x7edb && (i8x16.bitmask(i8x16.eq(word, clock)) & 0x8124) === 0x8124) return start + 16
  let at = afterDigits(start)
  if (load<u8>(at) === 0x3a) {
    if (at - start !== 2 || (digits & 0xdb) !== 0xdb || load<u8>(at + 3) !== 0x3a) return 0
    at += 6
  } else if (at - start < 8) return 0
  if (load<u8>(at) === 0x2e) {
    const fraction = at + 1
    at = afterDigits(fraction)
    if (at === fraction) return 0
  }
  return load<u8>(at) === 0x20 ? at + 1 : 0
}

function afterDigits(at: usize): usize {
  while (isDigit(load<u8>(at))) at++
  return at
}

/** `--- SIGCHLD …`, read far enough to tell that it is not SIGSYS, which tells of a call. */
function isSignal(at: usize): bool {
  if (load<u32>(at) !== 0x202d2d2d /* `--- ` */ || (load<u32>(at + 4) & 0xffffff) !== 0x474953 /* `SIG` */)
    return false
  const first = load<u8>(at + 7)
  const second = load<u8>(at + 8)
  return isUpper(first) && isUpper(second) && (first !== 0x53 || second !== 0x59)
}

/** `+++ exited with 0 +++`, and nothing behind it. */
function isExit(at: usize): bool {
  if (load<u64>(at) !== 0x74697865202b2b2b || load<u64>(at + 8) !== 0x2068746977206465) return false
  const end = afterDigits(at + 16)
  return load<u32>(end) === 0x2b2b2b20 && load<u8>(end + 4) === 0x0a
}

/** How often the line that passed() passed last may end: with a result, or with `<unfinished`. */
let ends = 0

/**
 * Where the line ends; counts how often it may end between. Strings, comments and paths may hold the same, so the
 * careful reader reads a line that has two ends.
 */
function passed(from: usize): usize {
  ends = 0
  for (let at = from; ; at += 32) {
    const near = endsIn16(at)
    const far = endsIn16(at + 16)
    if (!v128.any_true(v128.or(near, far))) continue
    let found = i8x16.bitmask(near) | (i8x16.bitmask(far) << 16)
    while (found !== 0) {
      const place = at + <usize>ctz(found)
      const byte = load<u8>(place)
      if (byte === 0x0a) return place
      if (byte === 0x3c || isOfResult(from, place)) ends++
      found &= found - 1
    }
  }
  return from
}

/** Which of sixteen bytes are the end of the line, `= `, or the start of `<u`. */
function endsIn16(at: usize): v128 {
  const word = v128.load(at)
  const after = v128.load(at, 1)
  const sign = v128.and(i8x16.eq(word, i8x16.splat(0x3d)), i8x16.eq(after, i8x16.splat(0x20)))
  const mark = v128.and(i8x16.eq(word, i8x16.splat(0x3c)), i8x16.eq(after, i8x16.splat(0x75)))
  return v128.or(i8x16.eq(word, i8x16.splat(0x0a)), v128.or(sign, mark))
}

/** Whether spaces and a parenthesis stand before this sign of equality: strace pads to a column. */
function isOfResult(from: usize, sign: usize): bool {
  let at = sign - 1
  if (at < from || load<u8>(at) !== 0x20) return false
  let spaces = 16
  for (; spaces === 16 && at >= from; at -= spaces) spaces = run16(at16(at - 15, 0x20))
  return at >= from && load<u8>(at) === 0x29
}

/** `+++` or `---` */
function endsWith(stop: usize, byte: u8): bool {
  return load<u8>(stop - 1) === byte && load<u8>(stop - 2) === byte && load<u8>(stop - 3) === byte
}

/** Whether a signal ends at `stop`, and not before. */
function isWholeSignal(start: usize, stop: usize): bool {
  let at = start + 4
  while (load<u32>(at) !== 0x2d2d2d20 /* ` ---` */ && at < stop) at++
  return at + 4 === stop
}

/** `attached` */
function isAttached(stop: usize): bool {
  return load<u64>(stop - 8) === 0x6465686361747461
}

const restLength = 5

/** `<... ` */
function isRest(at: usize): bool {
  return load<u32>(at) === 0x2e2e2e3c && load<u8>(at + 4) === 0x20
}

const resumedLength = 9

/** ` resumed>` */
function isResumed(at: usize): bool {
  return load<u64>(at) === 0x64656d7573657220 && load<u8>(at + 8) === 0x3e
}

/** How long the name is that this byte ends; 0 where it is longer than any. */
function lengthOfName(at: usize, terminator: u8): i32 {
  const found = at16(at, terminator) | (at16(at + 16, terminator) << 16)
  return found === 0 ? 0 : ctz(found)
}

/** The index of a name in the tables, -1 for none. */
function find(at: usize, length: i32): i32 {
  const first = firstHalf(at, length)
  // A name that ends in its first half has nothing in its second.
  const isLong = length > 15
  const second = isLong ? secondHalf(at, length) : i64x2.splat(0)
  let slot = isLong ? hash(first, second) : hashOfHalf(first)
  while (true) {
    const index: i32 = load<i16>(slots + (slot << 1))
    if (index < 0) return -1
    const known = names + index * nameSize
    if (i8x16.all_true(i8x16.eq(v128.load(known), first))) {
      if (!isLong || i8x16.all_true(i8x16.eq(v128.load(known, 16), second))) return index
    }
    slot = (slot + 1) & (slotCount - 1)
  }
  return -1
}

/** Where to look for the name at this place; for those who fill the table. */
export function slotOf(at: usize, length: i32): i32 {
  const first = firstHalf(at, length)
  return length > 15 ? hash(first, secondHalf(at, length)) : hashOfHalf(first)
}

/** A name as the table has it, whatever stands behind it. */
function firstHalf(at: usize, length: i32): v128 {
  return closed(v128.load(at), length)
}

function secondHalf(at: usize, length: i32): v128 {
  return closed(v128.load(at, 16), length - 16)
}

/** The first bytes of a word, then a parenthesis, then zeros; all of it, or nothing, where `length` lies outside. */
function closed(word: v128, length: i32): v128 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  const end = i8x16.splat(<i8>length)
  const parenthesis = v128.and(i8x16.eq(places, end), i8x16.splat(0x28))
  return v128.or(v128.and(word, i8x16.lt_s(places, end)), parenthesis)
}

function hashOfHalf(half: v128): i32 {
  return slotAt(
    i64x2.extract_lane(half, 0) * 0x9e3779b97f4a7c15 + i64x2.extract_lane(half, 1) * 0x85ebca6b27d4eb2f,
  )
}

function hash(first: v128, second: v128): i32 {
  return slotAt(
    i64x2.extract_lane(first, 0) * 0x9e3779b97f4a7c15 +
      i64x2.extract_lane(first, 1) * 0x85ebca6b27d4eb2f +
      i64x2.extract_lane(second, 0) * 0xc2b2ae3d27d4eb4f +
      i64x2.extract_lane(second, 1) * 0x165667b19e3779f9,
  )
}

function slotAt(sum: u64): i32 {
  return <i32>(sum >> (64 - slotBits))
}

/** What the pattern `whole` of lines.ts says of the commonest ends: callLine where it came back, and with none of failures.ts. */
function endingOf(open: usize, stop: usize): u8 {
  const from = stop - open > resultReach ? stop - resultReach : open
  let at = stop - 1
  let byte = load<u8>(at)
  if (byte === 0x3e) {
    if (load<u8>(at - 1) === 0x2e) return isUnfinished(open, stop) ? unfinishedLine : unsure
    // ` <0.000012>` of -T
    const time = at - 1 - run16(within16(v128.load(at - 16), 0x30, 0x39) | at16(at - 16, 0x2e))
    if (load<u16>(time - 1) === 0x3c20 && time < at - 1) byte = load<u8>((at = time - 2))
    if (byte === 0x3e) return isDecorated(from, at) ? callLine : unsure
  }
  if (byte === 0x29 && load<u64>(at - 7) === 0x29444559414c4544 && load<u16>(at - 9) === 0x2820) {
    // ` (DELAYED)`
    at -= 10
    byte = load<u8>(at)
  }
  if (byte === 0x29) {
    at = beforeText(from, at)
    if (at === 0) return unsure
  }
  return isResult(from, at) ? callLine : unsure
}

/** ` <unfinished ...>` */
function isUnfinished(open: usize, stop: usize): bool {
  const at = stop - 17
  return at >= open && load<u64>(at) === 0x696e69666e753c20 && load<u64>(at + 8) === 0x2e2e2e2064656873
}

/**
 * Whether a message of strace cuts the call, of which the line is on standard error and not the last one here. Nothing
 * before the message closes the call or is unusual: see splitArguments() in arguments.ts.
 */
function isCut(line: usize, open: usize, stop: usize): bool {
  if ((fields & pidField) !== 0 || stop + 1 >= limit) return false
  let depth = 0
  for (let at = open; at < stop; at++) {
    const byte = load<u8>(at)
    if (byte === 0x73 && load<u64>(at) === ownName) {
      // The place of the message, for the host.
      value = <i32>(at - open)
      return depth >= 0 && stop - at <= cutReach && afterCut(at) === stop && isSilent(line, open)
    }
    if (byte === 0x28 || byte === 0x5b || byte === 0x7b) depth++
    else if (byte === 0x5d || byte === 0x7d) depth--
    else if (byte === 0x29) {
      if (depth-- <= 0) return false
    } else if (byte === 0x22) {
      at = afterString(at, stop)
      if (at === stop) return false
    } else if (byte < 0x20 || byte === 0x3c || byte === 0x27 || byte === 0x2f) return false
  }
  return false
}

/** Where the string ends that begins here: at its quote, or `stop`. */
function afterString(quote: usize, stop: usize): usize {
  for (let at = quote + 1; at < stop; at++) {
    const byte = load<u8>(at)
    if (byte === 0x22) return at
    if (byte === 0x5c) at++
    else if (byte < 0x20) return stop
  }
  return stop
}

/** Whether no message of strace can begin in a prefix: a comm or a label may hold any text. */
function isSilent(line: usize, open: usize): bool {
  for (let at = line; at < open; at++)
    if (load<u16>(at) === 0x203a /* `: ` */ || load<u64>(at) === 0x20737365636f7250 /* `Process ` */)
      return false
  return true
}

/** From the parenthesis of ` ENOENT (No such file or directory)` or ` (Timeout)` to the last byte before; 0 for a failure that counts. */
function beforeText(from: usize, close: usize): usize {
  let end = close
  let opens = 0
  do {
    end -= 16
    if (end + 16 <= from) return 0
    opens = at16(end, 0x28)
    const word = v128.load(end)
    const beyond = i8x16.bitmask(i8x16.lt_u(word, i8x16.splat(0x20))) | at16(end, 0x29)
    // A parenthesis or a control character in the text.
    if (beyond > opens) return 0
  } while (opens === 0)
  const open = end + 31 - clz(opens)
  if (open <= from || load<u8>(open - 1) !== 0x20) return 0
  const at = open - 2
  const word = v128.load(at - 15)
  const length = run16(within16(word, 0x41, 0x5a) | within16(word, 0x30, 0x39))
  if (!isUpper(load<u8>(at))) {
    const first = load<u8>(open + 1)
    return first === 0x65 /* (errno 38) */ || first === 0x49 /* (INJECTED) */ ? 0 : at
  }
  const before = at - length
  const name = load<u32>(before + 2)
  const isFailure = name << 8 === 0x534f4e00 /* `ENOS…` */ || name === 0x4d524550 /* `EPERM` */
  if (isFailure || name === 0x45434341 /* `EACCE…` */) return 0
  return length < 16 && load<u16>(before) === 0x4520 /* ` E` */ ? before - 1 : 0
}

/** Where the result ends that was found last; whether it is -1. */
let resultEnd: usize = 0
let isMinusOne = false

/** Whether `) = VALUE` ends at `last`. */
function isResult(from: usize, last: usize): bool {
  resultEnd = last
  const word = v128.load(last - 15)
  const digits = within16(word, 0x30, 0x39)
  let length = run16(digits)
  const byte = load<u8>(last - length)
  isMinusOne = load<u16>(last - 1) === 0x312d
  if (byte === 0x3f) {
    if (length++ > 0) return false
  } else if (byte === 0x2d) {
    if (length++ === 0) return false
  } else if (byte !== 0x20) {
    length = run16(digits | within16(word, 0x61, 0x66))
    if (length === 16)
      for (let at = last - 16; isDigit(load<u8>(at)) || isHexLetter(load<u8>(at)); at--) length++
    if (length === 0 || load<u16>(last - length - 1) !== 0x7830 /* `0x` */) return false
    length += 2
  } else if (length === 0) return false
  let at = last - length
  if (load<u32>(at - 3) >> 8 !== 0x203d20 /* ` = ` */) return false
  return isOfResult(from, at - 1)
}

/** The decimal number of up to seven digits, as a pid has, that ends at `last`; noValue for `?` and what is below 0. */
function valueOf(last: usize): i32 {
  let value = 0
  let unit = 1
  let at = last
  for (; isDigit(load<u8>(at)); at--) {
    if (last - at === 7) return unread
    value += unit * (load<u8>(at) - 0x30)
    unit *= 10
  }
  const before = load<u8>(at)
  return before === 0x20 ? value : before === 0x2d || before === 0x3f ? noValue : unread
}

/** Whether `) = N<…>` of -y ends at `last`. A path may hold anything but angle brackets and control characters. */
function isDecorated(from: usize, last: usize): bool {
  for (let at = last - 1; at > from; at--) {
    const byte = load<u8>(at)
    if (byte < 0x20) return false
    if (byte === 0x3c && isDigit(load<u8>(at - 1)) && isResult(from, at - 1)) return true
  }
  return false
}
