// Questions about whole profiles: the answer to one call, and the changes from one profile to another, in one context
// or for every capability set in which the two can differ.
import { assumedHost, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { architecture, listOf, oneOf, readOptions, valueOf, type OptionTable } from '../options.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parsedProfile } from '../profile/parse.ts'
import type { Answer } from './answer.ts'
import { changesBetween, verdictOf, type Change, type Comparison } from './changes.ts'
import { contextTable } from './context-options.ts'
import { contextOf, type Context, type ContextOptions } from './context.ts'
import { makeMeaning } from './meaning.ts'
import { loaderOf } from './resolve.ts'

/** A call as a filter sees it. */
export interface Call {
  /** Default x86_64. */
  readonly architecture?: Architecture
  /** libseccomp's name on that architecture, or the number, 0 to 4294967295. */
  readonly syscall: string | number
  /** Up to six values, each 0 to 2^64-1; missing ones are 0. */
  readonly args?: readonly bigint[]
}

/**
 * What a profile answers to one call, exactly as libseccomp's filter and the kernel do (seccomp(2)). If the options
 * name no architecture, the host is the one of the call's architecture.
 *
 * @throws UserError for a profile that its loader, the runtime or libseccomp refuses, for a call that the architecture
 * lacks, for more than six arguments, for a value that is no 64-bit bigint, and for an unknown option or a value that
 * it does not take.
 */
export function evaluate(profile: ParsedProfile, call: Call, options: ContextOptions = {}): Answer {
  parsedProfile(profile, 'evaluate: profile')
  const {
    architecture = assumedHost,
    syscall,
    args = [],
  } = readOptions('evaluate: call', callTable, call, ['syscall'])
  const table = syscallTable(architecture)
  const number = typeof syscall === 'number' ? syscall : table.byName(syscall)?.number
  if (number === undefined)
    throw new UserError('no-such-call', { architectures: [architecture], call: String(syscall) })
  if (!Number.isInteger(number) || number < 0 || number > 0xffffffff) {
    throw new UserError('no-call-of-number', { number })
  }
  if (args.length > 6) throw new UserError('too-many-arguments')
  for (const each of args) {
    // Callers in JavaScript may pass numbers.
    if (typeof each !== 'bigint') throw new UserError('not-a-bigint', { value: String(each) })
    if (BigInt.asUintN(64, each) !== each) throw new UserError('beyond-64-bit', { value: String(each) })
  }
  const context = contextOf({ architecture, ...readOptions('evaluate', contextTable, options) })
  return makeMeaning(profile, context).answer(architecture, number, args)
}

const callTable: OptionTable<Call> = {
  architecture,
  syscall: valueOf('a name or a number', (value) => typeof value === 'string' || typeof value === 'number'),
  // evaluate checks each value and has its own errors for it.
  args: listOf((value) => value as bigint),
}

/** The context in which both profiles are read; `all` compares in every context that a profile asks about. */
export interface CompareOptions extends ContextOptions {
  /**
   * 'all': also without capabilities, with all, and with and without each one that a rule names. Default: one context.
   */
  readonly contexts?: 'all'
}

/**
 * What changes from one profile to another, exactly, with a call as witness for every change. `changes` is empty
 * exactly if both profiles answer every call alike.
 *
 * @throws UserError for a profile that its loader, the runtime or libseccomp refuses, for a call with too many
 * conditions to follow, and for an unknown option or a value that it does not take.
 */
export function compareProfiles(
  before: ParsedProfile,
  after: ParsedProfile,
  options: CompareOptions = {},
): Comparison {
  parsedProfile(before, 'compareProfiles: before')
  parsedProfile(after, 'compareProfiles: after')
  const { contexts, ...context } = readOptions('compareProfiles', compareTable, options)
  const given = contextOf(context)
  return contexts === undefined
    ? compareIn(given, before, after)
    : compareInAll(contextsFor([before, after], given), before, after)
}

const compareTable: OptionTable<CompareOptions> = { ...contextTable, contexts: oneOf(['all']) }

function compareIn(context: Context, before: ParsedProfile, after: ParsedProfile): Comparison {
  return changesBetween(makeMeaning(before, context), makeMeaning(after, context), { before, after })
}

/** A change that exists in several contexts is listed once, with a witness from the first of them. */
function compareInAll(
  contexts: ReadonlyMap<string, Context>,
  before: ParsedProfile,
  after: ParsedProfile,
): Comparison {
  const found = new Map<string, Change & { readonly contexts: string[] }>()
  let identical = true
  for (const [name, context] of contexts) {
    const { verdict, changes } = compareIn(context, before, after)
    identical &&= verdict === 'identical'
    for (const change of changes) {
      const known = found.get(change.fingerprint)
      if (known === undefined) found.set(change.fingerprint, { ...change, contexts: [name] })
      else known.contexts.push(name)
    }
  }
  const changes = [...found.values()]
  return { verdict: verdictOf(changes, () => identical), changes, contexts: [...contexts.keys()] }
}

/**
 * The contexts to compare: `default` (the given one), `none`, `all`, and for each capability that a rule names the
 * given one with it added (`+CAP_X`) or removed (`-CAP_X`). Equal sets are listed once, under their first name.
 */
export function contextsFor(
  profiles: readonly ParsedProfile[],
  given: Context,
): ReadonlyMap<string, Context> {
  const gated = profiles
    .filter((each) => loaderOf(each, given.engine) !== 'oci')
    .flatMap(({ profile }) => profile.syscalls)
    .flatMap(({ includes, excludes }) => [...(includes?.caps ?? []), ...(excludes?.caps ?? [])])
  const sets = new Map<string, Context>([['default', given]])
  sets.set('none', { ...given, capabilities: new Set() })
  sets.set('all', { ...given, capabilities: contextOf({ capabilities: 'all' }).capabilities })
  for (const capability of [...new Set(gated)].sort()) {
    const capabilities = new Set(given.capabilities)
    const had = capabilities.delete(capability)
    if (!had) capabilities.add(capability)
    sets.set(`${had ? '-' : '+'}${capability}`, { ...given, capabilities })
  }
  const seen = new Set<string>()
  return new Map(
    [...sets].filter(([, { capabilities }]) => {
      const key = [...capabilities].sort().join(' ')
      return !seen.has(key) && seen.add(key)
    }),
  )
}
