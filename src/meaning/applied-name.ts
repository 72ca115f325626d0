// Which built-in a filter is that holds somewhere: the one that answers every call as it does, with what the process may
// have, on this kernel, as a runtime in use makes it.
import { syscallTable } from '../abi/tables.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { isSameAnswer, noSuchCall } from './answer.ts'
import { builtin, builtinNames, builtinReleases } from './builtin.ts'
import { appliedMeaning, type AppliedFilter } from './applied.ts'
import { differencesOf, isSameMeaning } from './compare.ts'
import { contextOf, type ContextOptions } from './context.ts'
import { makeMeaning } from './meaning.ts'
import { resolve, type Resolved, type ResolvedRule } from './resolve.ts'
import { isKnownTo, oldestLibrary } from './versions/library.ts'

type Maker = Pick<ContextOptions, 'runtime' | 'libseccomp'>
/** Makers whose filters differ: the library knows fewer calls, and runc answers for those beyond. */
const makers: readonly Maker[] = [
  {},
  { libseccomp: oldestLibrary },
  { runtime: 'runc' },
  { runtime: 'runc', libseccomp: '2.5.5' },
  { runtime: 'runc', libseccomp: oldestLibrary },
  { runtime: 'runc@1.1.5', libseccomp: '2.5.5' },
  { runtime: 'runc@1.1.5', libseccomp: oldestLibrary },
]

/** As whom made of it the profile is nearest to the filter: who made it, nobody has written down. */
export function likelyMaker(applied: AppliedFilter, profile: ParsedProfile, options: ContextOptions): Maker {
  const rated = makers.map((maker) => {
    const context = contextOf({ ...options, ...maker })
    const held = appliedMeaning(applied, 'applied', context)
    return { maker, differences: differencesOf(makeMeaning(profile, context), held).length }
  })
  return rated.reduce((best, each) => (each.differences < best.differences ? each : best)).maker
}

/** Their names, the newest of each engine first; none where it is no built-in, or its programs are not followed. */
export function builtinsEqualTo(
  applied: AppliedFilter,
  context: Pick<ContextOptions, 'capabilities' | 'kernel'>,
): readonly string[] {
  const options = { ...context, architecture: applied.host }
  const plain = contextOf(options)
  if (applied.filter === undefined) return []
  const meaning = appliedMeaning(applied, 'applied', plain)
  const names = builtinNames.flatMap((engine) => builtinReleases(engine).map(({ name }) => name))
  return names.filter((name) => {
    const { profile } = builtin(name)
    // Making a filter takes long: most are told by what their rules say of one call.
    if (!couldBe(applied, resolve(profile, plain))) return false
    return makers.some((maker) =>
      isSameMeaning(makeMeaning(profile, contextOf({ ...options, ...maker })), meaning),
    )
  })
}

/** Whether the calls that every library knows, and one rule at most, are answered so. */
function couldBe({ host, answer }: AppliedFilter, { rules, defaultAnswer }: Resolved): boolean {
  const named = new Map<string, readonly ResolvedRule[]>()
  for (const rule of rules) for (const name of rule.names) named.set(name, [...(named.get(name) ?? []), rule])
  return syscallTable(host).entries.every(({ name, number }) => {
    const own = named.get(name) ?? []
    if (own.length > 1 || own.some(({ args }) => args.length > 0) || !isKnownTo(oldestLibrary, name))
      return true
    const answered = answer(host, number, [])
    // runc's stub answers for calls beyond those that the profile names.
    return own[0] === undefined
      ? isSameAnswer(answered, defaultAnswer) || isSameAnswer(answered, noSuchCall)
      : isSameAnswer(answered, own[0].answer)
  })
}
