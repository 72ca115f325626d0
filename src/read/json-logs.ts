// Reads log lines inside JSON, as exporters write them: any order of keys, any spacing, the text under one of a few
// names at the top or in an object of the exporter. Authority: Docker's json-file driver, Fluent Bit and Fluentd (log,
// message), Loki (line, pairs), CloudWatch (message, @message), Elasticsearch (_source.message), Splunk (_raw, event),
// journald (MESSAGE), Google's (textPayload), Azure's (LogEntry, LogMessage, Log, Log_s) and GELF's (short_message) entries,
// OpenTelemetry's (stringValue).
import { jsonObject, member, textOf } from './json-line.ts'
import { holdsResult } from './strace/completion.ts'
import { isLine } from './strace/parse-line.ts'

const names = [
  'log', 'message', 'msg', 'MESSAGE', 'line', '_raw', 'event', 'event.original', 'textPayload', 'short_message',
  'stringValue', 'LogEntry', 'LogMessage', 'Log', 'Log_s', '@message', 'stderr', 'output', 'out', 'text', 'body', 'content',
] as const // prettier-ignore
const around: readonly (readonly string[])[] = [
  [],
  ['_source'],
  ['result'],
  ['fields'],
  ['event'],
  ['jsonPayload'],
  ['attributes'],
  ['content'],
  ['message'],
  ['body'],
]

/** The text of a log line, and its stream if the entry names one; undefined for other objects. */
export function loggedText(line: string): { readonly stream: string; readonly text: string } | undefined {
  const entry = withoutTag(line.trim())
  const value = jsonObject(entry.endsWith(',') ? entry.slice(0, -1) : entry)
  if (value === undefined) return undefined
  const key = names.find((each) => typeof value[each] === 'string')
  if (key !== undefined) return told(value, value[key] as string)
  // CloudWatch Logs Insights has an object for each field of a row.
  if (typeof value['field'] === 'string' && typeof value['value'] === 'string')
    return value['field'] === '@message' ? told(value, value['value']) : { stream: '', text: '\n' }
  for (const path of around) {
    for (const name of names) {
      const found = member(value, ...path, name)
      // Elasticsearch has lists under `fields`.
      const text = textOf(Array.isArray(found) ? found[0] : found)
      if (text !== undefined) return told(value, text)
    }
  }
  return undefined
}

/** A time and a tag before the object: Fluentd's standard output and files, and Fluent Bit's, with Ruby's objects. */
const tagged = /^\d{4}-\d\d-\d\d[T ][\d:.]+ ?(?:Z|[+-]\d\d:?\d\d)[ \t]\S{1,255}?(?:: |\t)(?=\{)/
const listed = /^\[\d+\] \S{1,255}: \[(?:\[[\d.]+, \{.*?\}\]|[\d.]+), (\{.*\})\]$/

function withoutTag(line: string): string {
  if (line.startsWith('{')) return line
  // A sequence of RFC 7464, and server-sent events.
  // oxlint-disable-next-line no-control-regex -- RS
  const [before] = /^(?:\x1e|data: )/.exec(line) ?? []
  if (before !== undefined) return line.slice(before.length)
  const object = listed.exec(line)?.[1]
  return object === undefined ? line.replace(tagged, '') : object.replaceAll(/("(?:[^"\\]|\\.)*")=>/g, '$1:')
}

/** The line in Loki's pair of a time in nanoseconds and a line; undefined for another array. */
export function valueOfPair(text: string): string | undefined {
  if (!/^\[\s*"\d{1,20}"\s*,\s*"/.test(text)) return undefined
  try {
    const line: unknown = (JSON.parse(text) as unknown[])[1]
    return typeof line === 'string' ? line : undefined
  } catch {
    return undefined
  }
}

/** The text of a JSON string that contains a line or a result of strace; undefined for another string. */
export function linesOfString(written: string): string | undefined {
  try {
    const text = JSON.parse(written) as string
    return holdsResult(text) || text.split('\n', linesLooked).some((line) => isLine(line)) ? text : undefined
  } catch {
    return undefined
  }
}

/** How many lines of a string are looked at. */
const linesLooked = 64

/** Docker cuts a long line into pieces of 16 KiB of UTF-8. Each has at least this many UTF-16 code units. */
const shortestPiece = 4096

/** The text of Docker's own entry. Without a line end, a short text is a whole line: some exporter cut its end off. */
export function withDockersEnd(text: string): string {
  return text.endsWith('\n') || text.length >= shortestPiece ? text : `${text}\n`
}

/** Docker's own entry has these keys. */
function told(
  value: Readonly<Record<string, unknown>>,
  text: string,
): { readonly stream: string; readonly text: string } {
  const isDocker = 'log' in value && 'stream' in value && 'time' in value
  const stream = textOf(value['stream']) ?? ''
  if (isDocker) return { stream, text: withDockersEnd(text) }
  return { stream, text: text.endsWith('\n') ? text : `${text}\n` }
}
