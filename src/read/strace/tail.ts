// How the line of a call ends, from its bytes: what the pattern `tail` of result.ts says of the commonest ends.
import { fourOf, wordAt } from '../words.ts'
import { resultReach } from './result.ts'

/** The call came back, and not with ENOSYS. */
export const plain = 1
/** ` <unfinished ...>` */
export const unfinished = 2
/** Anything else: see result.ts. */
export const unsure = 0

const blanks = fourOf(0x20)
const marker = Buffer.from(' <unfinished ...>')

/** The end of a call's line bytes[…, stop), whose arguments start at `open`. */
export function tailOf(bytes: Uint8Array, view: DataView, open: number, stop: number): number {
  const from = Math.max(open, stop - resultReach)
  let at = stop - 1
  let byte = bytes[at] as number
  if (byte === 0x3e) {
    if (bytes[at - 1] === 0x2e) return isUnfinished(bytes, open, stop) ? unfinished : unsure
    // ` <0.000012>` of -T
    let time = at - 1
    while (isDigit(bytes[time] as number) || bytes[time] === 0x2e) time--
    if (bytes[time] === 0x3c && bytes[time - 1] === 0x20 && time < at - 1)
      byte = bytes[(at = time - 2)] as number
    if (byte === 0x3e) return isDecorated(bytes, view, from, at) ? plain : unsure
  }
  if (byte === 0x29) {
    at = beforeText(bytes, from, at)
    if (at < 0) return unsure
  }
  return isResult(bytes, view, from, at) ? plain : unsure
}

function isUnfinished(bytes: Uint8Array, open: number, stop: number): boolean {
  const start = stop - marker.length
  if (start < open) return false
  for (let i = 0; i < marker.length; i++) if (bytes[start + i] !== marker[i]) return false
  return true
}

/** From the parenthesis of ` EPERM (Operation not permitted)` or ` (Timeout)` to the last byte before; -1 for ENOSYS. */
function beforeText(bytes: Uint8Array, from: number, close: number): number {
  let at = close - 1
  for (let byte = bytes[at] as number; byte !== 0x28; byte = bytes[--at] as number)
    if (byte < 0x20 || byte === 0x29 || at <= from) return -1
  if (bytes[at - 1] !== 0x20) return -1
  const text = at + 1
  at -= 2
  if (!isUpper(bytes[at] as number)) return bytes[text] === 0x65 /* errno 38 */ ? -1 : at
  while (isUpper(bytes[at] as number) || isDigit(bytes[at] as number)) at--
  // `ENOS…`
  const noSystem = bytes[at + 2] === 0x4e && bytes[at + 3] === 0x4f && bytes[at + 4] === 0x53
  return bytes[at] === 0x20 && bytes[at + 1] === 0x45 && !noSystem ? at - 1 : -1
}

/** Whether `) = VALUE` ends at `last`. */
function isResult(bytes: Uint8Array, view: DataView, from: number, last: number): boolean {
  let at = last
  while (isDigit(bytes[at] as number)) at--
  const byte = bytes[at] as number
  if (byte === 0x3f) {
    if (at-- < last) return false
  } else if (byte === 0x2d) {
    if (at-- === last) return false
  } else if (byte !== 0x20) {
    while (isDigit(bytes[at] as number) || isHexLetter(bytes[at] as number)) at--
    if (at === last || bytes[at] !== 0x78 || bytes[at - 1] !== 0x30) return false
    at -= 2
  } else if (at === last) return false
  if (bytes[at] !== 0x20 || bytes[at - 1] !== 0x3d || bytes[at - 2] !== 0x20) return false
  at -= 3
  // strace pads to a column.
  while (at >= from + 4 && wordAt(view, at - 3) === blanks) at -= 4
  while (bytes[at] === 0x20) at--
  return bytes[at] === 0x29 && at >= from
}

/** Whether `) = N<…>` of -y ends at `last`. A path may hold anything but angle brackets and control characters. */
function isDecorated(bytes: Uint8Array, view: DataView, from: number, last: number): boolean {
  for (let at = last - 1; at > from; at--) {
    const byte = bytes[at] as number
    if (byte < 0x20) return false
    if (byte === 0x3c && isDigit(bytes[at - 1] as number) && isResult(bytes, view, from, at - 1)) return true
  }
  return false
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

function isHexLetter(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x66
}
