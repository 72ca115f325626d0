// Finds out what loggers put around the lines of a program. The first lines of a source show its wrapping
// (wrappings.ts), which is removed line by line (unwrapping.ts).
import { csvValues, separators, type CsvColumn } from './csv-lines.ts'
import { isProfile } from './either.ts'
import { formatOfLine } from './formats.ts'
import { isHtml } from './html-lines.ts'
import { jsonObject } from './json-line.ts'
import { linesOfString, loggedText, valueOfPair } from './json-logs.ts'
import { entryLevel, type Bracket } from './json-values.ts'
import { logPrefixes, prefixRows, withoutPrefix, type LogPrefix, type Prefixed } from './log-prefixes.ts'
import { holdsResult } from './strace/completion.ts'
import { isCallOrRest, isKnownCall, isOwnLine } from './strace/known-call.ts'
import { isLine } from './strace/parse-line.ts'
import { lineLimit, withoutColours } from './text.ts'
import { Unwrapping } from './unwrapping.ts'
import { unwrapperOf, type Wrapping } from './wrappings.ts'

/** How many lines must be wrapped alike before the wrapping is removed; all lines if there are fewer. */
const linesLooked = 5

/** The most wrappings inside each other, such as the journal's text in an exporter's JSON in an array. */
const mostWrappings = 4

/** How many more characters may be searched for wrappings: the ways to nest wrappings multiply. */
interface WrappingWork {
  left: number
}
const workLimit = 8_000_000

/** The most columns of CSV that are tried. */
const mostColumns = 8

/** The wrapping of a source that starts with this text; undefined if there is none. */
export function wrappingOf(
  head: string,
  depth = 1,
  work: WrappingWork = { left: workLimit },
): Wrapping | undefined {
  const outer = outerOf(head) ?? ofValues(head, depth, work)
  if (outer === undefined) return ofCalls(head, depth, work) ?? ofRecords(head)
  if (depth === mostWrappings) return outer
  const unwrapping = new Unwrapping(outer)
  const text = head
    .split('\n')
    .map((line) => unwrapping.line(line))
    .join('')
  const inner = wrappingOf(text, depth + 1, work)
  if (inner !== undefined) return { ...outer, inner }
  // Objects without a known line are not a log: they may be a profile, or the output of another program.
  const isLoose = outer.level !== undefined || outer.name === 'json-log'
  return isLoose && !text.split('\n').some((line) => isOfSomeFormat(line)) ? undefined : outer
}

function isOfSomeFormat(line: string): boolean {
  return isLine(line) || formatOfLine(line) !== undefined
}

function outerOf(head: string): Wrapping | undefined {
  const name = wrappingName(head)
  if (name === undefined) return undefined
  const unwrap = unwrapperOf({ name })
  const isTold = head.split(/\r?\n/).some((line) => {
    const found = unwrap(line)
    return found?.stream === 'stderr' && isLine(found.text) && found.text.includes(' = ')
  })
  return isTold ? { name, stream: 'stderr' } : { name }
}

const order = [
  'json-file',
  'journal-json',
  'journal-pretty',
  'journal-export',
  'journal-verbose',
  'dmesg-json',
  'buildkit-json',
  'asciicast',
  'cri',
  'compose',
  'mail',
  'json-log',
] as const

function wrappingName(head: string): string | undefined {
  const first = firstLines(head)
  if (first.length === 0) return undefined
  if (first.some((line) => / =3D /.test(line)) && !first.some((line) => / = /.test(line)))
    return 'quoted-printable'
  if (isHtml(head)) return 'html'
  // If a format reads the object of each line, the objects are its records and no wrapping.
  const isRead = first.every((line) => isRecord(line))
  // `mail` quotes with "> " at the start of a line. The frames of strace -k begin with " > ".
  return order.find((name) => {
    if (name === 'json-log' && isRead) return false
    const unwrap = unwrapperOf({ name })
    // The first objects may have no text.
    const texts = first.map((line) => unwrap(line))
    return (
      texts.every((each) => each !== undefined) &&
      (name !== 'json-log' || texts.some((each) => each?.text !== '\n'))
    )
  })
}

/** Whether a format reads the object, which may be one of an array or of a sequence (RFC 7464). */
function isRecord(line: string): boolean {
  // oxlint-disable-next-line no-control-regex -- RS
  const bare = line.replace(/^[\s\x1e]+/, '').replace(/,\s*$/, '')
  return jsonObject(bare) !== undefined && isOfSomeFormat(bare)
}

/** The wrapping of JSON that is not one object a line, if an entry is a log's or contains a line of a log. */
function ofValues(head: string, depth: number, work: WrappingWork): Wrapping | undefined {
  // A profile, a config.json and a Kubernetes object are documents, whatever an object inside looks like.
  // oxlint-disable-next-line no-control-regex -- RS
  if (!/^[\s\x1e]*(?:\{\s*["}]|\[\s*["[{\]])/.test(head) || isProfile(head)) return undefined
  // With -n or -i, strace's lines begin with a bracket too.
  if (isKnownCall(firstLines(head)[0] ?? '')) return undefined
  // Between objects of one line each, a logger may write lines of its own.
  const isWhole = firstLines(head.trimStart()).every(
    // oxlint-disable-next-line no-control-regex -- RS
    (line) => jsonObject(line) !== undefined || !/^\s*["[\]{},\x1e]/.test(line),
  )
  if (isWhole && !isWrappedDeep(head)) return undefined
  const level = entryLevel(head, (text, bracket) => isEntry(text, bracket, depth, work))
  return level === undefined || (isWhole && level.depth === 0) ? undefined : { name: 'json-values', level }
}

/** Whether the text contains an array of objects or of arrays. */
function isWrappedDeep(head: string): boolean {
  return /\[\s*[[{]/.test(head)
}

function isEntry(written: string, bracket: Bracket, depth: number, work: WrappingWork): boolean {
  if (bracket === '"') {
    const lines = linesOfString(written)
    if (lines?.split('\n').some((line) => isKnownCall(line)) === true) return true
    return lines !== undefined && depth < mostWrappings && wrappingOf(lines, depth + 1, work) !== undefined
  }
  const text = written.includes('\n') ? written.replaceAll(/\s*\n\s*/g, '') : written
  // A record of a format may contain a text too, as an alert of Falco does.
  if (bracket === '{' && isOfSomeFormat(text)) return true
  const logged = bracket === '[' ? valueOfPair(text) : loggedText(text)?.text
  if (logged === undefined) return false
  const line = logged.split('\n', 1)[0] as string
  return isOfSomeFormat(line) || (depth < mostWrappings && wrappingOf(logged, depth + 1, work) !== undefined)
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

/** How many lines with a result are looked at. */
const sampleSize = 64

/** The wrapping of a log. Without it, most lines with a call's result must be strace's calls; with it, few. */
function ofCalls(head: string, depth: number, work: WrappingWork): Wrapping | undefined {
  if (!holdsResult(head)) return undefined
  const lines = head.split(/\r?\n/).filter((line) => line !== '' && line.length < lineLimit)
  const sample: string[] = []
  for (const line of lines) if (holdsResult(line) && sample.push(line) === sampleSize) break
  if (sample.length === 0) return undefined
  const size = sample.reduce((sum, { length }) => sum + length, 0)
  const isEnough = (calls: number): boolean => calls > 0 && calls * 2 >= sample.length
  if (isEnough(ownIn(sample)) || isEnough(ofOtherFormats(sample))) return undefined
  let best: Wrapping | undefined
  let most = 0
  for (const outer of candidates(lines, sample)) {
    work.left -= size
    if (work.left < 0) break
    const text = unwrapped(outer, sample)
    const isChanged = text.some((line, index) => line !== sample[index])
    // If removing two prefixes makes every line a call, no other two are better.
    const isFound = most === sample.length && best !== undefined && depthOf(best) <= 2
    const isLast = !isChanged || isFound || isEnough(callsIn(text)) || depth === mostWrappings
    const inner = isLast
      ? undefined
      : isLoose(outer)
        ? ofTimes(text)
        : wrappingOf(`${text.join('\n')}\n`, depth + 1, work)
    const wrapping = inner === undefined ? outer : { ...outer, inner }
    const calls = callsIn(inner === undefined ? text : unwrapped(wrapping, sample))
    const isBetter =
      calls > most || (calls === most && best !== undefined && depthOf(wrapping) < depthOf(best))
    if (!isBetter || !isEnough(calls)) continue
    const whole = withWriters(wrapping, lines)
    if (!isMostlyLines(whole, lines)) continue
    best = whole
    most = calls
  }
  return best
}

/** How many lines are looked at for the records of other formats. */
const recordsLooked = 16

/**
 * The prefix, or two of them, before the records of other formats, if half of the first lines have it. Audit records are
 * left out: any program may log a line like them, and header.ts knows the prefixes of those that count.
 */
function ofRecords(head: string, depth = 1): Wrapping | undefined {
  const lines = head.split(/\r?\n/, 4 * recordsLooked).filter((line) => line !== '' && line.length < lineLimit) // prettier-ignore
  const first = lines.slice(0, recordsLooked)
  if (first.length === 0 || first.some((line) => isOfSomeFormat(line))) return undefined
  const isEnough = (found: readonly unknown[]): boolean => found.length * 2 >= first.length
  for (const name of logPrefixes) {
    const found = first.flatMap((line) => withoutPrefix(name, line) ?? [])
    if (!isEnough(found)) continue
    const records = found.filter(({ text }) => isRecordOfOthers(text.slice(0, -1)))
    if (isEnough(records)) return { name, writers: writersOf(name, records) }
    const inner = depth < 2 ? ofRecords(found.map(({ text }) => text).join(''), depth + 1) : undefined
    if (inner !== undefined) return { name, inner, writers: writersOf(name, found) }
  }
  return undefined
}

/** Who wrote the lines. In a log in which any program writes, only the writer of most of them counts. */
function writersOf(name: LogPrefix, lines: readonly Prefixed[]): ReadonlySet<string> {
  const counts = new Map<string, number>()
  for (const { stream } of lines) counts.set(stream, (counts.get(stream) ?? 0) + 1)
  return chosenWriters(name, counts)
}

function chosenWriters(name: LogPrefix, counts: ReadonlyMap<string, number>): ReadonlySet<string> {
  const names = [...counts].sort((a, b) => b[1] - a[1]).map(([writer]) => writer)
  return new Set(prefixRows[name].isShared === true ? names.slice(0, 1) : names)
}

function isRecordOfOthers(line: string): boolean {
  const format = formatOfLine(line)
  return format !== undefined && format !== 'audit'
}

function candidates(lines: readonly string[], sample: readonly string[]): readonly Wrapping[] {
  const [first = ''] = lines
  const columns = separators.flatMap((separator) => {
    const names = csvValues(first, separator)
    const values = csvValues(sample[0] as string, separator) ?? []
    const withResult = values.flatMap((value, index) => (holdsResult(value) ? [index] : []))
    return withResult.slice(0, mostColumns).map((index): CsvColumn => {
      const name = names?.[index]
      return { separator, index, header: /^[@\w. -]{1,64}$/.test(name ?? '') ? name : undefined }
    })
  })
  return [
    ...['gitlab', ...logPrefixes, 'logfmt', 'value'].map((name) => ({ name })),
    ...columns.map((column) => ({ name: 'csv', column })),
  ]
}

function isLoose({ name }: Wrapping): boolean {
  return logPrefixes.some((each) => each === name && prefixRows[each].isLoose === true)
}

/** How many lines have no prefix. */
function ownIn(lines: readonly string[]): number {
  return lines.map((line) => withoutColours(line)).filter((line) => isOwnLine(line) && !isNamed(line)).length
}

/**
 * Whether a log's name in brackets, such as a pod's, stands where --secontext prints a label: strace's later lines have
 * "[pid N]" behind the name. By convention, the type in a label of SELinux ends with "_t".
 */
function isNamed(line: string): boolean {
  return /^\[(?!pid |[0-9a-f]{8,16}\] )[A-Za-z_](?![^\]]*_t[\]:])[^\]]*\] /.test(line)
}

/** Behind words, only a time is tried: most other prefixes are words too. */
function ofTimes(lines: readonly string[]): Wrapping | undefined {
  return lines.every((line) => withoutPrefix('time', line) !== undefined) ? { name: 'time' } : undefined
}

function depthOf({ inner }: Wrapping): number {
  return inner === undefined ? 1 : 1 + depthOf(inner)
}

function callsIn(lines: readonly string[]): number {
  return lines.filter((line) => isCallOrRest(line) && !isNamed(line)).length
}

function ofOtherFormats(lines: readonly string[]): number {
  return lines.filter((line) => formatOfLine(line) !== undefined).length
}

/** The lines without the wrapping. */
function unwrapped(wrapping: Wrapping, lines: readonly string[]): string[] {
  const unwrapping = new Unwrapping(wrapping)
  const text = lines.map((line) => unwrapping.line(line)).join('') + unwrapping.end()
  return text.split('\n').filter((line) => line !== '')
}

/** The wrapping with the writers of strace's lines. */
function withWriters(wrapping: Wrapping, lines: readonly string[]): Wrapping {
  const { name, inner } = wrapping
  const prefix = logPrefixes.find((each) => each === name)
  if (prefix === undefined) return wrapping
  /** By writer of a call, how many lines are strace's. */
  const writers = new Map<string, number>()
  const texts: string[] = []
  for (const line of lines) {
    const found = withoutPrefix(prefix, line)
    if (found === undefined) continue
    const text = found.text.slice(0, -1)
    texts.push(text)
    const [inside = ''] = inner === undefined ? [text] : unwrapped(inner, [text])
    const known = writers.get(found.stream)
    if (known === undefined ? isKnownCall(inside) : isLine(inside))
      writers.set(found.stream, (known ?? 0) + 1)
  }
  return {
    ...wrapping,
    writers: chosenWriters(prefix, writers),
    ...(inner && { inner: withWriters(inner, texts) }),
  }
}

/** Whether most lines are strace's, if the prefix is one that any text may have. */
function isMostlyLines(wrapping: Wrapping, lines: readonly string[]): boolean {
  for (let at: Wrapping | undefined = wrapping; at !== undefined; at = at.inner) {
    if (!isLoose(at)) continue
    const texts = unwrapped(wrapping, lines)
    return texts.filter((text) => isLine(text)).length * 2 >= lines.length
  }
  return true
}
