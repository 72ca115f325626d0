// Finds the built-ins that an applied filter equals: those that answer every call alike, with the process's
// capabilities, on this kernel, as made by a runtime in use.
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
/** Makers whose filters differ: an older library knows fewer calls, and runc itself answers for unknown ones. */
const makers: readonly Maker[] = [
  {},
  { libseccomp: oldestLibrary },
  { runtime: 'runc' },
  { runtime: 'runc', libseccomp: '2.5.5' },
  { runtime: 'runc', libseccomp: oldestLibrary },
  { runtime: 'runc@1.1.5', libseccomp: '2.5.5' },
  { runtime: 'runc@1.1.5', libseccomp: oldestLibrary },
]

/** The maker whose filter of the profile differs least from the applied filter: the kernel names no maker. */
export function likelyMaker(applied: AppliedFilter, profile: ParsedProfile, options: ContextOptions): Maker {
  const rated = makers.map((maker) => {
    const context = contextOf({ ...options, ...maker })
    const held = appliedMeaning(applied, 'applied', context)
    return { maker, differences: differencesOf(makeMeaning(profile, context), held).length }
  })
  return rated.reduce((best, each) => (each.differences < best.differences ? each : best)).maker
}

/** Names of equal built-ins, the newest of each engine first; none if the filter is not followed. */
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
    // Making a filter takes long, so most built-ins are excluded by their rules first.
    if (!couldBe(applied, resolve(profile, plain))) return false
    return makers.some((maker) =>
      isSameMeaning(makeMeaning(profile, contextOf({ ...options, ...maker })), meaning),
    )
  })
}

/** Whether the rules' answers fit, for calls known to every library with at most one rule. */
function couldBe({ host, answer }: AppliedFilter, { rules, defaultAnswer }: Resolved): boolean {
  const named = new Map<string, readonly ResolvedRule[]>()
  for (const rule of rules) for (const name of rule.names) named.set(name, [...(named.get(name) ?? []), rule])
  return syscallTable(host).entries.every(({ name, number }) => {
    const own = named.get(name) ?? []
    if (own.length > 1 || own.some(({ args }) => args.length > 0) || !isKnownTo(oldestLibrary, name))
      return true
    const answered = answer(host, number, [])
    // runc's stub answers for calls that are newer than those the profile names.
    return own[0] === undefined
      ? isSameAnswer(answered, defaultAnswer) || isSameAnswer(answered, noSuchCall)
      : isSameAnswer(answered, own[0].answer)
  })
}
