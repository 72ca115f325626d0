// What every recorder is asked for and what it gives back.
import type { Observations } from '../observe/index.ts'

/** The signals people and supervisors end a program with. They are passed on to the command. */
export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT'
export const endingSignals: readonly EndingSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** Calls the listener for every signal that reached this process; the result ends that. */
export type SignalFeed = (listener: (signal: EndingSignal) => void) => () => void

/** Something a person wants to know while the recording goes on. */
export type RecordNotice =
  /** `program` was given an option we do not know, so which program it starts could not be told. */
  | { readonly code: 'not-read'; readonly program: string; readonly option: string }
  /** The command raises privileges itself, so `program`'s own calls are recorded as well. */
  | { readonly code: 'raiser-recorded'; readonly program: string }
  /** The command has ended; so many processes that it left behind are still running and recorded. */
  | { readonly code: 'left-running'; readonly processes: number }

interface RecordSettings {
  /** Which recorder; `auto` takes the best one that works here. Today that is strace. */
  readonly recorder?: 'auto' | 'strace'
  /** Milliseconds after which the command is ended: SIGTERM, and SIGKILL when that was not enough. */
  readonly for?: number
  /** Aborting it ends the recording as `for` does. */
  readonly stop?: AbortSignal
  /** Signals to pass on to the command. One that reaches it anyway (Ctrl-C in its terminal) is not sent twice. */
  readonly signals?: SignalFeed
  readonly notice?: (notice: RecordNotice) => void
  /** Default: this process's. */
  readonly cwd?: string
  /** The whole environment of the command. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * The command's standard streams: `inherit` (default) leaves it ours, `to-stderr` too but with its output on our
   * stderr, so that our stdout stays free; `ignore` gives it none.
   */
  readonly streams?: 'inherit' | 'to-stderr' | 'ignore'
}

/** What to record: a command that is started, or a process that runs already. */
export type RecordOptions = RecordSettings &
  (
    | { readonly command: readonly [string, ...string[]]; readonly pid?: never }
    | { readonly pid: number; readonly command?: never }
  )

/** How the recorded command ended. */
export type Ending =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'killed'; readonly signal: string }
  /** The recorder let go of a process it had been attached to, or that process ended. */
  | { readonly kind: 'released' }

export interface Recording {
  readonly observations: Observations
  readonly ending: Ending
}
