// Observations: what was seen in any number of sources, folded into one table. Their order does not matter, and tables
// can be merged. This room decides nothing about what a profile allows.
import type { Architecture } from '../abi/architectures.ts'
import { scalarsRead } from '../abi/scalars.ts'
import {
  architecture,
  argumentIndexes,
  callback,
  flag,
  objectOf,
  oneOf,
  readOptions,
  signalOf,
  text,
  valueOf,
  wholeFrom,
  type OptionTable,
} from '../options.ts'
import type { Format } from '../read/formats.ts'
import { formatNames, readSources } from '../read/index.ts'
import { observationsValue, type Observations } from '../read/observations/document.ts'
import type { ReaderOptions } from '../read/reader.ts'
import { tellObservations } from '../read/observations/reader.ts'
import type { CallerChoice } from '../read/subject.ts'
import type { ReadingOptions, Source } from '../read/source.ts'
import { Fold } from './fold.ts'

export { printObservations } from './print.ts'
export { estimateRuns, leavesOut, type RunEstimate } from './runs.ts'
export { workloadOf } from './workload.ts'
export type { ObservedCall, Observations } from '../read/observations/document.ts'
export type {
  BlindSpot,
  CapabilityCheck,
  CapabilityName,
  CapabilityRaise,
  ContainerStart,
  ContextList,
  Counted,
  Execution,
  FileUse,
  Identity,
  LostRows,
  ObservedContext,
  PortBound,
  RingSeen,
  SeenDirectory,
  SeenMount,
  UserNamespaceMade,
} from '../read/observations/context.ts'

/** How observe() reads its sources, and which calls and values it keeps. */
export interface ObserveOptions extends ReadingOptions {
  /** The format of every source. 'auto' (the default) detects it from the content. */
  readonly format?: Format | 'auto'
  /** The additional arguments to read (index 0 to 5), by the name of the call. */
  readonly arguments?: ReadonlyMap<string, readonly number[]>
  /** The architecture of traces that do not state theirs. */
  readonly architecture?: Architecture
  /** Whose calls count, and of which time. Default: all. Refused for a format without this information. */
  readonly choice?: CallerChoice
  /**
   * Count only calls that were made under a seccomp filter whose installation the trace shows: those of the container,
   * and of its runtime after it loaded the filter. Refused for formats other than strace's.
   */
  readonly afterFilter?: boolean
  /**
   * Also collect what traces of strace show of a security context. Then every line takes the slow path. The context
   * covers all calls, even with `afterFilter`.
   */
  readonly context?: boolean
}

/**
 * Reads all sources and folds their records into observations.
 *
 * @throws UserError for an unknown option or a value that it does not take, and for a source that cannot be read as a
 * trace; the message names the source and says what to do. A source without any call is not an error here: see
 * `countCalls`.
 */
export async function observe(
  sources: Iterable<Source> | AsyncIterable<Source>,
  options: ObserveOptions = {},
): Promise<Observations> {
  return observeWith({}, sources, readOptions('observe', observeTable, options))
}

const seconds = valueOf<number>('a number of seconds since 1970', Number.isFinite)

const observeTable: OptionTable<ObserveOptions> = {
  format: oneOf(formatNames),
  arguments: argumentIndexes,
  architecture,
  choice: objectOf<CallerChoice>({
    pid: wholeFrom(1),
    comm: text,
    exe: text,
    container: text,
    pod: text,
    since: seconds,
    until: seconds,
  }),
  afterFilter: flag,
  context: flag,
  signal: signalOf(),
  progress: callback(),
}

/** Like observe(), and reports results of calls under a filter and executed programs. Throws as observe() does. */
export async function observeWith(
  reports: Pick<ReaderOptions, 'returned' | 'executed'>,
  sources: Iterable<Source> | AsyncIterable<Source>,
  options: ObserveOptions,
): Promise<Observations> {
  const fold = new Fold()
  await readSources(
    sources,
    options.format ?? 'auto',
    {
      arguments: scalarsRead(options.arguments),
      architecture: options.architecture,
      choice: options.choice,
      afterFilter: options.afterFilter,
      context: options.context,
      ...reports,
      signal: options.signal,
      progress: options.progress,
    },
    fold,
  )
  return fold.observations()
}

/**
 * Merges observations: counts add up, the earliest place stays, argument values are united. An argument that is unknown
 * on one side is unknown in the result. Associative and commutative, but not idempotent: a run merged twice counts
 * twice.
 *
 * @throws UserError for a value that is not observations.
 */
export function mergeObservations(...all: readonly Observations[]): Observations {
  const fold = new Fold()
  for (const each of all) tellObservations(observationsValue(each, 'mergeObservations'), fold)
  return fold.observations()
}

/**
 * The number of calls, known and unknown, on all architectures.
 *
 * @throws UserError for a value that is not observations.
 */
export function countCalls(observations: Pick<Observations, 'architectures' | 'unknown'>): number {
  observationsValue(observations, 'countCalls: observations')
  let count = 0
  for (const part of [observations.architectures, observations.unknown]) {
    for (const calls of Object.values(part)) for (const call of Object.values(calls)) count += call.count
  }
  return count
}
