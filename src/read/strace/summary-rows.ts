// Reads the commonest rows of a summary table without making text of them: numbers and the name of a call, parted by
// blanks. summary.ts reads the same rows from text. It also reads all other lines, which this reader leaves to it.
import type { NameId, Names } from './names.ts'
import { errorsColumn } from './summary.ts'

/** By byte, whether a word of such a row may have it: digits, the point, small letters, the underscore. */
const isOfWord = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\d.a-z_]/.test(String.fromCharCode(byte)) ? 1 : 0,
)
/** More than the table of names has, and a power of two. */
const buckets = 8192
/** Numbers of so many digits are exact. */
const mostDigits = 15
/** strace has fewer columns. */
const mostWords = 32
/** Far longer than a row, and shorter than a line that is reported as overlong. Bytes. */
const longest = 4096
const blank = 0x20
const lineEnd = 0x0a

/** How many words a row has, and which are the name and the calls; -1 if none is. */
interface RowColumns {
  readonly words: number
  readonly name: number
  readonly calls: number
}
const noColumns: RowColumns = { words: 0, name: -1, calls: -1 }

export class SummaryRows {
  readonly #names: Names
  /** By the hash of a name of the tables, its id and one more; 0 is free. A taken bucket makes the next one serve. */
  readonly #ids = new Uint16Array(buckets)
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  /** Of a row with errors, and of one without. */
  #whole: RowColumns = noColumns
  #short: RowColumns = noColumns
  #columns: readonly string[] | undefined
  /** Of the row that was read last. */
  id: NameId = 0
  calls = 0
  next = 0

  constructor(names: Names) {
    this.#names = names
    for (let id = 0; id < names.known; id++) {
      const name = names.name(id)
      // Other names are no words of such a row.
      if (!/^[a-z_][a-z0-9_]*$/.test(name) || name === 'total') continue
      let bucket = [...name].reduce((hash, each) => hashed(hash, each.charCodeAt(0)), 0) % buckets
      while (this.#ids[bucket] !== 0) bucket = (bucket + 1) % buckets
      this.#ids[bucket] = id + 1
    }
  }

  /** Reads the row at bytes[at, …) and returns true, or returns false if only its text can be read. */
  read(bytes: Uint8Array, at: number, columns: readonly string[]): boolean {
    if (columns !== this.#columns) this.#use(columns)
    // A table without the column of calls has a row for each call that was seen: once at least.
    this.calls = 1
    const words = this.#words(bytes, at)
    const { name, calls } =
      words === this.#whole.words ? this.#whole : words === this.#short.words ? this.#short : noColumns
    return (
      name >= 0 &&
      this.#readName(bytes, this.#starts[name] as number, this.#ends[name] as number) &&
      (calls < 0 || this.#readCalls(bytes, this.#starts[calls] as number, this.#ends[calls] as number))
    )
  }

  #use(columns: readonly string[]): void {
    this.#columns = columns
    const place = (those: readonly string[]): RowColumns => ({
      words: those.length,
      name: those.indexOf('syscall'),
      calls: those.indexOf('calls'),
    })
    this.#whole = place(columns)
    this.#short = place(columns.filter((column) => column !== errorsColumn))
  }

  /** Finds the words of a line. Returns how many there are, or -1 if a word has another byte. */
  #words(bytes: Uint8Array, line: number): number {
    const starts = this.#starts
    const ends = this.#ends
    let words = 0
    for (let at = line; ; at++) {
      let byte = bytes[at] as number
      if (byte === blank) continue
      if (byte === lineEnd) {
        this.next = at + 1
        return at - line > longest ? -1 : words
      }
      starts[words] = at
      for (; isOfWord[byte] === 1; byte = bytes[at] as number) at++
      ends[words++] = at
      if ((byte !== blank && byte !== lineEnd) || words === mostWords) return -1
      at--
    }
  }

  #readName(bytes: Uint8Array, start: number, end: number): boolean {
    let hash = 0
    for (let at = start; at < end; at++) hash = hashed(hash, bytes[at] as number)
    for (let bucket = hash % buckets; ; bucket = (bucket + 1) % buckets) {
      const id = (this.#ids[bucket] as number) - 1
      if (id < 0) return false
      if (isName(this.#names.name(id), bytes, start, end)) {
        this.id = id
        return true
      }
    }
  }

  #readCalls(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > mostDigits) return false
    let calls = 0
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] as number) - 0x30
      if (digit < 0 || digit > 9) return false
      calls = calls * 10 + digit
    }
    this.calls = calls
    return calls > 0
  }
}

function hashed(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) & 0x7fffffff
}

function isName(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) !== bytes[start + at]) return false
  return true
}
