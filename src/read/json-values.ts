// Reads JSON that is not one object a line: objects over several lines, arrays, and responses of APIs with an array of
// entries some levels down (CloudWatch's events, Elasticsearch's hits, Loki's streams, Splunk's results). Each entry
// becomes a line; its place is its last line. The text of an entry stays unchanged, because its numbers may be longer
// than JavaScript's. Authority: RFC 8259.

/** Where the entries are: how many brackets are open around an entry, and which bracket begins it. */
export interface EntryLevel {
  readonly depth: number
  readonly bracket: Bracket
}

/** How an entry begins: an object, a pair, or a string. */
export type Bracket = '{' | '[' | '"'

/** The longest entry that is read, and the greatest depth at which entries are searched. */
const entryLimit = 1 << 20
const depthLimit = 16

const quote = 0x22
const backslash = 0x5c

/** Takes text in any pieces. */
export class JsonValues {
  readonly #level: EntryLevel
  readonly #ended: (entry: string) => void
  /** How many brackets around the entries are open. */
  #depth = 0
  #inString = false
  /** The last piece ended behind a backslash. */
  #isEscaped = false
  /** The text of the unfinished entry. */
  #text = ''
  /** How many brackets of the entry are open; 0 outside an entry. */
  #open = 0
  /** The text is no JSON from here on. */
  isBroken = false

  constructor(level: EntryLevel, ended: (entry: string) => void) {
    this.#level = level
    this.#ended = ended
  }

  /** The text of the unfinished entry; undefined if there is none. */
  get begun(): string | undefined {
    return this.#text === '' ? undefined : this.#text
  }

  feed(text: string): void {
    if (this.isBroken) return
    let from = 0
    let at = this.#inString ? this.#endOfString(text, 0) : 0
    if (at > 0) this.#endOfEntry(text, 0, at)
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === quote) {
        const start = at
        if (this.#isEntry('"')) {
          this.#open = 1
          from = at
        }
        this.#inString = true
        at = this.#endOfString(text, at + 1) - 1
        this.#endOfEntry(text, start, at + 1)
      } else if (code === 0x7b || code === 0x5b) {
        if (this.#open > 0) this.#open++
        else if (this.#isEntry(code === 0x7b ? '{' : '[')) {
          this.#open = 1
          from = at
        } else if (this.#level.depth > 0 || code === 0x7b) this.#depth++
      } else if (code === 0x7d || code === 0x5d) {
        if (this.#open > 1) this.#open--
        else if (this.#open === 1) {
          this.#open = 0
          const entry = this.#text + text.slice(from, at + 1)
          this.#text = ''
          this.#ended(entry)
        } else if (this.#level.depth > 0) {
          if (--this.#depth < 0) return this.#break()
        } else if (code === 0x7d) return this.#break()
      } else if (this.#open === 0 && this.#level.depth === 0 && !isBetween(code)) return this.#break()
    }
    if (this.#open === 0) return
    const rest = text.slice(from)
    this.#text += this.#inString ? rest : rest.trim()
    if (this.#text.length > entryLimit) this.#break()
  }

  #isEntry(bracket: Bracket): boolean {
    return this.#open === 0 && this.#depth === this.#level.depth && bracket === this.#level.bracket
  }

  /** Ends an entry that is a string, if the string has ended. */
  #endOfEntry(text: string, from: number, end: number): void {
    if (this.#level.bracket !== '"' || this.#open === 0 || this.#inString) return
    this.#open = 0
    const entry = this.#text + text.slice(from, end)
    this.#text = ''
    this.#ended(entry)
  }

  /** Ends a line. A string that does not end on its line is broken JSON. */
  endLine(): void {
    if (this.#inString) this.#break()
  }

  /** The offset after the quote that ends the string, or the end of the text. */
  #endOfString(text: string, start: number): number {
    let at = start
    if (this.#isEscaped && text.length > start) {
      this.#isEscaped = false
      at++
    }
    for (;;) {
      const end = text.indexOf('"', at)
      const until = end === -1 ? text.length : end
      let slashes = 0
      while (until - slashes > at && text.charCodeAt(until - slashes - 1) === backslash) slashes++
      if (end === -1) {
        this.#isEscaped = slashes % 2 === 1
        return text.length
      }
      if (slashes % 2 === 0) {
        this.#inString = false
        return end + 1
      }
      at = end + 1
    }
  }

  #break(): void {
    this.isBroken = true
    this.#text = ''
  }
}

/** Whether the character may be between two objects: a comma, white space, or RS (RFC 7464). */
function isBetween(code: number): boolean {
  return code === 0x2c || code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x1e
}

/**
 * The level of the first entry in a text that `isEntry` accepts; undefined if there is none. An inner object or array
 * is tried before the one around it.
 */
export function entryLevel(
  head: string,
  isEntry: (text: string, bracket: Bracket) => boolean,
): EntryLevel | undefined {
  return levelOf(head, isEntry) ?? levelOfString(head, isEntry)
}

const quoted = /"(?:[^"\\]|\\.)*"|[[{\]}]/gs

function levelOfString(
  head: string,
  isEntry: (text: string, bracket: Bracket) => boolean,
): EntryLevel | undefined {
  let depth = 0
  for (const [token] of head.matchAll(quoted)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth > 0 && depth <= depthLimit && isEntry(token, '"')) return { depth, bracket: '"' }
  }
  return undefined
}

function levelOf(head: string, isEntry: (text: string, bracket: Bracket) => boolean): EntryLevel | undefined {
  const starts: number[] = []
  for (const { 0: token, index } of head.matchAll(quoted)) {
    if (token === '{' || token === '[') starts.push(index)
    else if (token === '}' || token === ']') {
      const start = starts.pop()
      if (start === undefined) return undefined
      const bracket = head[start] as Bracket
      if (starts.length < depthLimit && isEntry(head.slice(start, index + 1), bracket))
        return { depth: starts.length, bracket }
    }
  }
  return undefined
}
