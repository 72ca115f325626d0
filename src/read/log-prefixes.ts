// Logs that put a prefix before every line of strace: the journal as text and syslog, the log of a GitHub action,
// BuildKit's plain progress, and text pasted with an indent. The first group of each pattern is the writer of the line
// (empty if the log does not name it); the line follows the match. Authority: journalctl(1) --output, RFC 3164 and
// 5424, `gh run view --log`, moby/buildkit util/progress.
import { completionOf } from './strace/completion.ts'
import { isLine, parseLine } from './strace/parse-line.ts'

const days = String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?`
const times = [
  // short, short-precise, with-unit; syslog
  String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?`,
  // short-full, short-iso, short-iso-precise
  String.raw`${days}\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[A-Z]{2,5}|[+-]\d\d:?\d\d))?`,
  // short-unix, short-monotonic, short-delta
  String.raw`\d{9,11}\.\d{6}`,
  String.raw`\[ *\d+\.\d{6}(?: +<[ \d.]+>)?\]`,
]
const journal = new RegExp(
  String.raw`^(?:<\d{1,3}>)?(?:1 )?(?:${times.join('|')}) \S{1,255} ([^\s:[\]]{1,255})(?:\[\d+\])?: `,
)

/** The prefix of a line of each log. */
const prefixes = {
  journal,
  // job, step, then the time that the runner gives; the first line of a step has a byte order mark.
  'github-log': /^([^\t]{1,255}\t[^\t]{1,255})\t(?:\xef\xbb\xbf|\ufeff)?\d{4}-\d\d-\d\dT[\d:.]+Z /,
  buildkit: /^(#\d+) (?:\[[^\]]{1,200}\] )?\d+\.\d+ /,
  indented: /^()[ \t]+(?=\S)/,
} as const

export type LogPrefix = keyof typeof prefixes
export const logPrefixes = Object.keys(prefixes) as readonly LogPrefix[]

/** The logger's own lines, which contain no call. */
const ownLines: Readonly<Partial<Record<LogPrefix, RegExp>>> = {
  journal: /^-- .* --$/,
  buildkit: /^#\d+ /,
}

export interface Prefixed {
  readonly stream: string
  readonly text: string
}

/** A line without the prefix; undefined if it has none. */
export function withoutPrefix(log: LogPrefix, line: string): Prefixed | undefined {
  const found = prefixes[log].exec(line)
  if (found === null) return ownLines[log]?.test(line) === true ? { stream: '-', text: '\n' } : undefined
  const [prefix, stream = ''] = found
  return { stream, text: `${line.slice(prefix.length)}\n` }
}

/** The writer of strace's lines: the writer of the first call. Undefined if there is no call. */
export function writerOf(log: LogPrefix, lines: readonly string[]): string | undefined {
  for (const line of lines) {
    // An indented line may be strace's own form: -r indents the time.
    if (log === 'indented' && isLine(line)) return undefined
    const found = withoutPrefix(log, line)
    if (found !== undefined && isCall(found.text.slice(0, -1))) return found.stream
  }
  return undefined
}

function isCall(line: string): boolean {
  const { shape } = parseLine(line)
  if (shape.kind !== 'call') return false
  const { kind } = completionOf(line, shape.open)
  return kind === 'returned' || kind === 'unfinished'
}
