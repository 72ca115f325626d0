// Options with one meaning in every command (contract: "Options with one meaning everywhere"), and the readers of their
// values.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { formatNames } from '../read/index.ts'
import type { CallerChoice } from '../read/subject.ts'
import type { Load } from '../record/index.ts'
import { UserError } from '../errors.ts'
import { commandWords, type CommandWords } from './command-words.ts'
import { processId } from './process-id.ts'

export const formatOption = (): Option =>
  new Option('--format <format>', 'format of the input').choices([...formatNames]).default('auto')

/** Adds the options that choose whose calls count, for formats that state the caller. */
export function addChoiceOptions(command: Command): Command {
  return command
    .optionsGroup('Which calls count:')
    .addOption(new Option('--pid <pid>', 'count this process only').argParser(processId))
    .option('--comm <name>', 'count processes of this name only (15 bytes)')
    .option('--exe <path>', 'count this program only')
    .option('--container <name>', 'count this container only (name or id)')
    .option('--pod <name>', 'count this pod only')
    .addOption(
      new Option('--since <time>', 'count calls from 2026-11-24T08:00:00Z, or seconds since 1970').argParser(
        moment,
      ),
    )
    .addOption(new Option('--until <time>', 'count calls up to this time').argParser(moment))
}

/** The choice of callers in a command's options. */
export function choiceOf({ pid, comm, exe, container, pod, since, until }: CallerChoice): CallerChoice {
  return Object.fromEntries(
    Object.entries({ pid, comm, exe, container, pod, since, until }).filter(
      ([, value]) => value !== undefined,
    ),
  )
}

/** Reads an ISO 8601 time (local without a zone, as in journalctl) or seconds since 1970. Returns seconds. */
export function moment(word: string): number {
  const [, seconds] = /^@?(\d{9,11}(?:\.\d+)?)$/.exec(word) ?? []
  if (seconds !== undefined) return Number(seconds)
  const [date, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(word) ?? []
  // Date.parse would take a bare date as UTC, and 31 February as 3 March.
  const time = Date.parse(word === date ? `${word}T00:00` : word) / 1000
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  if (date === undefined || Number.isNaN(time) || Number(day) > lastDay)
    throw new InvalidArgumentError(
      'Give a time such as 2026-11-24T08:00:00Z, or seconds since 1970 such as 1795507200.',
    )
  return time
}

export { archOption, outputOption } from './document-options.ts'
export { processId } from './process-id.ts'
export { runtimeOption } from './runtime-option.ts'

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** Reads `30s`, `5m`, `1.5h`, `500ms`; a bare number means seconds, as in sleep(1). Returns milliseconds. */
export function duration(word: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(word) ?? []
  const time = Number(number) * units[unit as keyof typeof units]
  // The longest wait of a Node timer.
  if (!(time > 0 && time <= 0x7fffffff))
    throw new InvalidArgumentError('Give a time such as 30s, 5m or 500ms.')
  return time
}

/** Reads a number of times, 1 to 9999. */
export function times(word: string): number {
  if (!/^[1-9]\d{0,3}$/.test(word)) throw new InvalidArgumentError('Give a number from 1 to 9999.')
  return Number(word)
}

export interface LoadOptions {
  readonly load?: CommandWords
  readonly ready?: CommandWords
}

export function addLoadOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--load <cmd>', 'run this load when the command is ready, then stop the command').argParser(
        commandWords,
      ),
    )
    .addOption(
      new Option('--ready <cmd>', 'ready when this ends with 0 (default: if healthy or listening)').argParser(
        commandWords,
      ),
    )
}

/** Throws a UserError for --ready without --load. */
export function loadOf({ load, ready }: LoadOptions): { readonly load?: Load } {
  if (load === undefined && ready !== undefined) throw new UserError('ready-without-load')
  return load === undefined ? {} : { load: { command: load, ...(ready && { ready }) } }
}
