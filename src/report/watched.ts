// Prints what `watch` found, as sentences, rows and JSON lines for every format. Names of processes and containers come
// from outside, so the format must escape them.
import { harmlessJson } from '../json-string.ts'
import { answerText } from '../meaning/answer.ts'
import type { Judged, Repair } from '../verify/index.ts'
import type { WatchedCall } from '../watch/index.ts'
import { plural } from './account.ts'
import { errnoOf, nameOf, patchOf, processesText } from './verification.ts'

export interface WatchReport {
  readonly rows: readonly WatchedCall[]
  /** The built-ins that a filter equals, by its fingerprint. */
  readonly builtins: ReadonlyMap<string, readonly string[]>
  /** The number of calls that found no room in the recording. */
  readonly lost: number
  /** The number of failed calls under filters that the kernel does not keep. */
  readonly unknown: number
  /** With --patch: the profile, the refusals that were not added, and the edit. */
  readonly profile: string
  readonly refusals: readonly Judged[]
  readonly repair?: Repair
  readonly within: string | undefined
  readonly rounds: number
}

export const watchedTitles = [
  'where',
  'call',
  'arch',
  'answered',
  'times',
  'by',
  'first',
  'last',
  'arguments',
]

export function watchedRow(row: WatchedCall): readonly string[] {
  const { where, architecture, args = [], count, processes, first, last } = row
  return [
    where,
    nameOf(row),
    architecture,
    answered(row),
    String(count),
    processesText(processes),
    timeOf(first),
    timeOf(last),
    argumentsText(args),
  ]
}

/** The line that is printed while watching: the calls since the line before it. */
export function watchedLine(row: WatchedCall): string {
  const { where, architecture, args = [], count, processes, last } = row
  const times = count === 1 ? '' : `, ${count} times`
  return `${timeOf(last)} ${where}: ${nameOf(row)} (${architecture}) ${answered(row)}${times}, by ${processesText(processes)}, arguments ${argumentsText(args)}`
}

/** The same as JSON, which `observe` reads. The counts of successive lines add up. */
export function watchedValue(row: WatchedCall): string {
  const {
    where,
    architecture,
    syscall,
    number,
    args = [],
    answer,
    count,
    processes,
    withheld,
    first,
    last,
    filter,
  } = row
  const errno = errnoOf(answer)
  const [process] = processes
  return harmlessJson(
    JSON.stringify({
      at: new Date(first).toISOString(),
      last: new Date(last).toISOString(),
      where,
      arch: architecture,
      ...(syscall !== undefined && { syscall }),
      number,
      args: args.map(String),
      answer: answerText(answer),
      ...(errno !== undefined && { errno }),
      ...(withheld && { withheld }),
      count,
      ...(process && { pid: process.pid, comm: process.comm }),
      filter: filter.fingerprint,
    }),
  )
}

export function watchedSummary(watched: WatchReport): object {
  const { rows, lost, unknown, repair } = watched
  return {
    summary: {
      refused: sumOf(refusedIn(rows)),
      withheld: sumOf(rows.filter(({ withheld }) => withheld)),
      lost,
      unknown,
      filters: filtersIn(watched).map(({ filter, builtins }) => ({
        filter: filter.fingerprint,
        instructions: filter.programs.map(({ length }) => length),
        builtins,
      })),
      ...(repair && { patch: patchOf(watched), added: repair.added.map(({ refusal }) => refusal.syscall) }),
    },
  }
}

/** The sentences about all rows together. */
export function watchedSentences(watched: WatchReport): readonly string[] {
  const { rows, lost, unknown } = watched
  const refused = refusedIn(rows)
  const names = [...new Set(rows.filter(({ withheld }) => withheld).map(nameOf))]
  return [
    refused.length === 0
      ? 'nothing was refused'
      : `${plural(sumOf(refused), 'call')} refused or logged: ${[...new Set(refused.map(nameOf))].join(', ')}`,
    ...(names.length === 0
      ? []
      : [`answered with ENOSYS, so that programs use another call: ${names.join(', ')}`]),
    ...filtersIn(watched).map(filterText),
    ...gapsOf({ lost, unknown }),
  ]
}

/** Sentences about refusals that may be missing. */
export function gapsOf({ lost, unknown }: Pick<WatchReport, 'lost' | 'unknown'>): readonly string[] {
  return [
    ...(lost === 0 ? [] : [`${plural(lost, 'call')} found no room and may be missing above`]),
    ...(unknown === 0
      ? []
      : [
          `${plural(unknown, 'failed call')} ran under a filter whose program this kernel does not keep: whether the filter refused them is not known`,
        ]),
  ]
}

export const refusedIn = (rows: readonly WatchedCall[]): readonly WatchedCall[] =>
  rows.filter(({ withheld }) => !withheld)

interface NamedFilter {
  readonly filter: WatchedCall['filter']
  readonly builtins: readonly string[]
  readonly where: readonly string[]
}

function filtersIn({ rows, builtins }: WatchReport): readonly NamedFilter[] {
  const byPrint = new Map(rows.map(({ filter }) => [filter.fingerprint, filter]))
  return [...byPrint].map(([print, filter]) => ({
    filter,
    builtins: builtins.get(print) ?? [],
    where: [...new Set(rows.filter((each) => each.filter.fingerprint === print).map(({ where }) => where))],
  }))
}

function filterText({ filter, builtins, where }: NamedFilter): string {
  const lengths = filter.programs.map(({ length }) => length).join(' and ')
  const which =
    builtins.length > 0
      ? `answers every call as ${builtins.join(' and ')}`
      : filter.filter === undefined
        ? 'computes with arguments, so that it is compared with no built-in'
        : 'is not a built-in default'
  return `filter ${filter.fingerprint} of ${where.join(', ')}: ${lengths} instructions, ${which}`
}

function sumOf(rows: readonly WatchedCall[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0)
}

function answered({ answer }: WatchedCall): string {
  return errnoOf(answer) ?? answerText(answer).replace('SCMP_ACT_', '')
}

function argumentsText(args: readonly bigint[]): string {
  return args.map((each) => `0x${each.toString(16)}`).join(' ')
}

/** The time of day in UTC, without the date, which the reader knows. */
function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 23)
}
