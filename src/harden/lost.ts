// What a recording lost: of a list that is not whole nothing may be concluded from what is absent in it. What found no room
// among the starts is a whole container, of which no list holds anything. What was done before a recording began is missing
// in every list, unless another recording shows a start.
import type { ContextList, ObservedContext } from '../observe/index.ts'
import { notEvidenced } from './evidence.ts'

/** Why a conclusion from these lists is not evidenced; undefined where none of them lost a row. */
export function whyIncomplete(
  { lost }: Pick<ObservedContext, 'lost'>,
  ...lists: readonly ContextList[]
): string | undefined {
  const missing = lost.filter(({ what }) => what === 'starts' || lists.includes(what))
  if (missing.length === 0) return undefined
  const counts = missing.map(({ what, count }) => `${count} rows of ${what}`).join(' and ')
  return `${notEvidenced}: ${counts} found no room in the recording`
}

/** What kept every recording from showing the start; undefined where one shows it. */
export function whyNoStart({ blind, starts }: Pick<ObservedContext, 'blind' | 'starts'>): string | undefined {
  const late = blind.find(({ what }) => what === 'start')
  if (late === undefined || starts.length > 0) return undefined
  return `${notEvidenced}: no recording shows the start (${late.first})`
}
