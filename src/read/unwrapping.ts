// Takes the wrapping of a whole source away. Split lines of one stream are joined again, in bounded memory.
import type { Unwrap } from './journal-entries.ts'
import { linesOfString, valueOfPair } from './json-logs.ts'
import { JsonValues, type EntryLevel } from './json-values.ts'
import { isLossOfJournal, prefixRows, type LogPrefix } from './log-prefixes.ts'
import { isKnownCall } from './strace/known-call.ts'
import { isLine } from './strace/parse-line.ts'
import { lineLimit } from './text.ts'
import { unwrapperOf, type Wrapping } from './wrappings.ts'

export class Unwrapping {
  readonly #unwrap: Unwrap
  /** Set for JSON that is not one object a line. */
  readonly #values: JsonValues | undefined
  /** While piece() runs: the finished entries, each with its line end. */
  #entries = ''
  /** Whether an entry has ended on the current line. */
  #hasEntry = false
  readonly #wrapping: Wrapping
  /** By stream: the start of a line whose rest follows in another entry of the log. */
  readonly #parts = new Map<string, string>()
  readonly #inner: Unwrapping | undefined
  /** Until the first line was read. */
  #isFirst = true
  /** Whether the last line had this wrapping. */
  #isWrapped = false
  /** Whether the last line is another writer's. */
  #isOthers = false

  constructor(wrapping: Wrapping) {
    const { level, inner } = wrapping
    this.#wrapping = wrapping
    this.#unwrap = unwrapperOf(wrapping)
    this.#values =
      level &&
      new JsonValues(level, (entry) => {
        this.#hasEntry = true
        this.#entries += lineOfEntry(level, entry)
      })
    this.#inner = inner && new Unwrapping(inner)
  }

  /** Whether text may come in any pieces, because a line may be as long as the source. */
  get takesPieces(): boolean {
    return this.#values !== undefined
  }

  /** Whether no line is begun, so that the next one stands alone. */
  get isBetween(): boolean {
    return !this.#isFirst && this.#parts.size === 0 && this.#inner?.isBetween !== false
  }

  /** Whether the line before had this wrapping and those inside. */
  get isWrapped(): boolean {
    return this.#isWrapped && this.#inner?.isWrapped !== false
  }

  /** The text that a wrapped line (without its end) completes. A line without wrapping passes unchanged. */
  line(line: string): string {
    if (this.takesPieces) return this.piece(`${line}\n`)
    const text = this.#within(this.#outer(line))
    return this.#isOthers && text !== '' ? this.#ofAnother(line, text.slice(0, -1)) : text
  }

  /** The line of a writer that wrote no call at the start of the log. */
  #ofAnother(line: string, text: string): string {
    if (prefixRows[this.#wrapping.name as LogPrefix].isShared !== true)
      return isLine(text) ? `${text}\n` : '\n'
    // The line keeps its prefix, so that the reader reports it.
    return isKnownCall(text) || isLossOfJournal(text) ? `${line}\n` : '\n'
  }

  /** Like line(), for text in any pieces. A line in which no entry ends becomes an empty one: places stay right. */
  piece(text: string): string {
    const values = this.#values as JsonValues
    let given = ''
    for (let at = 0; at < text.length;) {
      const stop = text.indexOf('\n', at)
      const isEnd = stop !== -1
      const part = text.slice(at, isEnd ? stop : undefined)
      at = isEnd ? stop + 1 : text.length
      if (values.isBroken) {
        given += isEnd ? `${part}\n` : part
        continue
      }
      const isBetween = values.begun === undefined
      values.feed(part)
      // Text between two entries is a line of its own.
      if (values.isBroken && isBetween && this.#entries === '') given += part
      given += this.#entries
      this.#entries = ''
      if (!isEnd) continue
      values.endLine()
      if (!this.#hasEntry) given += '\n'
      this.#hasEntry = false
    }
    return this.#within(given)
  }

  #within(text: string): string {
    const inner = this.#inner
    if (inner === undefined || text === '') return text
    const stop = text.indexOf('\n')
    if (stop === text.length - 1) return inner.line(text.slice(0, stop))
    const lines = text.split('\n')
    const rest = lines.pop() ?? ''
    return lines.map((each) => inner.line(each)).join('') + (rest === '' ? '' : inner.line(rest))
  }

  #outer(line: string): string {
    const bare = line.endsWith('\r') ? line.slice(0, -1) : line
    const found = this.#unwrap(bare)
    const isFirst = this.#isFirst
    this.#isFirst = false
    this.#isWrapped = found !== undefined
    this.#isOthers = false
    if (found === undefined) return `${bare}\n`
    const { stream, writers } = this.#wrapping
    // An empty line keeps the places of the others right.
    if (stream !== undefined && found.stream !== stream) return '\n'
    this.#isOthers = writers?.has(found.stream) === false
    // The wrapped file may have begun with UTF-8's byte order mark.
    const inner = isFirst ? found.text.replace(/^\xef\xbb\xbf/, '') : found.text
    if (this.#parts.size === 0 && inner.endsWith('\n')) return inner
    const text = (this.#parts.get(found.stream) ?? '') + inner
    if (text.endsWith('\n')) {
      this.#parts.delete(found.stream)
      return text
    }
    if (text === '') return ''
    // Text beyond what any reader reads is dropped, and so are more streams than a pod has.
    if (this.#parts.size < 64) this.#parts.set(found.stream, text.slice(0, 2 * lineLimit))
    return ''
  }

  end(): string {
    const begun = this.#values === undefined ? this.#unwrap.begun?.() : this.#values.begun
    // A text with a line end is whole: only the end of the log shows that no part of it follows.
    const last = begun?.endsWith('\n') === true ? `${begun.trimEnd()}\n` : begun
    const rest = [...this.#parts.values(), ...(last === undefined ? [] : [last])].join('\n')
    this.#parts.clear()
    return this.#within(rest) + (this.#inner?.end() ?? '')
  }
}

/** An entry as a line that the wrappings of a line read. */
function lineOfEntry({ bracket }: EntryLevel, entry: string): string {
  if (bracket === '{') return `${entry}\n`
  const text = bracket === '[' ? valueOfPair(entry) : linesOfString(entry)
  return text === undefined ? '\n' : `${JSON.stringify({ line: text })}\n`
}
