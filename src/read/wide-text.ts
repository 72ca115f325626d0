// Recognises UTF-16 and UTF-32 by a byte order mark, or by the zeros beside the first two letters, which are ASCII's in
// a trace. Authority: the Unicode Standard, section 23.8 (byte order mark). FF FE 00 00 is UTF-32's mark: no text has a
// NUL behind the mark of UTF-16.
import type { WideText } from '../errors/traces.ts'

type Encoding = WideText['encoding']

/** The bytes at the start. A letter is a character of ASCII that a text holds: numbers of a binary file have others. */
const starts: readonly (readonly [Encoding, readonly (number | 'letter')[]])[] = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-32', [0, 0, 0xfe, 0xff]],
  ['UTF-32LE', ['letter', 0, 0, 0, 'letter', 0, 0, 0]],
  ['UTF-32BE', [0, 0, 0, 'letter', 0, 0, 0, 'letter']],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
  ['UTF-16LE', ['letter', 0, 'letter', 0]],
  ['UTF-16BE', [0, 'letter', 0, 'letter']],
]

/** The encoding's name for iconv; undefined for bytes that show none. */
export function wideEncodingOf(head: Uint8Array): Encoding | undefined {
  return starts.find(([, start]) =>
    start.every((byte, at) => (byte === 'letter' ? isLetter(head[at] ?? 0) : head[at] === byte)),
  )?.[0]
}

export function isUtf32(head: Uint8Array): boolean {
  return wideEncodingOf(head)?.startsWith('UTF-32') === true
}

function isLetter(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d)
}
