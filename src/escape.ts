// Escapes text from input for a terminal and for a shell. Input is hostile: a file name, a comm or a key can contain
// terminal commands (ECMA-48) or text that is displayed in another order (Unicode UAX #9). Nothing is dropped;
// unprintable characters are spelled out. report/escape.ts and each printer escape for other targets.

/**
 * One line that is safe on a terminal and in a log: control characters (C0, DEL, C1, so also ESC, tab and line
 * breaks), line and paragraph separators, bidirectional and other invisible format characters and lone surrogates
 * become `\xNN` or `\uNNNN`; a backslash becomes `\\`, so that no text can pass for an escaped one. The two marks of
 * commands in logs of GitHub Actions are escaped too: `::` at the start of a line, `##[` anywhere (actions/runner
 * ActionCommand.cs).
 */
export function escapeTerminal(text: string): string {
  return (isPrintable.test(text) ? text : spelledOut(text))
    .replaceAll('##[', String.raw`\x23#[`)
    .replace(/^(\s*):(?=:)/, String.raw`$1\x3a`)
}

/** Printable ASCII without the backslash. */
const isPrintable = /^[ -[\]-~]*$/

/** V8 takes a millisecond to make these patterns, so they are made for the first text that needs them. */
function spelledOut(text: string): string {
  // Cc, Zl, Zp, Cf (bidi overrides and isolates, zero-width characters, BOM, soft hyphen, tags), DI (default-ignorable:
  // fillers, variation selectors, the joiner), the blank of Braille, and the backslash.
  const unprintable = /[\\\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{DI}\u2800]/gu
  const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
  return text.replaceAll(unprintable, spelled).replaceAll(loneSurrogate, spelled)
}

function spelled(character: string): string {
  if (character === '\\') return '\\\\'
  const code = character.codePointAt(0) as number
  if (code <= 0xff) return `\\x${hex(code, 2)}`
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

/** A word that a POSIX shell reads back unchanged. No backslash is in it, which a terminal would be shown twice. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`
}
