// Finds architectures and flags that some runtime does not know. Authority: schema/defs-linux.json of the runtime-spec,
// runc libcontainer/seccomp/config.go (18 of the 23 architectures).
import { finding, type Finding } from './findings.ts'
import { nearest } from '../profile/nearest.ts'
import { architectureSpellings, documentArchitectures, flags } from '../profile/words.ts'
import { keyOf, type CheckSubject } from './subject.ts'

export function* wordProblems(subject: CheckSubject): Generator<Finding> {
  const { profile, asOci } = subject
  yield* architectureProblems(subject, profile.architectures ?? [], (index) => `architectures/${index}`)
  if (!asOci) {
    for (const [entry, { architecture, subArchitectures }] of (profile.archMap ?? []).entries()) {
      yield* architectureProblems(subject, [architecture], () => `archMap/${entry}/architecture`)
      yield* architectureProblems(
        subject,
        subArchitectures,
        (index) => `archMap/${entry}/subArchitectures/${index}`,
      )
    }
  }
  if (subject.named.length === 0 && profile.defaultAction !== undefined)
    yield finding('no-architectures', profile)

  for (const [index, word] of (profile.flags ?? []).entries()) {
    if (flags.includes(word)) continue
    const meant = nearest(word, flags) ?? nearest(`SECCOMP_FILTER_FLAG_${word}`, flags)
    yield finding('unknown-flag', keyOf(subject, profile, `flags/${index}`), {
      word,
      ...(meant && { meant }),
    })
  }
  if (profile.flags?.length === 0) yield finding('empty-flags', keyOf(subject, profile, 'flags'))
}

function* architectureProblems(
  subject: CheckSubject,
  words: readonly string[],
  key: (index: number) => string,
): Generator<Finding> {
  for (const [index, word] of words.entries()) {
    const where = keyOf(subject, subject.profile, key(index))
    if (!documentArchitectures.includes(word)) {
      const meant = meantArchitecture(word)
      yield finding('unknown-architecture', where, { word, ...(meant && { meant }) })
    }
  }
}

function meantArchitecture(word: string): string | undefined {
  const bare = word.toLowerCase().replace(/^scmp_arch_/, '')
  return architectureSpellings.get(bare) ?? nearest(`SCMP_ARCH_${bare}`, documentArchitectures)
}
