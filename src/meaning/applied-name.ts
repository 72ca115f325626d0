// Which built-in a filter is that holds somewhere: the one that answers every call as it does, with what the process may
// have, on this kernel, as a runtime in use makes it.
import { syscallTable } from '../abi/tables.ts'
import { isSameAnswer, noSuchCall } from './answer.ts'
import { builtin, builtinNames, builtinReleases } from './builtin.ts'
import { appliedMeaning, type AppliedFilter } from './applied.ts'
import { isSameMeaning } from './compare.ts'
import { contextOf, type ContextOptions } from './context.ts'
import { makeMeaning } from './meaning.ts'
import { resolve, type Resolved, type ResolvedRule } from './resolve.ts'
import { isKnownTo, oldestLibrary } from './versions/library.ts'
import type { RuntimeVersion } from './versions/runtime-word.ts'

/** Makers whose filters differ: the library knows fewer calls, and runc answers for those beyond. */
const makers: readonly (readonly [RuntimeVersion | undefined, string | undefined])[] = [
  [undefined, undefined],
  [undefined, oldestLibrary],
  ['runc', undefined],
  ['runc', '2.5.5'],
  ['runc', oldestLibrary],
  ['runc@1.1.5', '2.5.5'],
  ['runc@1.1.5', oldestLibrary],
]

/** Their names, the newest of each engine first; none where it is no built-in, or its programs are not followed. */
export function builtinsEqualTo(
  applied: AppliedFilter,
  context: Pick<ContextOptions, 'capabilities' | 'kernel'>,
): readonly string[] {
  const options = { ...context, architecture: applied.host }
  const plain = contextOf(options)
  const meaning = appliedMeaning(applied, 'applied', plain)
  if (meaning === undefined) return []
  const names = builtinNames.flatMap((engine) => builtinReleases(engine).map(({ name }) => name))
  return names.filter((name) => {
    const { profile } = builtin(name)
    // Making a filter takes long: most are told by what their rules say of one call.
    if (!couldBe(applied, resolve(profile, plain))) return false
    return makers.some(([runtime, libseccomp]) => {
      const made = { ...options, ...(runtime && { runtime }), ...(libseccomp && { libseccomp }) }
      return isSameMeaning(makeMeaning(profile, contextOf(made)), meaning)
    })
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
