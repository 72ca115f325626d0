// Compares two profiles with the options of `diff` and `review`: gives the report's input and the exit status.
import { Option, type Command } from 'commander'
import type { Architecture } from '../abi/architectures.ts'
import { comparedProfiles } from '../report/compare.ts'
import type { Compared } from '../report/changes.ts'
import { addContextOptions, contextOptionsFrom, hostOf, type ContextWords } from './context.ts'
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
      new Option('--fail-on <changes>', 'changes that give status 1')
        .choices(['wider', 'any', 'never'])
        .default(failOn),
    )
    .addOption(
      new Option('--contexts <contexts>', 'compare also with each capability that a rule depends on').choices(
        ['all'],
      ),
    )
  return addContextOptions(command)
}

/** `asked`: the user gave --fail-on. Otherwise the report has an outcome only if it fails and something was opened. */
export function compared(
  one: NamedProfile,
  other: NamedProfile,
  options: ComparisonOptions,
  asked: boolean,
): Compared & { readonly status: 0 | 1 } {
  const host = hostOf(options.arch)
  const { fails, ...found } = comparedProfiles(one, other, {
    ...contextOptionsFrom(options, host, one.capabilities),
    ...(options.contexts === undefined ? {} : { contexts: options.contexts }),
    failOn: options.failOn,
    unasked: !asked,
  })
  return { ...found, status: fails ? 1 : 0 }
}
