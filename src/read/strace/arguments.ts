// Reads the text between a call's parentheses: where each argument ends, where the call is closed, and the number of a
// scalar argument. A value that cannot be read for certain is undefined, never a guess. Authority: printstr_ex(),
// print_fd_path(), printxval() and related functions in strace.
import { constantValue } from '../../abi/constants.ts'
import { latin1, latin1Bytes } from '../byte-text.ts'

export interface ArgumentTexts {
  /** The text of each argument without surrounding spaces. */
  readonly texts: readonly string[]
  /** The place after the closing parenthesis; undefined if the text ends before it. */
  readonly end: number | undefined
  /** Whether the text ends inside a string, a comment or a decoration. */
  readonly inside: boolean
}

/** Splits from `open`, the place after `(`. The last text of an unclosed call may be cut: see `end`. */
export function splitArguments(text: string, open: number): ArgumentTexts {
  const texts: string[] = []
  let start = open
  let depth = 0
  let at = open
  const push = (end: number): void => {
    const argument = text.slice(start, end).trim()
    if (argument !== '' || texts.length > 0) texts.push(argument)
  }
  for (; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at)
        break
      case 0x2f: // "/": a comment may hold anything but its end
        if (text.charCodeAt(at + 1) === 0x2a) {
          const close = text.indexOf('*/', at + 2)
          at = close === -1 ? text.length : close + 1
        }
        break
      case 0x27: // 'c', and 'c' escaped
        if (text.charCodeAt(at + 2) === 0x27) at += 2
        else if (text.charCodeAt(at + 1) === 0x5c && text.charCodeAt(at + 3) === 0x27) at += 3
        break
      case 0x3c: // "<"
        at = endOfDecoration(text, at)
        break
      case 0x28: // (
      case 0x5b: // [
      case 0x7b: // {
        depth++
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
        break
      case 0x29: // )
        if (depth <= 0) {
          push(at)
          return { texts, end: at + 1, inside: false }
        }
        depth--
        break
      case 0x2c: // ,
        if (depth <= 0) {
          texts.push(text.slice(start, at).trim())
          start = at + 1
        }
        break
      default:
    }
  }
  push(text.length)
  return { texts, end: undefined, inside: at > text.length }
}

function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x22) return at
  }
  return text.length
}

/**
 * The end of what -y prints after a file descriptor: `3</a (b), c>`, `4<TCP:[[::1]:80->[::1]:90]>`,
 * `1</dev/pts/0<char 136:0>>`. strace escapes angle brackets in paths; inside `PROTO:[…]` only an arrow has a raw one.
 * A "<" that does not follow a descriptor is a shift or an operator.
 */
export function endOfDecoration(text: string, at: number): number {
  const before = text.charCodeAt(at - 1)
  const next = text.charCodeAt(at + 1)
  const decorates = (before >= 0x30 && before <= 0x39) || before === 0x44 /* AT_FDCWD */
  if (!decorates || next === 0x3c || next === 0x3d) return next === 0x3c ? at + 1 : at
  const protocol = /[A-Za-z0-9-]+:\[/y
  protocol.lastIndex = at + 1
  if (protocol.test(text)) {
    let quoted = false
    for (let i = protocol.lastIndex; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code === 0x5c && quoted) i++
      else if (code === 0x22) quoted = !quoted
      else if (!quoted && code === 0x5d && text.charCodeAt(i + 1) === 0x3e) return i + 1
    }
    return text.length
  }
  let depth = 1
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x3c) depth++
    else if (code === 0x3e && --depth === 0) return i
  }
  return text.length
}

const decimal = /^-?\d+$/
const hexadecimal = /^0x[0-9a-f]+$/i
const octal = /^0[0-7]+$/
const named = /^[A-Z][A-Za-z0-9_]*$/
const shift = /^(0x[0-9a-f]+|\d+)<<(\d+)$/i

/**
 * The number of a scalar argument as strace prints it: `2`, `0x2`, `AF_INET`, `CLONE_VM|CLONE_FS|SIGCHLD`,
 * `CLONE_VM|0x80`, `0x22 /* MAP_… *\/` (-X verbose), `domain=AF_INET` (-N), `3</a/path>`. Unsigned 64 bits; a
 * negative number becomes its two's complement. Undefined if any part is unknown.
 */
export function scalarValue(argument: string): bigint | undefined {
  if (known.has(argument)) return known.get(argument)
  const value = readScalar(argument)
  // The key is a copy: a slice would keep the whole line in memory.
  if (known.size < knownLimit && argument.length < knownLength)
    known.set(latin1(latin1Bytes(argument)), value)
  return value
}

/** The values of arguments read before, because arguments repeat. The limits bound their number and their length. */
const known = new Map<string, bigint | undefined>()
const knownLimit = 4096
const knownLength = 256

function readScalar(argument: string): bigint | undefined {
  let text = argument.replace(/^[a-z_][a-z0-9_]*=/, '')
  // Removes comments: -X verbose names each number, and strace marks unknown ones: `0x1 /* PER_??? */|MMAP_PAGE_ZERO`.
  text = text.replaceAll(/\/\*.*?\*\//g, '')
  const decoration = /^(-?\d+)</.exec(text)
  if (decoration !== null && endOfDecoration(text, decoration[0].length - 1) === text.length - 1) {
    text = decoration[1] as string
  }
  let value = 0n
  for (const part of text.split('|')) {
    const one = partValue(part.trim())
    if (one === undefined) return undefined
    value |= one
  }
  // A register holds no more than 64 bits, so the kernel saw another value.
  return value >= 1n << 64n || value < -(1n << 63n) ? undefined : BigInt.asUintN(64, value)
}

function partValue(text: string): bigint | undefined {
  if (octal.test(text)) return BigInt(`0o${text.slice(1)}`)
  if (decimal.test(text)) return BigInt(text)
  if (hexadecimal.test(text)) return BigInt(text)
  if (named.test(text)) return constantValue(text)
  const shifted = shift.exec(text)
  if (shifted !== null && Number(shifted[2]) < 64)
    return BigInt(shifted[1] as string) << BigInt(shifted[2] as string)
  return undefined
}
