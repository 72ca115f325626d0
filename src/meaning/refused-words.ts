// Architectures, flags and rules equal to the default for which a runtime or libseccomp refuses a whole profile, by
// version. Authority: versions/ (runc SetupSeccomp and InitSeccomp, crun libcrun_generate_seccomp,
// libseccomp db_col_db_add: one byte order a filter).
import { architectures } from '../abi/architectures.ts'
import { flags as specified } from '../profile/words.ts'
import { isSameAnswer } from './answer.ts'
import type { Context } from './context.ts'
import type { ProfileRefusal } from './refusal.ts'
import type { Resolved, Word } from './resolve.ts'
import {
  knowsArchitecture,
  libraryArchitecture,
  otherArchitecture,
  type OtherArchitecture,
} from './versions/architectures.ts'
import { compareVersions } from './versions.ts'
import { isKnownTo, type LibraryVersion } from './versions/library.ts'
import type { RuntimeVersion } from './versions/runtime-word.ts'
import { has, knowsWord, nameOf } from './versions/runtimes.ts'

/** The refusals, in the order in which a runtime meets them. */
export function* refusedWords(resolved: Resolved, context: Context): Generator<ProfileRefusal> {
  for (const each of resolved.named) yield* architectureRefused(each, context)
  yield* flagsRefused(resolved.flags, context)
  yield* defaultRuleRefused(resolved, context)
}

/** The architectures of the filter that have no table in this project. */
export function othersOf({ named }: Resolved, context: Context): OtherArchitectures {
  return otherArchitectures(named.filter((each) => [...architectureRefused(each, context)].length === 0))
}

/** The architectures among the words that libseccomp knows and that have no table in this project. */
export function otherArchitectures(words: readonly Word[]): OtherArchitectures {
  return new Map(
    words.flatMap(({ word }) => {
      const other = otherArchitecture(word)
      return other === undefined ? [] : [[word, other]]
    }),
  )
}

/** Keyed by libseccomp's word. */
export type OtherArchitectures = ReadonlyMap<string, OtherArchitecture>

function* architectureRefused({ word, at, pointer }: Word, context: Context): Generator<ProfileRefusal> {
  const { host, runtime, library } = context
  const known = libraryArchitecture(word)
  const where = { at, pointer }
  if (known === undefined || (runtime !== undefined && !knowsWord(runtime, word))) {
    yield { code: 'architecture-not-known', ...where, facts: { word, by: runtime ?? 'libseccomp' } }
  } else if (!knowsArchitecture(library, known)) {
    yield { code: 'architecture-not-known', ...where, facts: { word, by: `libseccomp ${library ?? ''}` } }
  } else {
    const native = architectures[host].scmp
    const order = libraryArchitecture(native)?.byteOrder
    if (known.byteOrder !== order) yield { code: 'architectures-mixed', ...where, facts: { word, native } }
  }
}

/** The refusals of the architectures, if the host has the first one. */
export function* wordsRefusedOnOthers(
  words: readonly Word[],
  { runtime, library }: Context,
): Generator<ProfileRefusal> {
  const [first] = words
  for (const { word, at, pointer } of words) {
    const where = { at, pointer }
    const known = libraryArchitecture(word)
    const order = first && libraryArchitecture(first.word)?.byteOrder
    if (runtime !== undefined && !knowsWord(runtime, word))
      yield { code: 'architecture-not-known', ...where, facts: { word, by: runtime } }
    else if (known !== undefined && !knowsArchitecture(library, known))
      yield { code: 'architecture-not-known', ...where, facts: { word, by: `libseccomp ${library ?? ''}` } }
    else if (first !== undefined && known?.byteOrder !== order)
      yield { code: 'architectures-mixed', ...where, facts: { word, native: first.word } }
  }
}

function* flagsRefused(flags: readonly Word[], context: Context): Generator<ProfileRefusal> {
  const { runtime } = context
  const [first] = flags
  if (first !== undefined && runtime !== undefined && !has(runtime, 'flags')) {
    const { word, at, pointer } = first
    yield { code: 'flags-not-read', at, pointer, facts: { word, by: runtime } }
    return
  }
  for (const each of flags) yield* flagRefused(each, context)
}

function* flagRefused({ word, at, pointer }: Word, { runtime, library }: Context): Generator<ProfileRefusal> {
  const where = { at, pointer }
  if (!specified.includes(word) || (runtime !== undefined && !knowsWord(runtime, word))) {
    yield { code: 'flag-not-known', ...where, facts: { word, by: runtime ?? 'runc and crun' } }
  } else if (runtime !== undefined && !libraryHasFlag(word, runtime, library)) {
    yield { code: 'flag-not-known', ...where, facts: { word, by: `libseccomp ${library ?? ''}` } }
  }
}

/** libseccomp has SCMP_FLTATR_CTL_WAITKILL since 2.6.0. crun sets the flag without libseccomp. */
function libraryHasFlag(word: string, runtime: RuntimeVersion, library: LibraryVersion | undefined): boolean {
  if (word !== 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV' || nameOf(runtime) !== 'runc') return true
  return library === undefined || compareVersions(library, '2.6.0') >= 0
}

/** A runtime that does not skip rules equal to the default fails: libseccomp refuses such rules. */
function* defaultRuleRefused(
  { rules, defaultAnswer }: Resolved,
  { runtime, library }: Context,
): Generator<ProfileRefusal> {
  if (runtime === undefined || has(runtime, 'skips-default-rules')) return
  for (const { names, answer, at, pointer, namesAt } of rules) {
    if (!isSameAnswer(answer, defaultAnswer)) continue
    const place = names.findIndex((name) => isKnownTo(library, name))
    if (place === -1) continue
    yield {
      code: 'default-rule-refused',
      ...(namesAt[place] ?? { at, pointer }),
      facts: { name: names[place] as string, by: runtime },
    }
  }
}
