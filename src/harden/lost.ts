// Judges what a recording lost. If a list lost rows, nothing follows from the absence of a row. A row lost from the
// starts is a whole container, so every list may lack rows. If a recording began late, every list lacks the time
// before, unless another recording shows a start.
import type { ContextList, ObservedContext } from '../observe/index.ts'
import { notEvidenced } from './evidence.ts'

/** Why a conclusion from these lists is not evidenced; undefined if none of them lost a row. */
export function whyIncomplete(
  { lost }: Pick<ObservedContext, 'lost'>,
  ...lists: readonly ContextList[]
): string | undefined {
  const missing = lost.filter(({ what }) => what === 'starts' || lists.includes(what))
  if (missing.length === 0) return undefined
  const counts = missing.map(({ what, count }) => `${count} rows of ${what}`).join(' and ')
  return `${notEvidenced}: ${counts} found no room in the recording`
}

/** Why no recording shows the start; undefined if one does. */
export function whyNoStart({ blind, starts }: Pick<ObservedContext, 'blind' | 'starts'>): string | undefined {
  const late = blind.find(({ what }) => what === 'start')
  if (late === undefined || starts.length > 0) return undefined
  return `${notEvidenced}: no recording shows the start (${late.first})`
}
