// How a recorded command ended, and whether that is a success (contract: one that was ended because its time was up has
// succeeded; where there is a load, that alone decides).

/** How a load ended; `not-ready`: the command never was, `too-late`: it ended before it was. */
export type LoadEnd =
  | { readonly kind: 'ended'; readonly status: number }
  | { readonly kind: 'not-ready' }
  | { readonly kind: 'too-late' }

/**
 * How the recorded command ended. `byUs`: because `for` was over, or `stop` was aborted. `load`: how what drove it did,
 * which counts instead.
 */
export type Ending =
  | { readonly kind: 'exited'; readonly status: number; readonly byUs?: true; readonly load?: LoadEnd }
  | { readonly kind: 'killed'; readonly signal: string; readonly byUs?: true; readonly load?: LoadEnd }
  /** The recorder let go of what it had been attached to, or that ended. */
  | { readonly kind: 'released' }

export function hasFailed(ending: Ending): boolean {
  if (ending.kind === 'released') return false
  if (ending.load !== undefined) return ending.load.kind !== 'ended' || ending.load.status !== 0
  return ending.byUs !== true && (ending.kind === 'killed' || ending.status !== 0)
}
