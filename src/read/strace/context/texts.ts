// Reads arguments as strace prints them: paths, descriptors, addresses, flags and lists. What is not printed whole is
// undefined or marked as cut. Authority: strace's printstr_ex(), print_quoted_path(), printfd() and print_sockaddr().
import { latin1Bytes } from '../../byte-text.ts'
import { utf8 } from '../../pieces.ts'

export interface PathText {
  readonly text: string
  /** strace printed only a part of the text. */
  readonly isCut: boolean
}

const string = /^(?:[a-z_]+=)?"((?:[^"\\]|\\.)*)"(\.\.\.)?$/
const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, '"': 34, '\\': 92 }

/** A quoted string; undefined for anything else, such as NULL or an address. */
export function stringIn(argument: string | undefined): PathText | undefined {
  const [, quoted, cut] = (argument === undefined ? null : string.exec(argument)) ?? []
  return quoted === undefined ? undefined : { text: unescaped(quoted), isCut: cut !== undefined }
}

/** An escaped string, its bytes as UTF-8. */
function unescaped(quoted: string): string {
  return utf8(unescapedBytes(quoted))
}

export function unescapedBytes(quoted: string): Uint8Array {
  if (!quoted.includes('\\')) return latin1Bytes(quoted)
  const bytes: number[] = []
  const form = /\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))|([^\\]+)/gs
  for (const [, octal, hexadecimal, letter, plain] of quoted.matchAll(form))
    if (plain !== undefined) bytes.push(...latin1Bytes(plain))
    else if (octal !== undefined) bytes.push(parseInt(octal, 8) & 255)
    else if (hexadecimal !== undefined) bytes.push(parseInt(hexadecimal, 16))
    else bytes.push(escapes[letter ?? ''] ?? (letter ?? '').charCodeAt(0))
  return Uint8Array.from(bytes)
}

export interface DescriptorText {
  readonly number: number | 'current directory'
  /** The path that -y prints for the descriptor. */
  readonly path: string | undefined
}

const descriptor =
  /^(?:[a-z_]+=)?(?:(\d+)|AT_FDCWD(?: \/\*.*\*\/)?|-100)(?:<(\/[^<>]*)(?:<[^<>]*>)?>(?:\(deleted\))?)?$/

export function descriptorIn(argument: string | undefined): DescriptorText | undefined {
  const found = argument === undefined ? null : descriptor.exec(argument)
  if (found === null) return undefined
  const [, number, path] = found
  return {
    number: number === undefined ? 'current directory' : Number(number),
    path: path === undefined ? undefined : unescaped(path),
  }
}

/** The path that -y prints after a result. strace escapes angle brackets in paths, so these brackets are its own. */
export function resultPath(line: string): string | undefined {
  const path = / = \d+<(\/[^<>]*)>(?:\(deleted\))?\s*$/.exec(line)?.[1]
  return path === undefined ? undefined : unescaped(path)
}

export type AddressText =
  | { readonly family: 'inet' | 'inet6'; readonly port: number }
  | { readonly family: 'unix'; readonly path: PathText }

/** The address of a socket call; undefined for other families and for abstract names of unix sockets. */
export function addressIn(argument: string | undefined): AddressText | undefined {
  if (argument === undefined) return undefined
  const [, version, port] = /sin(6?)_port=htons\((\d+)\)/.exec(argument) ?? []
  if (port !== undefined) return { family: version === '6' ? 'inet6' : 'inet', port: Number(port) }
  const path = stringIn(/sun_path=("(?:[^"\\]|\\.)*"(?:\.\.\.)?)/.exec(argument)?.[1])
  return path === undefined ? undefined : { family: 'unix', path }
}

/** The strings of a list such as argv; undefined if it is not printed whole. */
export function stringsIn(argument: string | undefined): readonly string[] | undefined {
  const strings = textsIn(argument)
  return strings?.every(({ isCut }) => !isCut) ? strings.map(({ text }) => text) : undefined
}

/** The strings of a list; undefined for anything else. `...` for further strings becomes an empty text that is cut. */
export function textsIn(argument: string | undefined): readonly PathText[] | undefined {
  const inside = argument === undefined ? undefined : /^(?:[a-z_]+=)?\[(.*)\]$/s.exec(argument)?.[1]
  return inside === undefined
    ? undefined
    : [...inside.matchAll(/"(?:[^"\\]|\\.)*"(?:\.\.\.)?|\.\.\./g)].map(
        ([text]) => stringIn(text) ?? { text: '', isCut: true },
      )
}

/** The sorted numbers of a list such as that of setgroups; undefined if it is not printed whole. */
export function numbersIn(argument: string | undefined): readonly number[] | undefined {
  const inside = argument === undefined ? undefined : /^(?:[a-z_]+=)?\[([\d, ]*)\]$/.exec(argument)?.[1]
  return inside === undefined ? undefined : (inside.match(/\d+/g) ?? []).map(Number).sort((a, b) => a - b)
}

/** The names of flags, such as O_CREAT, anywhere in an argument. */
export function flagsIn(argument: string | undefined): ReadonlySet<string> {
  return new Set(argument?.match(/[A-Z][A-Z0-9_]+/g) ?? [])
}
