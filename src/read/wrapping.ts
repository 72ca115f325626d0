// Removes what loggers put around the lines of a program: container logs as JSON or CRI lines, the journal's fields and
// JSON, dmesg's JSON, compose's names, times, mail. The first lines of a source show its wrapping, which is removed
// line by line. Authority: the json-file driver of Docker, the CRI logging format of Kubernetes (cri-api, kubelet
// logs.go), systemd.journal-fields(7), dmesg(1) of util-linux, RFC 2045 6.7 for quoted-printable.
import { isProfile } from './either.ts'
import { formats, formatTable } from './formats.ts'
import {
  journalEntry,
  ofDmesg,
  ofExportedJournal,
  ofPrettyJournal,
  ofVerboseJournal,
  type Unwrap,
} from './journal-entries.ts'
import { jsonObject } from './json-line.ts'
import { loggedText, valueOfPair, withDockersEnd } from './json-logs.ts'
import { entryLevel, JsonValues, type EntryLevel } from './json-values.ts'
import { logPrefixes, withoutPrefix, writerOf, type LogPrefix } from './log-prefixes.ts'
import { isLine } from './strace/parse-line.ts'
import { lineLimit } from './text.ts'

// A pattern matches the prefix only: matching the rest of the line would visit each of its characters.
const stamped = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(?:Z|[+-]\d\d:\d\d) /
const ofCri = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (stdout|stderr) ([FP])(?::\w+)* /
// oxlint-disable-next-line no-control-regex -- compose colours the names
const ofCompose = /^(?:\x1b\[[0-9;]*m)*([A-Za-z0-9][\w.-]*) +\| (?:\x1b\[0m)?/

const wrappings: Readonly<Record<string, Unwrap>> = {
  'json-file': (line) => {
    if (!line.startsWith('{"log":"')) return undefined
    try {
      const { log, stream } = JSON.parse(line) as { log?: unknown; stream?: unknown }
      return typeof log === 'string' ? { stream: String(stream), text: withDockersEnd(log) } : undefined
    } catch {
      return undefined
    }
  },
  'json-log': (line) => loggedText(line),
  'journal-json': journalEntry,
  cri: (line) => {
    const [prefix, stream = '', tag] = ofCri.exec(line) ?? []
    if (prefix === undefined) return undefined
    return { stream, text: `${line.slice(prefix.length)}${tag === 'F' ? '\n' : ''}` }
  },
  // strace's lines in `docker logs -t` or `kubectl logs --timestamps`. Readers of syslog need their times.
  timestamps: (line) => {
    const [prefix] = stamped.exec(line) ?? []
    const text = prefix === undefined ? undefined : line.slice(prefix.length)
    return text === undefined || !isLine(text) ? undefined : { stream: '', text: `${text}\n` }
  },
  compose: (line) => {
    const [prefix, stream = ''] = ofCompose.exec(line) ?? []
    return prefix === undefined ? undefined : { stream, text: `${line.slice(prefix.length)}\n` }
  },
  mail: (line) => (line.startsWith('> ') ? { stream: '', text: `${line.slice(2)}\n` } : undefined),
  'quoted-printable': (line) => {
    if (!/=3D|=$/.test(line)) return { stream: '', text: `${line}\n` }
    const plain = line.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    return { stream: '', text: plain.endsWith('=') ? plain.slice(0, -1) : `${plain}\n` }
  },
}

function unwrapperOf(name: string): Unwrap {
  if (name === 'journal-export') return ofExportedJournal()
  if (name === 'journal-verbose') return ofVerboseJournal()
  if (name === 'journal-pretty') return ofPrettyJournal()
  if (name === 'dmesg-json') return ofDmesg()
  return wrappings[name] ?? ((line) => withoutPrefix(name as LogPrefix, line))
}

/** Whether every line has a wrapping of its own, whatever the lines before it are. */
export function isByLine({ name, inner }: Wrapping): boolean {
  const isOwn = Object.hasOwn(wrappings, name) || (logPrefixes as readonly string[]).includes(name)
  return isOwn && (inner === undefined || isByLine(inner))
}

/** How many lines must be wrapped alike before the wrapping is removed; all lines if there are fewer. */
const linesLooked = 5

export interface Wrapping {
  readonly name: string
  /** For JSON that is not one object a line: where its entries are. */
  readonly level?: EntryLevel
  /** The writer of strace's lines, if the log names writers: the lines of others are the program's. */
  readonly stream?: string
  /** The wrapping around the lines inside. */
  readonly inner?: Wrapping
}

/** The most wrappings inside each other, such as the journal's text in an exporter's JSON in an array. */
const mostWrappings = 4

/** The wrapping of a source that starts with this text; undefined if there is none. */
export function wrappingOf(head: string, depth = 1): Wrapping | undefined {
  const outer = outerOf(head, depth)
  if (outer === undefined || depth === mostWrappings) return outer
  const unwrapping = new Unwrapping(outer)
  const text = head
    .split('\n')
    .map((line) => unwrapping.line(line))
    .join('')
  const inner = wrappingOf(text, depth + 1)
  if (inner !== undefined) return { ...outer, inner }
  // Objects without a known line are not a log: they may be a profile, or the output of another program.
  const isLoose = outer.level !== undefined || outer.name === 'json-log'
  return isLoose && !text.split('\n').some((line) => isOfSomeFormat(line)) ? undefined : outer
}

function isOfSomeFormat(line: string): boolean {
  return isLine(line) || formats.some((each) => formatTable[each].grammar?.recognises(line) === true)
}

function outerOf(head: string, depth: number): Wrapping | undefined {
  const name = wrappingName(head)
  if (name === undefined) return ofValues(head, depth) ?? ofPrefix(head)
  const unwrap = unwrapperOf(name)
  const isTold = head.split(/\r?\n/).some((line) => {
    const found = unwrap(line)
    return found?.stream === 'stderr' && isLine(found.text) && found.text.includes(' = ')
  })
  return isTold ? { name, stream: 'stderr' } : { name }
}

/** The prefix of a log, if all first lines have it and one line is a call of strace. */
function ofPrefix(head: string): Wrapping | undefined {
  const first = firstLines(head)
  if (first.length === 0) return undefined
  for (const name of logPrefixes) {
    if (!first.every((line) => withoutPrefix(name, line) !== undefined)) continue
    const stream = writerOf(name, head.split(/\r?\n/))
    if (stream !== undefined) return { name, stream }
  }
  return undefined
}

const order = [
  'json-file',
  'journal-json',
  'journal-pretty',
  'journal-export',
  'journal-verbose',
  'dmesg-json',
  'cri',
  'timestamps',
  'compose',
  'mail',
  'json-log',
] as const

function wrappingName(head: string): string | undefined {
  const first = firstLines(head)
  if (first.length === 0) return undefined
  if (first.some((line) => / =3D /.test(line)) && !first.some((line) => / = /.test(line)))
    return 'quoted-printable'
  // If a format reads the object of each line, the objects are its records and no wrapping.
  const isRead = first.every((line) => jsonObject(line) !== undefined && isOfSomeFormat(line))
  // `mail`: strace -k prints frames after " > ", never at the start of the line.
  return order.find((name) => {
    if (name === 'json-log' && isRead) return false
    const unwrap = unwrapperOf(name)
    return first.every((line) => unwrap(line) !== undefined)
  })
}

/** The wrapping of JSON that is not one object a line, if an entry is a log's or contains a line of a log. */
function ofValues(head: string, depth: number): Wrapping | undefined {
  // A profile, a config.json and a Kubernetes object are documents, whatever an object inside looks like.
  if (!/^\s*[[{]/.test(head) || isProfile(head)) return undefined
  const isWhole = firstLines(head.trimStart()).every((line) => jsonObject(line) !== undefined)
  if (isWhole && !isWrappedDeep(head)) return undefined
  const level = entryLevel(head, (text, bracket) => isEntry(text, bracket, depth))
  return level === undefined || (isWhole && level.depth === 0) ? undefined : { name: 'json-values', level }
}

/** Whether the text contains an array of objects or of arrays. */
function isWrappedDeep(head: string): boolean {
  return /\[\s*[[{]/.test(head)
}

function isEntry(written: string, bracket: '{' | '[', depth: number): boolean {
  const text = written.includes('\n') ? written.replaceAll(/\s*\n\s*/g, '') : written
  const logged = bracket === '[' ? valueOfPair(text) : (loggedText(text)?.text ?? text)
  if (logged === undefined) return false
  const line = logged.split('\n', 1)[0] as string
  return (
    isOfSomeFormat(line) ||
    (line !== text && depth < mostWrappings && wrappingOf(logged, depth + 1) !== undefined)
  )
}

/** The first complete lines that are not empty; the whole text if no line is complete. */
function firstLines(head: string): string[] {
  const lines: string[] = []
  for (let at = 0; lines.length < linesLooked;) {
    const stop = head.indexOf('\n', at)
    if (stop === -1) return at === 0 && head !== '' ? [head] : lines
    const line = head.slice(at, head[stop - 1] === '\r' ? stop - 1 : stop)
    if (line !== '') lines.push(line)
    at = stop + 1
  }
  return lines
}

/** Removes the wrapping of a whole source. Split lines of one stream are joined again, in bounded memory. */
export class Unwrapping {
  readonly #unwrap: Unwrap
  readonly #values: JsonValues | undefined
  /** The finished entries, each with its line end. */
  #entries = ''
  #hasEntry = false
  readonly #stream: string | undefined
  readonly #parts = new Map<string, string>()
  readonly #inner: Unwrapping | undefined
  #isFirst = true
  #isWrapped = false

  constructor({ name, level, stream, inner }: Wrapping) {
    this.#unwrap = unwrapperOf(name)
    this.#values =
      level &&
      new JsonValues(level, (entry) => {
        this.#hasEntry = true
        const text = level.bracket === '[' ? JSON.stringify({ line: valueOfPair(entry) }) : entry
        this.#entries += `${text}\n`
      })
    this.#stream = stream
    this.#inner = inner && new Unwrapping(inner)
  }

  /** Whether it takes text in any pieces, because a line may be as long as the source. */
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
    return this.takesPieces ? this.piece(`${line}\n`) : this.#within(this.#outer(line))
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
      values.feed(part)
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
    if (found === undefined) return `${bare}\n`
    // An empty line keeps the places of the others right.
    if (this.#stream !== undefined && found.stream !== this.#stream) return '\n'
    // The wrapped file may have begun with UTF-8's byte order mark.
    const inner = isFirst ? found.text.replace(/^\xef\xbb\xbf/, '') : found.text
    if (this.#parts.size === 0 && inner.endsWith('\n')) return inner
    const text = (this.#parts.get(found.stream) ?? '') + inner
    if (text.endsWith('\n')) {
      this.#parts.delete(found.stream)
      return text
    }
    // Text beyond what any reader reads is dropped, and so are more streams than a pod has.
    if (this.#parts.size < 64) this.#parts.set(found.stream, text.slice(0, 2 * lineLimit))
    return ''
  }

  end(): string {
    const begun = this.#values === undefined ? this.#unwrap.begun?.() : this.#values.begun
    const rest = [...this.#parts.values(), ...(begun === undefined ? [] : [begun.trimEnd()])].join('\n')
    this.#parts.clear()
    return this.#within(rest) + (this.#inner?.end() ?? '')
  }
}
