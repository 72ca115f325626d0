// What became of the lines of one source, and what kind of evidence it is, so that whoever reads a profile can tell
// how complete it is.

/** What became of the lines of one source. */
export interface SourceSummary {
  readonly name: string
  /** The digest of the image, where it is known. */
  readonly image?: string
  /** How many sources it is the sum of; absent for one. */
  readonly count?: number
  readonly format: string
  readonly lines: number
  /** Calls counted. */
  readonly calls: number
  /** Lines understood that tell of no call, or of one that a filter of the user left out. */
  readonly ignored: number
  /** Lines not understood. */
  readonly unparsed: number
  /** Records that the recorder itself says it lost, as far as it gives a number; absent for none. */
  readonly lost?: number
  /** What the source can tell, and what it cannot; sorted. */
  readonly evidence?: readonly Evidence[]
}

/** How complete a source is: which calls it can show at all. */
export type Evidence =
  | 'every-call' // of the processes recorded
  | 'refused-only' // only calls that a filter logged or refused
  | 'rules-only' // only calls that an audit rule asked for
  | 'most-frequent' // only the calls that were made most often
  | 'failures-only' // only calls that failed
  | 'exits-only' // counted when a call returns: exit_group and calls in flight are missing
  | 'named-only' // calls that the recorder has no name for are missing
  | 'no-arguments'
  | 'native-only' // calls of 32-bit programs stand under names of the 64-bit table
  | 'attached' // begun while the program ran: its start is missing
  | 'no-children' // processes that the program started were not followed
  | 'wanted' // a profile: what it allows is wanted, not seen
  | 'new-only' // calls that were known before were left out
  | 'log-only' // says how complete another source is, and tells of no call
