// What became of the lines of one source, and what kind of evidence the source is. Both show how complete a profile is.

/** The summary of one source: what became of its lines. */
export interface SourceSummary {
  readonly name: string
  /** The digest of the image, if it is known. */
  readonly image?: string
  /** How many sources this summary sums up; absent for one. */
  readonly count?: number
  readonly format: string
  readonly lines: number
  /** Calls counted. */
  readonly calls: number
  /** Lines understood without a call, or with one that the user's choice left out. */
  readonly ignored: number
  /** Lines not understood. */
  readonly unparsed: number
  /** Records that the recorder says it lost, if it gives a number; absent for none. */
  readonly lost?: number
  /** What the source can and cannot show, sorted. */
  readonly evidence?: readonly Evidence[]
}

/** How complete a source is: which calls it can show at all. */
export type Evidence =
  | 'every-call' // every call of the recorded processes
  | 'refused-only' // only calls that a filter logged or refused
  | 'rules-only' // only calls that an audit rule asked for
  | 'most-frequent' // only the calls that were made most often
  | 'failures-only' // only calls that failed
  | 'exits-only' // counted when a call returns: exit_group and calls in flight are missing
  | 'named-only' // calls that the recorder has no name for are missing
  | 'no-arguments'
  | 'native-only' // calls of 32-bit programs have names of the 64-bit table
  | 'attached' // the recording began while the program ran: its start is missing
  | 'no-children' // processes that the program started were not followed
  | 'wanted' // a profile: the calls that it allows are wanted, not seen
  | 'new-only' // calls that were known before were left out
  | 'log-only' // shows how complete another source is, and contains no call
