// The result of a review of several profiles: for each a comparison, or why there is none.
import type { Risk } from '../abi/risks.ts'
import { severities } from '../explain/change-risks.ts'
import type { Direction } from '../meaning/answer.ts'
import { plural } from './account.ts'
import { directions, headline, reviewItems, riskText, type ReviewItem } from './review.ts'
import type { Compared } from './changes.ts'

interface NamedFile {
  /** The path that the reader knows; for a deleted file its old path. */
  readonly file: string
  /** The profile's own name, if the file has several. */
  readonly title?: string
  /** What happened to a new, deleted or renamed file, and what that means for its workload. */
  readonly event?: string
}

/** A changed profile: what changed in meaning, or why that is unknown. */
export type ReviewedProfile = NamedFile &
  (
    | { readonly compared: Compared }
    | {
        readonly compared?: never
        readonly problem: string
        /** The line of the file, counted from 1, if the problem has one. */
        readonly line?: number
      }
  )

/** The profiles that changed between two revisions, and whether the review passes. */
export interface Reviewed {
  readonly profiles: readonly ReviewedProfile[]
  readonly outcome: 'fails' | 'passes'
  /** Why there is no profile to review, if there is none. */
  readonly nothing?: string
}

/** The content of one annotation: the changes of a profile in one direction, or why it cannot be compared. */
export interface Notice {
  readonly profile: ReviewedProfile
  readonly direction: Direction | undefined
  readonly items: readonly ReviewItem[]
  /** Whether the CI step fails because of it. */
  readonly fails: boolean
}

/** Sorted: profiles that cannot be compared, wider changes, the rest. In each group failures first, then by risk. */
export function noticesOf(profiles: readonly ReviewedProfile[]): readonly Notice[] {
  const notices = profiles.flatMap((profile): readonly Notice[] => {
    if (profile.compared === undefined) return [{ profile, direction: undefined, items: [], fails: true }]
    const { changes, failing = [] } = profile.compared
    const items = reviewItems(changes)
    return directions.flatMap((direction) => {
      const its = items.filter((each) => each.direction === direction)
      return its.length === 0 ? [] : [{ profile, direction, items: its, fails: failing.includes(direction) }]
    })
  })
  return [...notices].sort((one, other) => rank(one) - rank(other))
}

/** Wider changes come before the rest even if they do not fail the step. */
function rank({ direction, items, fails }: Notice): number {
  if (direction === undefined) return 0
  const severity = items[0]?.risk?.severity
  return (
    (direction === 'wider' ? 100 : 1000) +
    (fails ? 0 : 200) +
    (severity === undefined ? 50 : severities.indexOf(severity) * 10) +
    directions.indexOf(direction)
  )
}

export function severityOf({ items }: Notice): Risk['severity'] | undefined {
  return items[0]?.risk?.severity
}

export function nameOf({ file, title }: ReviewedProfile): string {
  return title === undefined ? file : `${file} (${title})`
}

/** The verdict on all profiles in one line. */
export function reviewHeadline({ profiles, outcome, nothing }: Reviewed): string {
  if (nothing !== undefined) return nothing
  const word = outcome === 'fails' ? 'FAILS' : 'passes'
  const [only] = profiles
  if (profiles.length === 1 && only !== undefined)
    return only.compared === undefined
      ? `${word}: ${nameOf(only)} cannot be compared: ${only.problem}`
      : headline({ ...only.compared, outcome })
  const changes = profiles.flatMap(({ compared }) => compared?.changes ?? [])
  const count = (test: (each: ReviewedProfile) => boolean): number => profiles.filter(test).length
  const has = (direction: Direction) => (each: ReviewedProfile) =>
    each.compared?.changes.some((change) => change.direction === direction) === true
  const parts = [
    [count(has('wider')), 'wider'],
    [count((each) => !has('wider')(each) && has('narrower')(each)), 'narrower'],
    [count(({ compared }) => compared?.changes.length === 0), 'unchanged in meaning'],
    [count(({ compared }) => compared === undefined), 'not comparable'],
  ] as const
  const said = parts.flatMap(([times, what]) => (times === 0 ? [] : [`${times} ${what}`]))
  const risks = riskText(changes)
  return `${word}: ${plural(profiles.length, 'profile')} changed: ${said.join(', ') || 'all answered otherwise'}${risks === '' ? '' : `; ${risks}`}`
}
