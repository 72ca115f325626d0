// Splits a command given as one word (--load, --ready) as a shell does, without a shell: blanks separate words, quotes
// join them, nothing is expanded. Text that a shell would treat specially is refused, not taken literally. Authority:
// POSIX.1-2017, Shell Command Language, 2.2 (quoting), 2.3 (tokens).
import { InvalidArgumentError } from 'commander'

export type CommandWords = readonly [string, ...string[]]

/** Operators, expansions and comments outside of quotes. Globs are allowed, because URLs contain their characters. */
const forShells = /[|&;<>()`$\n]/
const escapedInQuotes = '$`"\\\n'

/** Throws InvalidArgumentError. */
export function commandWords(text: string): CommandWords {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at)
    if (/[ \t]/.test(sign)) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    word ??= ''
    if (sign === '\\') {
      at++
      if (at >= text.length) throw unclosed('\\')
      word += text.charAt(at)
    } else if (sign === "'" || sign === '"') {
      const read = quoted(text, at + 1, sign)
      word += read.text
      at = read.end
    } else if (forShells.test(sign) || (sign === '#' && word === '')) throw forShell(sign)
    else word += sign
  }
  if (word !== undefined) words.push(word)
  const [first, ...rest] = words
  if (first === undefined || first === '') throw new InvalidArgumentError('Give a command.')
  return [first, ...rest]
}

/** The text up to the closing quote, and the place of that quote. */
function quoted(text: string, from: number, quote: string): { readonly text: string; readonly end: number } {
  let read = ''
  for (let at = from; at < text.length; at++) {
    const [sign, next] = [text.charAt(at), text.charAt(at + 1)]
    if (sign === quote) return { text: read, end: at }
    if (quote === '"' && sign === '\\' && next !== '' && escapedInQuotes.includes(next)) {
      read += next
      at++
    } else if (quote === '"' && (sign === '$' || sign === '`')) throw forShell(sign)
    else read += sign
  }
  throw unclosed(quote)
}

function forShell(sign: string): InvalidArgumentError {
  const name = sign === '\n' ? 'A line end' : sign
  return new InvalidArgumentError(`No shell reads it, and ${name} is for one: give a script, or sh -c '…'.`)
}

function unclosed(quote: string): InvalidArgumentError {
  return new InvalidArgumentError(`Nothing follows ${quote} to close it.`)
}
