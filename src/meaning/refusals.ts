// Every reason for which a runtime or libseccomp refuses a profile in a context, and the rules that libseccomp loses
// there. `validate` needs no whole filter for this: only the rules of calls that can clash are added, and most profiles
// have few such calls.
import type { Architecture } from '../abi/architectures.ts'
import { multiplexerOf } from '../abi/multiplexers.ts'
import type { DockerRule, ParsedProfile } from '../profile/dialects.ts'
import { isSameAnswer } from './answer.ts'
import { alternativesOf } from './conditions.ts'
import type { Context } from './context.ts'
import { makeFilter, orderOf } from './filter.ts'
import { addRules } from './joined.ts'
import { callsOf } from './names.ts'
import { lostIn } from './program.ts'
import type { ProfileRefusal } from './refusal.ts'
import { refusedActions } from './refused-actions.ts'
import { otherArchitectures, refusedWords, wordsRefusedOnOthers } from './refused-words.ts'
import { contextsFor } from './profiles.ts'
import { loaderOf, resolve, type Resolved, type Word } from './resolve.ts'
import { isKnownTo } from './versions/library.ts'

/**
 * All refusals in the order of a runtime's steps. If rules depend on capabilities or kernels, clashes are also searched
 * for other capability sets and kernels than the context's. @throws UserError for a profile that its loader refuses.
 */
export function refusalsOf(parsed: ParsedProfile, context: Context): readonly ProfileRefusal[] {
  const resolved = resolve(parsed, context)
  const contested = contestedIn(parsed.profile.syscalls)
  const found = [
    ...refusedActions(parsed, context),
    ...refusedWords(resolved, context),
    ...lost(resolved, context, contested),
  ]
  if (contested.size === 0) return found
  const long = mayBeLong(resolved) ? makeFilter(resolved, context) : undefined
  if (long !== undefined && 'code' in long && long.code === 'filter-too-long') return [...found, long]
  const meeting = meetingIn(parsed, contested)
  for (const each of variantsOf(meeting, context))
    found.push(...addRules(resolve(meeting, each), each, (name) => contested.has(name)).refusals)
  return found
}

/**
 * The refusals of a profile for hosts without a table in this project: its first architecture stands for the host.
 * Profiles with rules that depend on the host's name are not examined.
 */
export function* refusalsOnOthers(
  parsed: ParsedProfile,
  words: readonly Word[],
  context: Context,
): Generator<ProfileRefusal> {
  const refused = [...wordsRefusedOnOthers(words, context)]
  yield* refused
  const isOfHost = ({ includes, excludes }: DockerRule): boolean =>
    includes?.arches !== undefined || excludes?.arches !== undefined
  if (refused.length > 0 || parsed.profile.syscalls.some(isOfHost)) return
  const contested = contestedIn(parsed.profile.syscalls)
  const meeting = meetingIn(parsed, contested)
  for (const each of contested.size === 0 ? [] : variantsOf(meeting, context)) {
    const resolved = { ...resolve(meeting, each), architectures: [] }
    yield* addRules(resolved, each, (name) => contested.has(name), otherArchitectures(words)).refusals
  }
}

/** The profile with only those rules that name one of the calls. */
function meetingIn(parsed: ParsedProfile, calls: ReadonlySet<string>): ParsedProfile {
  const syscalls = parsed.profile.syscalls.filter(({ names }) => names.some((name) => calls.has(name)))
  return { ...parsed, profile: { ...parsed.profile, syscalls } }
}

/** A 64-bit comparison takes at most six instructions on each architecture. */
function mayBeLong({ rules, architectures }: Resolved): boolean {
  const conditions = rules.reduce((count, { names, args }) => count + names.length * args.length, 0)
  return conditions * 6 * architectures.length > 3000
}

/** The context, and every other capability set and kernel for which other rules apply. */
function variantsOf(parsed: ParsedProfile, context: Context): readonly Context[] {
  if (loaderOf(parsed, context.engine) === 'oci') return [context]
  const filters = parsed.profile.syscalls.flatMap(({ includes, excludes }) => [
    includes ?? {},
    excludes ?? {},
  ])
  if (filters.every(({ caps, minKernel }) => caps === undefined && minKernel === undefined)) return [context]
  const kernels = new Set([
    context.kernel.join('.'),
    '0.1',
    ...filters.flatMap(({ minKernel }) => minKernel ?? []),
  ])
  return [...contextsFor([parsed], context).values()].flatMap((each) =>
    [...kernels].map((kernel): Context => {
      const [major = 0, minor = 0] = kernel.split('.').map(Number)
      return { ...each, kernel: [major, minor] }
    }),
  )
}

/** The calls that have several rules, at least one with conditions. Only their rules can clash or never end. */
function contestedIn(rules: ParsedProfile['profile']['syscalls']): ReadonlySet<string> {
  const met = new Map<string, Contest>()
  for (const { names, args = [], action, errnoRet } of rules) {
    for (const name of names) {
      // Multiplexed members of a family are one call; which member is meant becomes a condition.
      const family = multiplexerOf(name)
      const key = family ?? name
      const contest = met.get(key) ?? {
        names: new Set<string>(),
        answers: new Set<string>(),
        isFamily: family !== undefined,
        alternatives: 0,
        conditions: false,
      }
      contest.names.add(name)
      contest.answers.add(`${action} ${errnoRet ?? ''}`)
      contest.alternatives += Math.max(1, args.length)
      contest.conditions ||= args.length > 0
      met.set(key, contest)
    }
  }
  return new Set(
    [...met.values()]
      .filter(
        ({ alternatives, conditions, isFamily, answers }) =>
          alternatives > 1 && (conditions || (isFamily && answers.size > 1)),
      )
      .flatMap(({ names }) => [...names]),
  )
}

interface Contest {
  readonly names: Set<string>
  readonly answers: Set<string>
  readonly isFamily: boolean
  alternatives: number
  conditions: boolean
}

/**
 * The architectures whose calls the filter never finds, because their first call has no number there (program.ts,
 * isLost).
 */
function* lost(
  resolved: Resolved,
  context: Context,
  contested: ReadonlySet<string>,
): Generator<ProfileRefusal> {
  if (orderOf(resolved, context) === 'by number') return
  if (!resolved.architectures.some((each) => mayBeLost(resolved, context, each, contested))) return
  for (const [architecture, name] of lostIn(addRules(resolved, context).entries, 'by priority')) {
    const rule = resolved.rules.find(
      ({ names, answer }) => names.includes(name) && !isSameAnswer(answer, resolved.defaultAnswer),
    )
    if (rule === undefined) continue
    const { at, pointer } = rule.namesAt[rule.names.indexOf(name)] ?? rule
    yield { code: 'rules-lost', at, pointer, facts: { name, architecture } }
  }
}

/**
 * False if some call has a number and no condition: it precedes every call without a number (entries.ts, program.ts).
 */
function mayBeLost(
  { rules, defaultAnswer }: Resolved,
  { runtime, library }: Context,
  architecture: Architecture,
  contested: ReadonlySet<string>,
): boolean {
  let without = false
  let always = false
  for (const { names, answer, args } of rules) {
    if (isSameAnswer(answer, defaultAnswer)) continue
    const isAlways = alternativesOf(args, runtime).some((conditions) => conditions.length === 0)
    for (const name of names) {
      if (!isKnownTo(library, name)) continue
      const calls = callsOf(name, architecture, library)
      always ||=
        isAlways && calls.some(({ call, member }) => typeof call === 'number' && member === undefined)
      const isWithout = calls.some(({ call }) => typeof call === 'string')
      if (isWithout && contested.has(name)) return true
      without ||= isWithout
    }
  }
  return without && !always
}
