// Observations: what was seen in any number of sources, folded into one order-free, mergeable table. Decides nothing
// about what a profile allows.
import { isArchitecture, type Architecture } from '../abi/architectures.ts'
import { scalarsRead } from '../abi/scalars.ts'
import type { Format } from '../read/detect.ts'
import { readSources } from '../read/index.ts'
import type { ReaderOptions } from '../read/reader.ts'
import { tellObservations } from '../read/observations/reader.ts'
import type { CallerChoice } from '../read/subject.ts'
import type { ReadingOptions, Source } from '../read/source.ts'
import { Fold } from './fold.ts'
import type { Observations } from '../read/observations/document.ts'

export { printObservations } from './print.ts'
export { estimateRuns, leavesOut, type RunEstimate } from './runs.ts'
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

/** How sources are read. `format`: default auto. `arguments`: of which calls, by name, the values of which arguments (0 to 5) are kept. */
export interface ObserveOptions extends ReadingOptions {
  /** The format of every source; 'auto' (the default) tells it from content. */
  readonly format?: Format | 'auto'
  /** Arguments (index 0 to 5) to read besides the ones always read, by call name. */
  readonly arguments?: ReadonlyMap<string, readonly number[]>
  /** The architecture the traces were recorded on, for those that do not tell. */
  readonly architecture?: Architecture
  /** Whose calls to count, and of when; absent: all. Refused for a format that does not carry what is asked for. */
  readonly choice?: CallerChoice
  /**
   * Of traces of strace, only the calls made under a seccomp filter that the trace shows to be installed: what is
   * called in a container, and by its runtime once the filter is loaded. Refused for other formats.
   */
  readonly afterFilter?: boolean
}

/**
 * Reads sources to their ends and folds what they hold.
 *
 * @throws UserError for a source that cannot be read as a trace: it names the source and says what to do. A source
 * in which no call was found is no error here: see `countCalls`.
 */
export function observe(
  sources: Iterable<Source> | AsyncIterable<Source>,
  options: ObserveOptions = {},
): Promise<Observations> {
  return observeReturned(sources, options)
}

/** The same; and calls made under a filter are told as they came back. Throws as observe() does. */
export async function observeReturned(
  sources: Iterable<Source> | AsyncIterable<Source>,
  options: ObserveOptions,
  returned?: ReaderOptions['returned'],
): Promise<Observations> {
  if (options.architecture !== undefined && !isArchitecture(options.architecture)) {
    throw new TypeError(`no such architecture: ${String(options.architecture)}`)
  }
  const fold = new Fold()
  await readSources(
    sources,
    options.format ?? 'auto',
    {
      arguments: scalarsRead(options.arguments),
      architecture: options.architecture,
      choice: options.choice,
      afterFilter: options.afterFilter,
      returned,
      signal: options.signal,
      progress: options.progress,
    },
    fold,
  )
  return fold.observations()
}

/**
 * Several observations as one: counts add up, the earliest place stays, argument values are united (an argument that
 * one side does not know is not known). Associative and commutative; not idempotent: a run merged twice counts twice.
 */
export function mergeObservations(...all: readonly Observations[]): Observations {
  const fold = new Fold()
  for (const each of all) tellObservations(each, fold)
  return fold.observations()
}

/** How many calls there are, known and unknown, on all architectures. */
export function countCalls(observations: Observations): number {
  let count = 0
  for (const part of [observations.architectures, observations.unknown]) {
    for (const calls of Object.values(part)) for (const call of Object.values(calls)) count += call.count
  }
  return count
}
