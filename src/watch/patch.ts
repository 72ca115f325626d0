// What a profile lacks for the calls that were refused: the edit that `verify --repair` makes, from what was watched.
import { contextOf, type ContextOptions } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { addCalls, ceilingOf, type Judged, type RefusedCall, type Repair } from '../verify/index.ts'

export interface PatchSubject {
  /** Of the profile, for messages. */
  readonly name: string
  readonly text: string
  /** Undefined: no ceiling. */
  readonly within: ParsedProfile | undefined
  /** Beyond the ceiling as well. */
  readonly widen: boolean
  readonly context: ContextOptions
}

/** The rows with what the ceiling says of them, and the profile with all that may be added. */
export function patchFor(
  { name, text, within, widen, context: options }: PatchSubject,
  rows: readonly RefusedCall[],
): { readonly judged: readonly Judged[]; readonly repair: Repair } {
  const context = contextOf(options)
  const ceiling = ceilingOf(within, context)
  const judged = rows
    .filter(({ withheld }) => !withheld)
    .map((each): Judged => ({ ...each, default: ceiling.answerTo(each) }))
  const subject = {
    name,
    ceiling,
    loader: { read: (profile: ParsedProfile) => profile, context },
    settings: { widen },
  }
  const { text: edited, added } = addCalls(subject, text, judged)
  return { judged, repair: { before: text, text: edited, added, bounded: false } }
}
