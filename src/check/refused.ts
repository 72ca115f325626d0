// Finds what a runtime, an engine or libseccomp refuses, so that the container does not start. This file asks meaning/
// for every host of the profile. A refusal by the newest versions is an error, one by older versions in use a warning.
import { architectures, type Architecture } from '../abi/architectures.ts'
import {
  contextOf,
  oldestLibraryOn,
  refusalsOf,
  refusalsOnOthers,
  surroundingsOf,
  type Context,
  type LibraryVersion,
  type ProfileRefusal,
} from '../meaning/index.ts'
import { documentArchitectures, flags, specificationOnlyArchitectures } from '../profile/words.ts'
import { finding, type Finding, type FindingCode } from './findings.ts'
import { hostsOf, keyOf, type CheckSubject } from './subject.ts'

export function* refusedProblems(subject: CheckSubject): Generator<Finding> {
  const { parsed, profile } = subject
  // A part that could not be read may be one that would be refused.
  if (profile.defaultAction === undefined || parsed.flaws.some(({ severity }) => severity === 'error')) return
  const told = new Set<string>()
  for (const { refusal, older } of refusalsIn(subject)) {
    // If two architectures exclude each other, each is refused on the other's host. One finding is enough.
    const key = refusal.code === 'architectures-mixed' ? refusal.code : `${refusal.code} ${refusal.pointer}`
    const code = codeOf(refusal)
    if (code === undefined || told.has(key)) continue
    told.add(key)
    const isMeasureless = code === 'rules-beyond' || code === 'filter-too-long'
    const severity = older || code === 'rules-beyond' ? 'warning' : 'error'
    yield finding(code, refusal, factsOf(refusal, subject), severity)
    // Examining another host or runtime would take as long again.
    if (isMeasureless) return
  }
}

function* refusalsIn(
  subject: CheckSubject,
): Generator<{ readonly refusal: ProfileRefusal; readonly older: boolean }> {
  const { parsed, engine, runtime, library } = subject
  const hosts = hostsOf(subject)
  const words = (parsed.profile.architectures ?? []).map((word, index) => ({
    word,
    ...keyOf(subject, parsed.profile, `architectures/${index}`),
  }))
  for (const { older, ...each } of surroundingsOf(runtime, library)) {
    const contextWith = (libseccomp: LibraryVersion | undefined, architecture?: Architecture): Context =>
      contextOf({
        runtime: each.runtime,
        ...(architecture === undefined ? {} : { architecture }),
        ...(libseccomp === undefined ? {} : { libseccomp }),
        ...(engine === undefined ? {} : { engine }),
      })
    if (hosts.length === 0)
      for (const refusal of refusalsOnOthers(parsed, words, contextWith(library))) yield { refusal, older }
    for (const architecture of hosts) {
      // No library in use is older than its host's architecture.
      const isNamed = !older || library !== undefined
      const its = isNamed ? each.library : oldestLibraryOn(architecture)
      const context = contextWith(its, architecture)
      for (const refusal of refusalsOf(parsed, context))
        if (!isOfItsHost(refusal, architecture, parsed)) yield { refusal, older }
    }
  }
}

/**
 * Whether a refusal cannot happen: archMap names the host's own architecture. An engine reads only its host's entry of
 * archMap, and versions that lack the host's architecture do not run there.
 */
function isOfItsHost(
  { code, facts }: ProfileRefusal,
  host: Architecture,
  { profile }: CheckSubject['parsed'],
): boolean {
  return (
    code === 'architecture-not-known' &&
    profile.archMap !== undefined &&
    facts['word'] === architectures[host].scmp
  )
}

/** Undefined for a word that the specification lacks: check/words.ts reports it. */
function codeOf({ code, facts }: ProfileRefusal): FindingCode | undefined {
  const { word = '', by = '' } = facts
  switch (code) {
    case 'architecture-not-known':
      if (!documentArchitectures.includes(word)) return undefined
      return specificationOnlyArchitectures.includes(word) && by.startsWith('runc')
        ? 'architecture-unknown-to-runc'
        : code
    case 'flag-not-known':
      return flags.includes(word) ? code : undefined
    default:
      return code
  }
}

function factsOf(
  { code, facts, pointer }: ProfileRefusal,
  { profile }: CheckSubject,
): Readonly<Record<string, string>> {
  const by = facts['by']
  const said = by === undefined ? facts : { ...facts, by: by.replace('@', ' ') }
  if (code !== 'rules-clash') return said
  // Names the earlier rule that gives the same call another answer.
  const place = profile.syscalls.findIndex((rule) => pointer.startsWith(`${rule.pointer}/`))
  const rule = profile.syscalls[place]
  const other = profile.syscalls.slice(0, Math.max(0, place)).findLast(({ names, action, errnoRet }) => {
    return names.includes(facts['name'] ?? '') && (action !== rule?.action || errnoRet !== rule.errnoRet)
  })
  return other === undefined ? said : { ...said, line: String(other.at.line) }
}
