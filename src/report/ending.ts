// How a command ended, as the end of a sentence about its run.

type Ending =
  | { readonly kind: 'exited'; readonly status: number; readonly byUs?: true }
  | { readonly kind: 'killed'; readonly signal: string; readonly byUs?: true }
  | { readonly kind: 'released' }

/** Nothing for one that succeeded, or was let go. */
export function endingText(ending: Ending): string {
  if (ending.kind !== 'released' && ending.byUs === true)
    return '; the command was ended when its time was up'
  switch (ending.kind) {
    case 'exited':
      return ending.status === 0 ? '' : `; the command ended with status ${ending.status}`
    case 'killed':
      return `; the command was ended by ${ending.signal}`
    case 'released':
      return ''
  }
}
