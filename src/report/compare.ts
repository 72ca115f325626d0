// Compares two profiles for a report: the changes with their risks, the counts, and the outcome.
import { architectures, assumedHost } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { rateChanges } from '../explain/change-risks.ts'
import { countsAgainst } from '../meaning/changes.ts'
import { contextOf, type ContextOptions } from '../meaning/context.ts'
import { answerAlways, makeMeaning } from '../meaning/meaning.ts'
import { compareProfiles } from '../meaning/profiles.ts'
import { contextTable } from '../meaning/context-options.ts'
import { flag, oneOf, readOptions, type OptionTable } from '../options.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { Compared } from './changes.ts'
import { directions } from './review.ts'

/** The context of a comparison, and which changes make it fail. */
export interface ComparedOptions extends ContextOptions {
  /** `all`: also compare with each capability that a rule names. */
  readonly contexts?: 'all'
  /** The changes that make the comparison fail. Default `never`: the report has no outcome. */
  readonly failOn?: (typeof failures)[number]
  /** The user did not give `failOn`: the report has an outcome only if it fails and something was opened. */
  readonly unasked?: boolean
}

export const failures = ['wider', 'any', 'never'] as const

const comparedTable: OptionTable<ComparedOptions> = {
  ...contextTable,
  contexts: oneOf(['all']),
  failOn: oneOf(failures),
  unasked: flag,
}

/**
 * Compares the meaning of two profiles: the changes, with the verdict and the counts that a report leads with.
 *
 * @throws UserError for a profile that its loader or libseccomp refuses, for a call with too many conditions to follow,
 * and for an unknown option or a value that it does not take.
 */
export function comparedProfiles(
  before: { readonly name: string; readonly profile: ParsedProfile },
  after: { readonly name: string; readonly profile: ParsedProfile },
  options: ComparedOptions = {},
): Compared & { readonly fails: boolean } {
  const given = readOptions('comparedProfiles', comparedTable, options)
  const { contexts, failOn = 'never', unasked = false, ...contextOptions } = given
  const host = architectures[contextOptions.architecture ?? assumedHost].host
  const { changes, ...comparison } = compareProfiles(before.profile, after.profile, {
    ...contextOptions,
    ...(contexts === undefined ? {} : { contexts }),
  })
  const context = contextOf(contextOptions)
  const meaning = makeMeaning(before.profile, context)
  const calls = syscallTable(host).entries.map(({ name, number }) => {
    const always = answerAlways(meaning, host, number)
    return { name, allowed: always === undefined || /_(?:ALLOW|LOG)$/.test(always.action) }
  })
  const counted = changes.filter(
    ({ architecture, contexts }) => architecture === host && contexts?.includes('default') !== false,
  )
  const failing = failOn === 'any' ? directions : failOn === 'wider' ? (['wider'] as const) : []
  const fails = changes.some(({ direction }) => failing.includes(direction))
  const opens = changes.some(({ direction }) => direction === 'wider')
  return {
    ...comparison,
    changes: rateChanges(changes, { before: before.profile, after: after.profile }, contextOptions),
    base: before.name,
    head: after.name,
    architecture: host,
    counts: countsAgainst(counted, calls),
    kernel: context.kernel.join('.'),
    failing,
    ...(failOn !== 'never' && (!unasked || (fails && opens)) && { outcome: fails ? 'fails' : 'passes' }),
    fails,
  }
}
