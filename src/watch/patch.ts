// Finds what a profile lacks for watched refusals, and adds it by the edits of `verify --repair`.
import { contextOf, type ContextOptions } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { addCalls, ceilingOf, type Judged, type RefusedCall, type Repair } from '../verify/index.ts'

export interface PatchSubject {
  /** The profile's name in messages. */
  readonly name: string
  readonly text: string
  /** The ceiling; undefined for none. */
  readonly within: ParsedProfile | undefined
  /** Add calls beyond the ceiling too. */
  readonly widen: boolean
  readonly context: ContextOptions
}

/** The rows with the ceiling's answers, and the profile with every permitted addition. */
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
