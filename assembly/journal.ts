// Entries of `journalctl -o json` as lines, from their bytes: what src/read/journal-entries.ts makes of the same entry.
// An entry is read only if its texts are plain, its time has sixteen digits, and no field that counts is there twice.
import { asciiOf, at16, isDigit, isHexLetter, within16 } from './bytes'

/** The fields that count: of each, where its value starts, 0 without one, and its length. */
const fields = memory.data(6 * 8, 16)
const message = fields
const transport = fields + 8
const identifier = fields + 16
const pid = fields + 24
const sourceTime = fields + 32
const time = fields + 40

function startOf(field: usize): usize {
  return load<u32>(field)
}

function lengthOf(field: usize): usize {
  return load<u32>(field + 4)
}

let out: usize = 0

/** Writes the line of the entry. Returns where it ends; 0 if the careful reader must read the entry. */
export function lineOfEntry(entry: usize, stop: usize, to: usize): usize {
  if (!findFields(entry, stop)) return 0
  out = to
  const stamp = startOf(sourceTime) === 0 ? time : sourceTime
  if (startOf(message) === 0 || startOf(time) === 0 || !writeTime(stamp) || !writeSender()) return 0
  writeByte(0x3a)
  writeByte(0x20)
  if (!writeText(startOf(message))) return 0
  writeByte(0x0a)
  return out
}

/** `{"NAME":"value","NAME":null}` */
function findFields(entry: usize, stop: usize): bool {
  for (let field = fields; field < fields + 48; field += 8) store<u32>(field, 0)
  if (load<u8>(entry) !== 0x7b) return false
  for (let at = entry + 1; ; at++) {
    if (load<u8>(at) !== 0x22) return false
    const name = at + 1
    const nameEnd = endOfString(name)
    if (nameEnd === 0 || isEscaped || load<u8>(nameEnd + 1) !== 0x3a) return false
    const field = fieldNamed(name, nameEnd - name)
    const value = nameEnd + 3
    if (load<u8>(value - 1) === 0x22) {
      const valueEnd = endOfString(value)
      if (valueEnd === 0) return false
      if (field !== 0) {
        if (startOf(field) !== 0 || (isEscaped && field !== message)) return false
        store<u32>(field, <u32>value)
        store<u32>(field + 4, <u32>(valueEnd - value))
      }
      at = valueEnd + 1
    } else if (field === 0 && load<u32>(value - 1) === 0x6c6c756e) at = value + 3
    else return false
    if (load<u8>(at) === 0x7d) return at + 1 === stop
    if (load<u8>(at) !== 0x2c) return false
  }
  return false
}

function fieldNamed(name: usize, length: usize): usize {
  const start = load<u64>(name)
  if (length === 4) return <u32>start === 0x4449505f ? pid : 0
  if (length === 7) return (start & 0x00ffffffffffffff) === 0x4547415353454d ? message : 0
  if (length === 10) return start === 0x4f50534e4152545f && load<u16>(name + 8) === 0x5452 ? transport : 0
  if (length === 17)
    return start === 0x495f474f4c535953 &&
      load<u64>(name + 8) === 0x45494649544e4544 &&
      load<u8>(name + 16) === 0x52
      ? identifier
      : 0
  if (length === 20)
    return start === 0x49544c4145525f5f &&
      load<u64>(name + 8) === 0x53454d49545f454d &&
      load<u32>(name + 16) === 0x504d4154
      ? time
      : 0
  if (length !== 26 || start !== 0x5f454352554f535f || load<u64>(name + 8) !== 0x454d49544c414552) return 0
  return load<u64>(name + 16) === 0x415453454d49545f && load<u16>(name + 24) === 0x504d ? sourceTime : 0
}

/** Whether the last string has an escape. */
let isEscaped = false

/** Where a JSON string ends; 0 if it is none. */
function endOfString(from: usize): usize {
  isEscaped = false
  let at = from
  while (true) {
    const special = at16(at, 0x22) | at16(at, 0x5c) | within16(v128.load(at), 0, 0x1f)
    if (special === 0) {
      at += 16
      continue
    }
    at += ctz(special)
    if (load<u8>(at) === 0x22) return at
    if (load<u8>(at) !== 0x5c) return 0
    isEscaped = true
    at = afterEscape(at)
    if (at === 0) return 0
  }
  return 0
}

/** Behind `\n`, `\"` and the like, or `\u003c`; 0 if it is none. */
function afterEscape(at: usize): usize {
  const byte = load<u8>(at + 1)
  if (byte !== 0x75) return isShortEscape(byte) ? at + 2 : 0
  for (let digit = at + 2; digit < at + 6; digit++)
    if (!isDigit(load<u8>(digit)) && !isHexLetter(load<u8>(digit) | 0x20)) return 0
  return at + 6
}

/** Of `"`, `\`, `/`, b, f, n, r and t. */
function isShortEscape(byte: u8): bool {
  return (
    byte === 0x22 ||
    byte === 0x5c ||
    byte === 0x2f ||
    byte === 0x62 ||
    byte === 0x66 ||
    byte === 0x6e ||
    byte === 0x72 ||
    byte === 0x74
  )
}

/** The microseconds of the epoch as `2026-11-24T00:51:01.591Z - `; false unless there are sixteen digits. */
function writeTime(stamp: usize): bool {
  // Above 2⁵³, JavaScript has no exact numbers.
  if (lengthOf(stamp) !== 16 || load<u8>(startOf(stamp)) === 0x30 || load<u8>(startOf(stamp)) === 0x39)
    return false
  let milliseconds: u64 = 0
  for (let at = startOf(stamp); at < startOf(stamp) + 16; at++) {
    if (!isDigit(load<u8>(at))) return false
    if (at < startOf(stamp) + 13) milliseconds = milliseconds * 10 + load<u8>(at) - 0x30
  }
  const seconds = milliseconds / 1000
  const ofDay = <u32>(seconds % 86_400)
  writeDay(<u32>(seconds / 86_400))
  writeByte(0x54)
  writeDigits(ofDay / 3600, 2)
  writeByte(0x3a)
  writeDigits((ofDay / 60) % 60, 2)
  writeByte(0x3a)
  writeDigits(ofDay % 60, 2)
  writeByte(0x2e)
  writeDigits(<u32>(milliseconds % 1000), 3)
  store<u32>(out, 0x202d205a)
  out += 4
  return true
}

/** The day, counted from 1970-01-01 on: years begin in March here, so that a leap day ends one. */
function writeDay(day: u32): void {
  const shifted = day + 719_468
  const era = shifted / 146_097
  const ofEra = shifted % 146_097
  const yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
  const ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  const month = (5 * ofYear + 2) / 153
  writeDigits(era * 400 + yearOfEra + <u32>(month >= 10), 4)
  writeByte(0x2d)
  writeDigits(month < 10 ? month + 3 : month - 9, 2)
  writeByte(0x2d)
  writeDigits(ofYear - (153 * month + 2) / 5 + 1, 2)
}

/** `audit[7]`, `kernel`, or the name that the program gives; false for names that the careful reader changes. */
function writeSender(): bool {
  const isAudit =
    startOf(transport) !== 0 && lengthOf(transport) === 5 && isAt(startOf(transport), 0x69647561, 0x74)
  if (isAudit) return writeAudit()
  if (startOf(transport) !== 0 && lengthOf(transport) === 6 && isKernel(startOf(transport))) {
    writeKernel()
    return true
  }
  if (startOf(identifier) === 0) {
    writeByte(0x2d)
    return true
  }
  const length = lengthOf(identifier)
  const looksOwn =
    (length >= 6 && isKernel(startOf(identifier))) ||
    (length >= 3 && (load<u32>(startOf(identifier)) & 0xffffff) === 0x647561)
  if (looksOwn) writeByte(0x2d)
  for (let at = startOf(identifier); at < startOf(identifier) + length; at++) {
    if (load<u8>(at) === 0x20 || load<u8>(at) > 0x7e) return false
    writeByte(load<u8>(at))
  }
  return true
}

function isAt(at: usize, start: u32, last: u8): bool {
  return load<u32>(at) === start && load<u8>(at + 4) === last
}

function isKernel(at: usize): bool {
  return isAt(at, 0x6e72656b, 0x65) && load<u8>(at + 5) === 0x6c
}

function writeKernel(): void {
  store<u32>(out, 0x6e72656b)
  store<u16>(out + 4, 0x6c65)
  out += 6
}

function writeAudit(): bool {
  store<u32>(out, 0x69647561)
  store<u16>(out + 4, 0x5b74)
  out += 6
  if (startOf(pid) === 0) writeByte(0x30)
  else {
    if (lengthOf(pid) === 0 || lengthOf(pid) > 7 || (load<u8>(startOf(pid)) === 0x30 && lengthOf(pid) > 1))
      return false
    for (let at = startOf(pid); at < startOf(pid) + lengthOf(pid); at++) {
      if (!isDigit(load<u8>(at))) return false
      writeByte(load<u8>(at))
    }
  }
  writeByte(0x5d)
  return true
}

/** The text of a JSON string; false if it holds a character that is not printable or beyond ASCII as an escape. */
function writeText(from: usize): bool {
  let at = from
  while (true) {
    v128.store(out, v128.load(at))
    const special = at16(at, 0x22) | at16(at, 0x5c)
    if (special === 0) {
      at += 16
      out += 16
      continue
    }
    at += ctz(special)
    out += ctz(special)
    if (load<u8>(at) === 0x22) return true
    const escaped = load<u8>(at + 1)
    at += 2
    if (escaped === 0x22 || escaped === 0x5c || escaped === 0x2f) writeByte(escaped)
    else if (escaped === 0x74 /* t */) writeByte(0x09)
    else if (escaped === 0x6e /* n */) writeByte(0x20)
    else if (escaped === 0x75 /* u */) {
      const plain = asciiOf(at)
      if (plain === 0) return false
      writeByte(plain)
      at += 4
    } else return false
  }
  return false
}

function writeByte(byte: u8): void {
  store<u8>(out++, byte)
}

function writeDigits(value: u32, count: usize): void {
  let left = value
  for (let at = out + count; at > out; left /= 10) store<u8>(--at, <u8>(0x30 + (left % 10)))
  out += count
}
