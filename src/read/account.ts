// What became of the lines of one source, so that whoever reads a profile can tell how complete its evidence is.

export interface SourceAccount {
  readonly name: string
  readonly format: string
  readonly lines: number
  /** Calls counted. */
  readonly calls: number
  /** Lines understood that tell of no call: signals, exits, stack frames, continuations. */
  readonly ignored: number
  /** Lines not understood. */
  readonly unparsed: number
}
