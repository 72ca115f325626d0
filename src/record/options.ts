// The values that the options of a recording take.
import { observationsValue } from '../read/observations/document.ts'
import {
  argumentIndexes,
  callback,
  commandWords,
  flag,
  objectOf,
  oneOf,
  readOptions,
  signalOf,
  text,
  valueOf,
  wholeFrom,
  type OptionTable,
  type OptionReader,
} from '../options.ts'
import { recorderNames, type Load, type PodOptions, type PodQuery, type RecordSettings } from './recording.ts'

export const settingsTable: OptionTable<RecordSettings> = {
  recorder: oneOf(['auto', ...recorderNames]),
  for: wholeFrom(0),
  known: observationsValue,
  name: text,
  arguments: argumentIndexes,
  load: objectOf<Load>({ command: commandWords, ready: commandWords }, 'command'),
  stop: signalOf(),
  each: flag,
  kill: signalOf(),
  begun: callback(),
  signals: callback(),
  notice: callback(),
  cwd: text,
  env: valueOf('an object', (value) => typeof value === 'object' && value !== null),
  streams: oneOf(['inherit', 'to-stderr', 'ignore']),
}

const query: OptionReader<PodQuery> = (value, at) =>
  readOptions<{ pod?: string; selector?: string; container?: string }>(
    at,
    { pod: text, selector: text, container: text },
    value,
  ) as PodQuery

/** The members of every kind of recording. The types allow only one of those that name what to record. */
export const recordTable: OptionTable<
  RecordSettings & {
    readonly command: readonly [string, ...string[]]
    readonly pid: number
    readonly cgroup: string
    readonly container: string
  } & Pick<PodOptions, 'query' | 'cri' | 'wait'>
> = {
  ...settingsTable,
  command: commandWords,
  pid: wholeFrom(1),
  cgroup: text,
  container: text,
  query,
  cri: text,
  wait: flag,
}
