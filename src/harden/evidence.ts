// Evidence as sentences, each chosen once: what was done, by whom, how often, where first. A context carries them as
// text (contract: `because`); whoever prints them escapes them.
import { earlierPlace } from '../read/place.ts'
import type { Counted } from '../observe/index.ts'

/** One piece of evidence: what was done and by which program. */
export interface Deed extends Counted {
  readonly what: string
  readonly program: string
  /** Absent: the recording does not show it. */
  readonly uid?: number | undefined
}

/** Deeds that differ in nothing but how often and where are one. */
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
      compare(a.what, b.what) ||
      compare(a.program, b.program) ||
      (a.uid ?? -1) - (b.uid ?? -1),
  )
}

/** So many stand in a reason; the rest is counted. */
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

/** By code unit: the same in every locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export const notEvidenced = 'not evidenced'
