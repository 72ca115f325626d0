// What a change exposes: the risk classes whose calls are allowed after the change and were not before. If a change is
// conditional, a class about certain arguments counts only if the change opens these arguments.
import { risksOf, type Risk } from '../abi/risks.ts'
import {
  permissiveness,
  makeMeaning,
  contextOf,
  type Change,
  type ContextOptions,
  type Meaning,
} from '../meaning/index.ts'
import { withFingerprint } from '../meaning/changes.ts'
import { contextTable } from '../meaning/context-options.ts'
import { readOptions } from '../options.ts'
import type { ParsedProfile } from '../profile/dialects.ts'

export const severities: readonly Risk['severity'][] = ['high', 'medium', 'low', 'info', 'none']

/** A change and its risks, the gravest first; no risks unless the change is wider. */
export interface RatedChange extends Change {
  readonly risks: readonly Risk[]
}

/**
 * Adds risks to the changes that `compareProfiles` found between the two profiles under the same options.
 *
 * @throws UserError for a profile that its loader or libseccomp refuses, and for an unknown option or a value that it
 * does not take.
 */
export function rateChanges(
  changes: readonly Change[],
  profiles: { readonly before: ParsedProfile; readonly after: ParsedProfile },
  given: ContextOptions = {},
): readonly RatedChange[] {
  const options = readOptions('rateChanges', contextTable, given)
  const meanings = new Map<string, { readonly before: Meaning; readonly after: Meaning }>()
  const meaningsIn = (capabilities: readonly string[]) => {
    const key = capabilities.join(' ')
    const known = meanings.get(key)
    if (known !== undefined) return known
    const context = contextOf({ ...options, capabilities })
    const made = {
      before: makeMeaning(profiles.before, context),
      after: makeMeaning(profiles.after, context),
    }
    meanings.set(key, made)
    return made
  }
  return changes.map((change) => {
    if (change.direction !== 'wider' || permissiveness(change.after) < 2) return rated(change, [])
    const { architecture, syscall, number, conditional, capabilities } = change
    const opened = ({ args }: Risk): boolean => {
      if (!conditional || args === undefined) return true
      const { before, after } = meaningsIn(capabilities)
      const carriedOut = (meaning: Meaning): boolean =>
        permissiveness(meaning.answer(architecture, number, args)) === 2
      return !carriedOut(before) && carriedOut(after)
    }
    return rated(change, sortedRisks(risksOf(syscall).filter(opened)))
  })
}

/** No spread: it would make every fingerprint, and most reports show none. */
function rated(change: Change, risks: readonly Risk[]): RatedChange {
  const { direction, architecture, syscall, number, conditional, before, after, args } = change
  const { id, at, capabilities, contexts } = change
  // prettier-ignore
  const bare = { direction, architecture, syscall, number, conditional, before, after, args, id, at, capabilities, risks }
  return withFingerprint(contexts === undefined ? bare : { ...bare, contexts })
}

/** Each class once, the gravest first. */
export function sortedRisks(risks: readonly Risk[]): readonly Risk[] {
  return risks
    .filter((risk, index) => risks.findIndex((each) => each.class === risk.class) === index)
    .sort((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity))
}
