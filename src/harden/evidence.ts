// Writes evidence as sentences: what was done, by which program, how often and where first. A context holds these
// sentences as text (contract: `because`), so whoever prints a context must escape them.
import { ascending } from '../order.ts'
import { earlierPlace } from '../read/place.ts'
import type { Counted } from '../observe/index.ts'

/** One piece of evidence: what was done and by which program. */
export interface Deed extends Counted {
  readonly what: string
  readonly program: string
  /** Absent if the recording does not show it. */
  readonly uid?: number | undefined
}

/** Joins deeds that differ only in their count and first place. */
export function united(deeds: readonly Deed[]): readonly Deed[] {
  const met = new Map<string, Deed>()
  for (const deed of deeds) {
    const key = JSON.stringify([deed.what, deed.program, deed.uid])
    const known = met.get(key)
    met.set(
      key,
      known === undefined
        ? deed
        : { ...deed, count: known.count + deed.count, first: earlierPlace(known.first, deed.first) },
    )
  }
  return [...met.values()].sort(
    (a, b) =>
      b.count - a.count ||
      ascending(a.what, b.what) ||
      ascending(a.program, b.program) ||
      (a.uid ?? -1) - (b.uid ?? -1),
  )
}

/** A sentence names this many deeds and counts the rest. */
const shown = 3

/** The sentence of contract.md: `chown /var/lib/x by setup (uid 0), 1 time, first …`. */
export function deedsText(deeds: readonly Deed[]): string {
  const all = united(deeds)
  const texts = all
    .slice(0, shown)
    .map(
      ({ what, program, uid, count, first }) =>
        `${what} by ${program}${uid === undefined ? '' : ` (uid ${uid})`}, ${times(count)}, first ${first}`,
    )
  return all.length <= shown ? texts.join('; ') : `${texts.join('; ')}; and ${all.length - shown} more`
}

export function times(count: number): string {
  return count === 1 ? '1 time' : `${count} times`
}

export const notEvidenced = 'not evidenced'
