// Two profiles compared as the options of `diff` and `review` ask: the report's input, and whether it counts.
import { Option, type Command } from 'commander'
import { architectures, assumedHost, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { rateChanges } from '../explain/change-risks.ts'
import { answerAlways, compareProfiles, contextOf, countsAgainst, makeMeaning } from '../meaning/index.ts'
import { directions } from '../report/review.ts'
import type { Compared } from '../report/changes.ts'
import { addContextOptions, contextOptionsFrom, type ContextWords } from './context.ts'
import { archOption } from './document-options.ts'
import type { NamedProfile } from './profiles.ts'

export interface ComparisonOptions extends ContextWords {
  readonly arch?: readonly Architecture[]
  readonly failOn: 'wider' | 'any' | 'never'
  readonly contexts?: 'all'
}

export function addComparisonOptions(command: Command, failOn: ComparisonOptions['failOn']): Command {
  command
    .addOption(archOption('host'))
    .addOption(
      new Option('--fail-on <changes>', 'for status 1').choices(['wider', 'any', 'never']).default(failOn),
    )
    .addOption(
      new Option('--contexts <contexts>', 'also with each capability that a rule depends on').choices([
        'all',
      ]),
    )
  return addContextOptions(command)
}

/** `asked`: the user said what counts. Else a report says that it fails only where something was opened. */
export function compared(
  one: NamedProfile,
  other: NamedProfile,
  options: ComparisonOptions,
  asked: boolean,
): Compared & { readonly status: 0 | 1 } {
  const host = architectures[options.arch?.[0] ?? assumedHost].host
  const contextOptions = contextOptionsFrom(options, host, one.capabilities)
  const { changes, ...comparison } = compareProfiles(one.profile, other.profile, {
    ...contextOptions,
    ...(options.contexts === undefined ? {} : { contexts: options.contexts }),
  })
  const context = contextOf(contextOptions)
  const before = makeMeaning(one.profile, context)
  const calls = syscallTable(host).entries.map(({ name, number }) => {
    const always = answerAlways(before, host, number)
    return { name, allowed: always === undefined || /_(?:ALLOW|LOG)$/.test(always.action) }
  })
  const counted = changes.filter(
    ({ architecture, contexts }) => architecture === host && contexts?.includes('default') !== false,
  )
  const failing =
    options.failOn === 'any' ? directions : options.failOn === 'wider' ? (['wider'] as const) : []
  const fails = changes.some(({ direction }) => failing.includes(direction))
  const opens = changes.some(({ direction }) => direction === 'wider')
  return {
    ...comparison,
    changes: rateChanges(changes, { before: one.profile, after: other.profile }, contextOptions),
    base: one.name,
    head: other.name,
    architecture: host,
    counts: countsAgainst(counted, calls),
    kernel: context.kernel.join('.'),
    failing,
    ...(options.failOn !== 'never' && (asked || (fails && opens)) && { outcome: fails ? 'fails' : 'passes' }),
    status: fails ? 1 : 0,
  }
}
