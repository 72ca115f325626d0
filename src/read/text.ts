// The bytes of one line as text, in bounded memory. latin1 keeps one character per byte: the grammars are ASCII, and
// they only skip other text (paths, comms, translated error messages).
import { latin1 } from './byte-text.ts'

/** A longer line is read by its head and tail. strace's own limit on strings keeps its lines far shorter. */
export const lineLimit = 65536
const tailKept = 4096

export function lineText(bytes: Uint8Array, start: number, end: number): string {
  let stop = end
  if (stop > start && bytes[stop - 1] === 0x0d) stop--
  const text =
    stop - start <= lineLimit
      ? latin1(bytes, start, stop)
      : latin1(bytes, start, start + lineLimit - tailKept) + latin1(bytes, stop - tailKept, stop)
  return text.includes('\x1b') ? withoutColours(text) : text
}

/** Removes `ESC[…m` and the other CSI and OSC sequences of a terminal capture. */
export function withoutColours(text: string): string {
  // oxlint-disable-next-line no-control-regex -- ESC is what is looked for
  return text.replaceAll(/\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))/g, '')
}
