// The commonest records of auditd's own file, from their bytes: what grammar.ts says of the same lines (a test holds
// the two equal). A filter's record that refused nothing tells a call; records but SECCOMP and SYSCALL tell none.
import { architectures } from '../../abi/architectures.ts'

const recordHead = Buffer.from(' msg=audit(')
const start = Buffer.from('type=')
const seccomp = Buffer.from('SECCOMP')
const syscall = Buffer.from('SYSCALL')
const unknown = Buffer.from('UNKNOWN')
const block = Buffer.from(' arch=')
const name = Buffer.from(' syscall=')
const compat = Buffer.from(' compat=')
const address = Buffer.from(' ip=0x')
const code = Buffer.from(' code=0x7ff')

/** Of the machines that grammar.ts knows; small numbers are looked up more quickly. */
const machines = Object.values(architectures).map(({ audit }) => audit)

/** How far back from a byte the block can start, if that byte is in it (Horspool's search, backwards). */
const steps = new Uint8Array(256).fill(block.length)
for (let i = block.length - 1; i > 0; i--) steps[block[i] as number] = i

/** The longest stamp that header.ts takes. */
const stampLimit = 64

/** Of a record that tells no call. */
const noCall = 0

/** A number that stands for the architecture and the call of a record: see LineGrammar.kind. */
export function kindOfRecord(bytes: Uint8Array, line: number, stop: number): number | undefined {
  if (!has(bytes, line, start)) return undefined
  const type = line + start.length
  let at = type
  while (isUpper(bytes[at] as number)) at++
  if (at === type || !has(bytes, at, recordHead)) return undefined
  const stamp = (at += recordHead.length)
  while (bytes[at] !== 0x29 && at - stamp <= stampLimit) at++
  if (at === stamp || at - stamp > stampLimit || at + 2 > stop || bytes[at + 1] !== 0x3a) return undefined
  if (has(bytes, type, seccomp))
    return bytes[type + seccomp.length] === 0x20 ? callOf(bytes, at, stop) : undefined
  return has(bytes, type, syscall) || has(bytes, type, unknown) ? undefined : noCall
}

/** The last block that tells a call, whatever comm and exe say before it; undefined for what is not plain. */
function callOf(bytes: Uint8Array, from: number, stop: number): number | undefined {
  let at = stop - block.length
  while (at > from && !(bytes[at] === 0x20 && has(bytes, at, block)))
    at -= steps[bytes[at] as number] as number
  if (at <= from) return undefined
  at += block.length - 1
  let machine = 0
  for (let digits = 0; digits < 8; digits++) {
    const value = hexadecimal(bytes[++at] as number)
    if (value < 0) return undefined
    machine = machine * 16 + value
  }
  const known = machines.indexOf(machine)
  at++
  if (!has(bytes, at, name)) return undefined
  const digits = (at += name.length)
  let number = 0
  for (; isDigit(bytes[at] as number); at++) number = number * 10 + (bytes[at] as number) - 0x30
  // x32's numbers and those of no table are longer.
  if (at === digits || at - digits > 5 || !has(bytes, at, compat)) return undefined
  at += compat.length
  if ((bytes[at] !== 0x30 && bytes[at] !== 0x31) || !has(bytes, at + 1, address)) return undefined
  const ip = (at += 1 + address.length)
  while (hexadecimal(bytes[at] as number) >= 0) at++
  // SECCOMP_RET_LOG and SECCOMP_RET_TRACE, 0x7ff…: neither refuses.
  if (at === ip || !has(bytes, at, code)) return undefined
  at += code.length
  const rest = at
  while (hexadecimal(bytes[at] as number) >= 0) at++
  const isWhole = at === stop || bytes[at] === 0x20 || bytes[at] === 0x1d
  return at - rest === 5 && isWhole && known >= 0 ? 1 + known * 100_000 + number : undefined
}

function has(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}

function isUpper(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** The value of a lower-case hexadecimal digit; -1 for none. */
function hexadecimal(byte: number): number {
  if (isDigit(byte)) return byte - 0x30
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1
}
