// The commonest records of auditd's own file, from their bytes: what src/read/audit/grammar.ts says of the same lines.
// A filter's record that refused nothing tells a call; records but SECCOMP and SYSCALL tell none. Stops at the first
// line that is neither. A value of a process (comm, exe) stands before the block that tells the call: the last counts.
// Compiled by scripts/make-compiled.ts.
import { at16, isDigit, isHexLetter, isUpper, lineEnd } from './bytes'
import { inputSize, lineLimit } from './layout'

/** The machines that are known, by their AUDIT_ARCH; 0 behind the last. */
export const machines = memory.data(16 * 4, 16)

/** Whole lines, by the host. What is loaded in words reaches beyond them. */
export { inputSize }
export const input = memory.data(inputSize + 64, 16)

/** What was found, line by line: where the next line starts, and a number for the architecture and the call. */
export const room = 1024
export const nexts = memory.data(room * 4, 16)
export const kinds = memory.data(room * 4, 16)

/** Of a record that tells no call. */
const noCall = 0
const unsure = -1

/** The longest stamp that header.ts takes. */
const stampLimit: usize = 64

/** Reads lines of [line, end); returns how many were plain. */
export function read(line: usize, end: usize): i32 {
  let count = 0
  while (line < end && count < room) {
    const stop = lineEnd(line)
    if (stop - line > lineLimit) break
    const kind = kindOf(line, stop)
    if (kind === unsure || hasEscape(line, stop)) break
    line = stop + 1
    store<u32>(nexts + (count << 2), line)
    store<i32>(kinds + (count << 2), kind)
    count++
  }
  return count
}

/** `type=NAME msg=audit(STAMP):` */
function kindOf(line: usize, stop: usize): i32 {
  if (load<u32>(line) !== 0x65707974 /* `type` */ || load<u8>(line + 4) !== 0x3d) return unsure
  const type = line + 5
  let at = type
  while (isUpper(load<u8>(at)) || load<u8>(at) === 0x5f) at++
  if (at === type) return unsure
  if (load<u64>(at) !== 0x6475613d67736d20 || (load<u32>(at + 7) & 0xffffffff) !== 0x28746964) return unsure
  const stamp = at + 11
  at = stamp
  while (load<u8>(at) !== 0x29 && at - stamp <= stampLimit) at++
  if (at === stamp || at - stamp > stampLimit || at + 2 > stop || load<u8>(at + 1) !== 0x3a) return unsure
  if (holdsAudit(at, stop)) return unsure
  const name = load<u64>(type) & 0x00ffffffffffffff
  if (name === 0x00504d4f43434553 /* `SECCOMP` */) {
    if (load<u8>(type + 7) !== 0x20) return unsure
    const block = lastBlock(at, stop)
    return block === 0 ? unsure : callOf(block, stop)
  }
  const isOther =
    name !== 0x0042415f4d4f4e41 /* `ANOM_AB` */ &&
    name !== 0x004c4c4143535953 /* `SYSCALL` */ &&
    name !== 0x004e574f4e4b4e55 /* `UNKNOWN` */
  return isOther ? noCall : unsure
}

/** Whether `audit(` or `audit[` is between: a second record may start there. */
function holdsAudit(from: usize, stop: usize): bool {
  for (let at = from; at < stop; at += 16) {
    let found = at16(at, 0x28) | at16(at, 0x5b)
    while (found !== 0) {
      const place = at + ctz(found)
      if (place >= stop) return false
      if (load<u8>(place - 1) === 0x74 && load<u32>(place - 5) === 0x69647561 /* `audi` */) return true
      found &= found - 1
    }
  }
  return false
}

/** Behind the last ` arch=` between; 0 for none. */
function lastBlock(from: usize, stop: usize): usize {
  let at = stop - 5
  while (at > from) {
    at -= 16
    const spaces = i8x16.eq(v128.load(at), i8x16.splat(0x20))
    const signs = i8x16.eq(v128.load(at, 5), i8x16.splat(0x3d))
    let found = i8x16.bitmask(v128.and(spaces, signs))
    while (found !== 0) {
      const last = 31 - clz(found)
      const place = at + last
      if (place <= from) return 0
      if (load<u32>(place + 1) === 0x68637261 /* `arch` */) return place + 6
      found ^= 1 << last
    }
  }
  return 0
}

/** `c000003e syscall=59 compat=0 ip=0x7ff395972ad7 code=0x7ffc0000` */
function callOf(block: usize, stop: usize): i32 {
  let at = block
  let machine: u32 = 0
  for (; at < block + 8; at++) {
    const byte = load<u8>(at)
    if (isDigit(byte)) machine = (machine << 4) | (byte - 0x30)
    else if (isHexLetter(byte)) machine = (machine << 4) | (byte - 0x57)
    else return unsure
  }
  if (load<u64>(at) !== 0x6c6c616373797320 /* ` syscall` */ || load<u8>(at + 8) !== 0x3d) return unsure
  const digits = at + 9
  let number = 0
  for (at = digits; isDigit(load<u8>(at)); at++) number = number * 10 + load<u8>(at) - 0x30
  // x32's numbers and those of no table are longer.
  if (at === digits || at - digits > 5 || load<u64>(at) !== 0x3d7461706d6f6320 /* ` compat=` */) return unsure
  at += 8
  if ((load<u8>(at) & 0xfe) !== 0x30) return unsure
  if (load<u32>(at + 1) !== 0x3d706920 /* ` ip=` */ || load<u16>(at + 5) !== 0x7830 /* `0x` */) return unsure
  const ip = at + 7
  at = afterHexadecimal(ip)
  // SECCOMP_RET_LOG and SECCOMP_RET_TRACE, 0x7ff…: neither refuses.
  if (at === ip || load<u64>(at) !== 0x78303d65646f6320 /* ` code=0x` */) return unsure
  if ((load<u32>(at + 8) & 0xffffff) !== 0x666637) return unsure
  const code = at + 11
  at = afterHexadecimal(code)
  const byte = load<u8>(at)
  if (at - code !== 5 || (at !== stop && byte !== 0x20 && byte !== 0x1d)) return unsure
  for (let known = 0; load<u32>(machines + (known << 2)) !== 0; known++)
    if (load<u32>(machines + (known << 2)) === machine) return 1 + known * 100000 + number
  return unsure
}

function afterHexadecimal(at: usize): usize {
  while (isDigit(load<u8>(at)) || isHexLetter(load<u8>(at))) at++
  return at
}

/** A control sequence of a terminal is taken out of a line before it is read. */
function hasEscape(line: usize, stop: usize): bool {
  for (let at = line; at < stop; at += 16) {
    const found = at16(at, 0x1b)
    if (found !== 0 && at + ctz(found) < stop) return true
  }
  return false
}
