// The account of what was read, for stderr: a table of the sources, the estimate from several runs, and a closing line.
import { architectureNames } from '../abi/architectures.ts'
import type { Observations } from '../observe/index.ts'
import { estimateRuns, leavesOut } from '../observe/runs.ts'
import type { Evidence, SourceSummary } from '../read/account.ts'
import { escapeTerminal } from './escape.ts'

/** Such as `298 calls, 45 different (x86_64), from 1 source; 3 lines not understood`. */
export function accountLine(observations: Observations): string {
  let calls = 0
  let different = 0
  const seen = architectureNames.filter(
    (name) => observations.architectures[name] ?? observations.unknown[name],
  )
  for (const architecture of seen) {
    for (const part of [observations.architectures[architecture], observations.unknown[architecture]]) {
      for (const { count } of Object.values(part ?? {})) {
        calls += count
        different++
      }
    }
  }
  const unparsed = observations.sources.reduce((sum, source) => sum + source.unparsed, 0)
  // An observations file is listed beside its own sources, so it does not count itself.
  const read = observations.sources.filter(({ format }) => format !== 'observations')
  const sources = plural(numberOf(read), 'source')
  const rest = unparsed === 0 ? '' : `; ${plural(unparsed, 'line')} not understood`
  return `${plural(calls, 'call')}, ${different} different (${seen.join(', ') || 'none'}), from ${sources}${rest}`
}

const words: Readonly<Record<Evidence, string>> = {
  'every-call': 'every call',
  'refused-only': 'only calls that a filter logged or refused',
  'rules-only': 'only calls that a rule asks for',
  'most-frequent': 'only the most frequent calls',
  'failures-only': 'only calls that failed',
  'exits-only': 'calls as they return: not exit_group, nor those in flight',
  'named-only': 'only calls that the recorder has a name for',
  'no-arguments': 'no arguments',
  'native-only': '32-bit calls have wrong names',
  attached: 'begun while it ran',
  'no-children': 'children not followed',
  wanted: 'wanted, not seen',
  'new-only': 'only calls that were not known before',
  'log-only': 'no calls, says what is missing',
}

/** More sources than this are summed up, because a set of `strace -ff` has hundreds. */
const rowLimit = 20
export const accountTitles: readonly string[] = [
  'source',
  'format',
  'lines',
  'calls',
  'ignored',
  'unparsed',
  'lost',
  'evidence',
]

/** One row a source, under `accountTitles`. Not escaped. */
export function accountRows(observations: Observations): readonly (readonly string[])[] {
  const sources = observations.sources.filter(({ format }) => format !== 'observations')
  const rest = sources.slice(rowLimit)
  return [...sources.slice(0, rowLimit), ...(rest.length === 0 ? [] : [summed(rest)])].map(cells)
}

/** The titles and rows as lines for a terminal. Escaped. */
export function accountTable(observations: Observations): string[] {
  const rows = accountRows(observations).map((row) => row.map(escapeTerminal))
  if (rows.length === 0) return []
  const widths = accountTitles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  )
  return [accountTitles, ...rows].map((row) =>
    row
      .map((cell, column) =>
        column >= 2 && column <= 6
          ? cell.padStart(widths[column] as number)
          : cell.padEnd(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  )
}

function numberOf(sources: readonly SourceSummary[]): number {
  return sources.reduce((all, { count = 1 }) => all + count, 0)
}

function cells({
  name,
  count = 1,
  format,
  lines,
  calls,
  ignored,
  unparsed,
  lost = 0,
  evidence = [],
}: SourceSummary): string[] {
  const said = evidence.map((kind) => (Object.hasOwn(words, kind) ? words[kind] : kind)).join('; ')
  const title = count === 1 ? name : `${name} (${count} sources)`
  return [title, format, ...[lines, calls, ignored, unparsed, lost].map(String), said]
}

function summed(sources: readonly SourceSummary[]): SourceSummary {
  const sum = (key: 'lines' | 'calls' | 'ignored' | 'unparsed' | 'lost'): number =>
    sources.reduce((all, source) => all + (source[key] ?? 0), 0)
  return {
    name: `and ${numberOf(sources)} more`,
    format: [...new Set(sources.map(({ format }) => format))].sort().join(', '),
    lines: sum('lines'),
    calls: sum('calls'),
    ignored: sum('ignored'),
    unparsed: sum('unparsed'),
    lost: sum('lost'),
    evidence: [...new Set(sources.flatMap(({ evidence = [] }) => evidence))].sort(),
  }
}

/** The estimate for one more run, in plain words. Empty for a single run. */
export function runLines(observations: Observations): string[] {
  const estimate = estimateRuns(observations)
  if (estimate === undefined) {
    const { runs = 1 } = observations
    return runs > 1 && leavesOut(observations)
      ? [
          `${runs} runs: some were recorded without the calls that were known before, so what another run will show cannot be told`,
        ]
      : []
  }
  const { runs, seen, once, expectedNew, unseen } = estimate
  const inAll = Object.values(observations.architectures)
    .flatMap((calls) => Object.values(calls))
    .filter((call) => call.runs === runs).length
  const rare =
    once === 0
      ? 'none was in one run only'
      : `${plural(once, 'call')} ${once === 1 ? 'was' : 'were'} in one run only`
  const more =
    unseen < 0.5
      ? ''
      : `; at least ${plural(Math.ceil(unseen), 'call')} of the program ${Math.ceil(unseen) === 1 ? 'was' : 'were'} probably never seen so far`
  return [
    `${runs} runs: ${inAll} of ${seen} calls in every run; ${rare}: ${nextRun(once, expectedNew)}${more}`,
  ]
}

/** Good and Turing's estimate, rounded to its precision. */
function nextRun(once: number, expected: number): string {
  if (once === 0) return 'another run will probably show no new call'
  if (expected >= 0.75)
    return `another run will probably show about ${plural(Math.round(expected), 'new call')}`
  return `about one run in ${Math.round(1 / expected)} will probably show a new call`
}

export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`
}
