// Reads journal entries as fields on lines: the export format, and the output of `journalctl -o verbose`. Authority:
// systemd's JOURNAL_EXPORT_FORMATS and journalctl(1); output_verbose() in systemd's logs-show.c.
import { latin1Bytes } from './byte-text.ts'
import { littleEndian } from './pieces.ts'

type JournalEntry = Readonly<Record<string, string>>

/** line() returns the entry that ends before or with the line; `more` inside an entry; undefined for other lines. */
export interface JournalFields {
  line(line: string): JournalEntry | 'more' | undefined
  /** The last entry; undefined if there is none. */
  end(): JournalEntry | undefined
}

/** The most characters of a field, and the most fields of an entry, that are kept. */
const valueLimit = 1 << 17
const fieldsLimit = 256

class Fields {
  #fields = new Map<string, string>()

  add(name: string, value: string): void {
    if (this.#fields.size < fieldsLimit) this.#fields.set(name, value.slice(0, valueLimit))
  }

  append(name: string, value: string): void {
    const known = this.#fields.get(name)
    if (known !== undefined && known.length < valueLimit) this.#fields.set(name, known + value)
  }

  take(): JournalEntry | undefined {
    if (this.#fields.size === 0) return undefined
    const entry = Object.fromEntries(this.#fields)
    this.#fields = new Map()
    return entry
  }
}

const field = /^([A-Z_][A-Z0-9_]{0,63})=(.*)$/s
const start = /^__CURSOR=/

/** `NAME=value`, or NAME, then 8 bytes of length and a value that may have line ends. An empty line ends an entry. */
export class ExportedFields implements JournalFields {
  readonly #fields = new Fields()
  /** A value with a length, while it is read. `missing` is undefined until the length is read. */
  #binary: { readonly name: string; head: string; missing: number | undefined } | undefined
  #isStarted = false

  line(line: string): JournalEntry | 'more' | undefined {
    if (this.#binary !== undefined) return this.#rest(this.#binary, line)
    if (line === '') return this.#fields.take() ?? 'more'
    // Every entry begins with its cursor.
    if (!this.#isStarted && !start.test(line)) return undefined
    this.#isStarted = true
    const [, name, value] = field.exec(line) ?? []
    if (name !== undefined) this.#fields.add(name, value ?? '')
    else if (/^[A-Z_][A-Z0-9_]{0,63}$/.test(line)) this.#binary = { name: line, head: '', missing: undefined }
    else return undefined
    return 'more'
  }

  #rest(binary: { readonly name: string; head: string; missing: number | undefined }, line: string): 'more' {
    let text = `${line}\n`
    if (binary.missing === undefined) {
      binary.head += text
      if (binary.head.length < 8) return 'more'
      const length = littleEndian(latin1Bytes(binary.head.slice(0, 8)))
      text = binary.head.slice(8)
      this.#fields.add(binary.name, '')
      // A line end follows the value.
      binary.missing = length > 1n << 40n ? 0 : Number(length) + 1
    }
    this.#fields.append(binary.name, text.slice(0, Math.min(text.length, binary.missing - 1)))
    binary.missing -= text.length
    if (binary.missing <= 0) this.#binary = undefined
    return 'more'
  }

  end(): JournalEntry | undefined {
    return this.#fields.take()
  }
}

const headline = /^[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \S{1,9} \[s=[0-9a-f]{1,32};i=/
const shown = /^ {4}([A-Z_][A-Z0-9_]{0,63})=(.*)$/s

/** A line with time and cursor, then `    NAME=value`. Further lines of a value are indented as far as its first. */
export class VerboseFields implements JournalFields {
  readonly #fields = new Fields()
  #last = ''
  #isStarted = false

  line(line: string): JournalEntry | 'more' | undefined {
    if (headline.test(line)) {
      this.#isStarted = true
      const before = this.#fields.take() ?? 'more'
      // The cursor has the time, in hexadecimal microseconds.
      const time = /;t=([0-9a-f]{1,15});/.exec(line)?.[1]
      if (time !== undefined) this.#fields.add('__REALTIME_TIMESTAMP', String(Number.parseInt(time, 16)))
      return before
    }
    if (/^-- .* --$/.test(line)) return 'more'
    if (!this.#isStarted) return undefined
    const [, name, value] = shown.exec(line) ?? []
    if (name !== undefined) {
      this.#last = name
      this.#fields.add(name, value ?? '')
    } else if (/^ {4}/.test(line)) this.#fields.append(this.#last, `\n${line.trimStart()}`)
    else return line === '' ? 'more' : undefined
    return 'more'
  }

  end(): JournalEntry | undefined {
    return this.#fields.take()
  }
}
