// Finds keys of one dialect in a file that a loader of another dialect may read: every loader ignores unknown keys
// silently.
// Authority: moby seccomp_linux.go, containers/common, containerd's WithProfile, SPO's v1 API.
import { architectureOf, engineNames } from '../abi/architectures.ts'
import type { RuleFilter } from '../profile/dialects.ts'
import { oldestDocker, readsKey } from '../meaning/versions/engines.ts'
import { finding, type Finding } from './findings.ts'
import { nearest } from '../profile/nearest.ts'
import { capabilities, engineArchitectures, takesErrno } from '../profile/words.ts'
import { keyOf, type CheckSubject } from './subject.ts'

const int64Limit = 2n ** 63n - 1n

export function* dialectProblems(subject: CheckSubject): Generator<Finding> {
  const { parsed, profile, asOci } = subject
  if (asOci) {
    for (const { key, ...where } of parsed.beyondOci) {
      // runc loses a rule whose only names are in `name`; crun refuses the profile.
      yield finding('docker-key-ignored', where, { key }, key === 'name' ? 'error' : 'warning')
    }
  } else {
    if (parsed.dialect === 'docker') yield finding('docker-dialect', profile, { keys: keysOf(subject) })
    if (parsed.dialect === 'containers')
      yield finding('containers-dialect', profile, { keys: keysOf(subject) })
    if ((profile.archMap?.length ?? 0) > 0 && (profile.architectures?.length ?? 0) > 0) {
      yield finding('arch-map-with-architectures', keyOf(subject, profile, 'archMap'))
    }
    for (const rule of profile.syscalls) {
      for (const key of ['includes', 'excludes'] as const) {
        if (rule[key] !== undefined) yield* filterProblems(subject, rule[key], `${rule.pointer}/${key}`)
      }
    }
  }
  if (parsed.envelope === 'spo') yield* operatorProblems(subject)
  yield* engineProblems(subject)
}

/**
 * Finds keys that an engine, or an older version of it in use, ignores. No engine reads a config.json or a
 * SeccompProfile.
 */
function* engineProblems(subject: CheckSubject): Generator<Finding> {
  const { parsed, profile, asOci, engine } = subject
  if (parsed.envelope === 'config' || parsed.envelope === 'spo') return
  const reader = engine === undefined || engine === 'containerd' ? undefined : engine
  const older = reader ?? (engine === undefined ? oldestDocker : undefined)
  if (older !== undefined) {
    const says = older.replace('@', ' ')
    for (const key of ['defaultErrnoRet', 'flags', 'listenerPath'] as const) {
      const value = profile[key]
      // An ignored key that changes nothing is not a finding.
      const same =
        value === undefined ||
        value === '' ||
        isDefault(subject, key) ||
        (key === 'flags' && !changes(profile.flags))
      if (!same && !readsKey(older, key))
        yield finding('key-unknown-to-older', keyOf(subject, profile, key), { key, by: says })
    }
    for (const rule of profile.syscalls)
      if (rule.errnoRet !== undefined && rule.errnoRet !== 1 && !readsKey(older, 'errnoRet'))
        yield finding('key-unknown-to-older', keyOf(subject, rule, 'errnoRet'), { key: 'errnoRet', by: says })
  }
  if (asOci || (engine !== undefined && readsKey(engine, 'minKernel'))) return
  for (const rule of profile.syscalls) {
    for (const key of ['includes', 'excludes'] as const) {
      const where = { at: rule.at, pointer: `${rule.pointer}/${key}` }
      if (rule[key]?.minKernel !== undefined)
        yield finding('min-kernel-ignored', keyOf(subject, where, 'minKernel'), { key })
    }
  }
}

/**
 * Whether an engine may ignore the key: it states EPERM, the answer without it, or the default action takes no errno.
 */
function isDefault({ profile }: CheckSubject, key: string): boolean {
  return (
    key === 'defaultErrnoRet' &&
    (profile.defaultErrnoRet === 1 ||
      (profile.defaultAction !== undefined && !takesErrno(profile.defaultAction)))
  )
}

/** Whether flags differ from the runtimes' default: an empty list and SPEC_ALLOW alone do not. */
function changes(flags: readonly string[] = []): boolean {
  return flags.some((flag) => flag !== 'SECCOMP_FILTER_FLAG_SPEC_ALLOW')
}

function keysOf({ parsed }: CheckSubject): string {
  return [...new Set(parsed.beyondOci.map(({ key }) => key))].sort().join(', ')
}

function* filterProblems(subject: CheckSubject, filter: RuleFilter, pointer: string): Generator<Finding> {
  const where = { at: subject.profile.at, pointer }
  for (const [index, name] of (filter.caps ?? []).entries()) {
    if (capabilities.has(name)) continue
    const meant = nearest(name, capabilities) ?? nearest(`CAP_${name}`, capabilities)
    const facts = { name, ...(meant === undefined ? {} : { meant }) }
    yield finding('unknown-capability', keyOf(subject, where, `caps/${index}`), facts)
  }
  for (const [index, name] of (filter.arches ?? []).entries()) {
    if (engineArchitectures.has(name)) continue
    const meant = engineNameOf(name.toLowerCase().replace(/^scmp_arch_/, ''))
    const facts = { name, ...(meant === undefined ? {} : { meant }) }
    yield finding('unknown-engine-architecture', keyOf(subject, where, `arches/${index}`), facts)
  }
}

/** The engines' own name of an architecture, such as amd64 for x86_64. */
function engineNameOf(word: string): string | undefined {
  const architecture = architectureOf(word)
  return architecture === undefined ? undefined : engineNames(architecture)[0]
}

/** Finds what the schema of a SeccompProfile cannot hold. */
function* operatorProblems(subject: CheckSubject): Generator<Finding> {
  const { profile } = subject
  if (profile.defaultErrnoRet !== undefined) {
    yield finding('operator-key-ignored', keyOf(subject, profile, 'defaultErrnoRet'), {
      key: 'defaultErrnoRet',
    })
  }
  for (const rule of profile.syscalls) {
    for (const [index, { value, valueTwo = 0n }] of (rule.args ?? []).entries()) {
      const large = value > int64Limit ? value : valueTwo
      if (large > int64Limit)
        yield finding('value-beyond-int64', rule.argsAt[index] ?? rule, { value: String(large) })
    }
  }
}
