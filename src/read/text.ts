// The bytes of one line as text, in bounded memory. latin1 keeps one character per byte: the grammars are ASCII, and
// they only skip other text (paths, comms, translated error messages).
import { latin1 } from './byte-text.ts'

/** A longer line is read by its head and tail. strace's own limit on strings keeps its lines far shorter. */
export const lineLimit = 65536
const tailKept = 4096

export function lineText(bytes: Uint8Array, start: number, end: number): string {
  let stop = end
  while (stop > start && isBlank(bytes[stop - 1] as number)) stop--
  const text =
    stop - start <= lineLimit
      ? latin1(bytes, start, stop)
      : latin1(bytes, start, start + lineLimit - tailKept) + latin1(bytes, stop - tailKept, stop)
  // A terminal's capture has CR behind the sequences that end a command.
  const bare = text.includes('\x1b') ? withoutColours(text) : text
  return bare.startsWith('\r') ? bare.replace(/^\r+/, '') : bare
}

/** A blank, a tab or CR. Pastes and terminals leave them at the end of a line. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0d || byte === 0x09
}

/** Many lines are decoded at once. A text that is kept may keep all of them in memory, so they are few. */
const blockSize = 16_384

/** Calls `take` with the text of each line of bytes[start, end) that fits into a block. Returns where the first other starts. */
export function eachLineText(
  bytes: Uint8Array,
  start: number,
  end: number,
  take: (text: string) => void,
): number {
  let at = start
  while (at < end) {
    const last = bytes.lastIndexOf(0x0a, Math.min(end, at + blockSize) - 1)
    if (last < at) break
    const block = latin1(bytes, at, last + 1)
    const isPlain = !['\r', '\x1b', ' \n', '\t\n'].some((each) => block.includes(each))
    for (let from = 0; from < block.length;) {
      const stop = block.indexOf('\n', from)
      take(isPlain ? block.slice(from, stop) : lineText(bytes, at + from, at + stop))
      from = stop + 1
    }
    at = last + 1
  }
  return at
}

// oxlint-disable-next-line no-control-regex -- ESC is what is looked for
const colours = /\x1b(?:\[[0-9;?]*[A-Za-z]|[\]_][^\x07\x1b]*(?:\x07|\x1b\\))/g

/** Removes `ESC[…m` and the other CSI, OSC and APC sequences of a terminal capture (APC: Buildkite's times). */
export function withoutColours(text: string): string {
  return text.replaceAll(colours, '')
}

/** The text behind the first `length` characters that are no colours, and behind the colours that end there. */
export function behind(text: string, length: number): string {
  let at = 0
  let left = length
  for (const { index, 0: found } of text.matchAll(colours)) {
    if (index - at > left) break
    left -= index - at
    at = index + found.length
  }
  return text.slice(at + left)
}
