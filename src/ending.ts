// How a recorded command ended, and whether that is a success. Contract: a command that the recorder ended has
// succeeded. With a load, the load alone decides.

/**
 * How a load ended. `outlived`: the command ended by itself before the load. `not-ready`: the command never became
 * ready. `too-late`: the command ended before it was ready.
 */
export type LoadEnd =
  | { readonly kind: 'ended'; readonly status: number; readonly outlived?: true }
  | { readonly kind: 'not-ready' }
  | { readonly kind: 'too-late' }

/**
 * How the recorded command ended. `byUs`: the recorder ended it, because `for` was over or `stop` was aborted. `load`:
 * the end of the load, which decides instead.
 */
export type Ending =
  | { readonly kind: 'exited'; readonly status: number; readonly byUs?: true; readonly load?: LoadEnd }
  | { readonly kind: 'killed'; readonly signal: string; readonly byUs?: true; readonly load?: LoadEnd }
  /** The recorder detached from its target, or the target ended. */
  | { readonly kind: 'released' }

export function hasFailed(ending: Ending): boolean {
  if (ending.kind === 'released') return false
  if (ending.load !== undefined) return ending.load.kind !== 'ended' || ending.load.status !== 0
  return ending.byUs !== true && (ending.kind === 'killed' || ending.status !== 0)
}
