// Logs of which every line has a prefix of the logger's and strace's line behind it: the journal as text and syslog,
// the log of a GitHub action, BuildKit's plain progress, and text pasted with an indent. Each pattern's first group is
// who wrote the line (empty where the log does not tell); what it leaves is the line. Authority: journalctl(1) --output, RFC
// 3164 and 5424, `gh run view --log`, moby/buildkit util/progress.
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

/** What a line of each log is. */
const prefixes = {
  journal,
  // job, step, then the time that the runner gives; the first line of a step has a byte order mark.
  'github-log': /^([^\t]{1,255}\t[^\t]{1,255})\t(?:\xef\xbb\xbf|\ufeff)?\d{4}-\d\d-\d\dT[\d:.]+Z /,
  buildkit: /^(#\d+) (?:\[[^\]]{1,200}\] )?\d+\.\d+ /,
  indented: /^()[ \t]+(?=\S)/,
} as const

export type LogPrefix = keyof typeof prefixes
export const logPrefixes = Object.keys(prefixes) as readonly LogPrefix[]

/** Lines of the logger's own, which tell of no call. */
const ownLines: Readonly<Partial<Record<LogPrefix, RegExp>>> = {
  journal: /^-- .* --$/,
  buildkit: /^#\d+ /,
}

export interface Prefixed {
  readonly stream: string
  readonly text: string
}

/** A line without the prefix; undefined for one that has none. */
export function withoutPrefix(log: LogPrefix, line: string): Prefixed | undefined {
  const found = prefixes[log].exec(line)
  if (found === null) return ownLines[log]?.test(line) === true ? { stream: '-', text: '\n' } : undefined
  const [prefix, stream = ''] = found
  return { stream, text: `${line.slice(prefix.length)}\n` }
}

/** Whose lines of the log are strace's: who wrote the first call; undefined where none is there. */
export function writerOf(log: LogPrefix, lines: readonly string[]): string | undefined {
  for (const line of lines) {
    // With an indent a line can be strace's as it is: -r puts one before the time.
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
