// What every check gets: a parsed profile, the programs that read it, and the places of its parts.
import {
  architectures,
  architectureNames,
  commonHosts,
  hostNames,
  type Architecture,
  type Host,
} from '../abi/architectures.ts'
import { errnoNumber } from '../abi/errnos.ts'
import type { ParsedProfile, ReadProfile } from '../profile/dialects.ts'
import type { Action } from '../profile/document.ts'
import { standingOf, type Standing } from '../profile/flaws.ts'
import type { EngineVersion, LibraryVersion, RuntimeVersion } from '../meaning/index.ts'
import type { Finding } from './findings.ts'
import { takesErrno } from '../profile/words.ts'

export interface CheckSubject {
  readonly parsed: ParsedProfile
  readonly profile: ReadProfile
  /** Whether the reader takes plain OCI only and ignores every other key. */
  readonly asOci: boolean
  /** Every architecture that the profile names, those of `archMap` included if the reader knows that key. */
  readonly named: readonly string[]
  /**
   * The named architectures with a table in this project. `allKnown`: there is at least one, and every named one has a
   * table.
   */
  readonly architectures: readonly Architecture[]
  readonly allKnown: boolean
  /** The programs whose reading is meant; undefined: all that can read the profile. */
  readonly runtime: RuntimeVersion | undefined
  readonly library: LibraryVersion | undefined
  readonly engine: EngineVersion | undefined
}

/** The programs whose reading of a profile is meant. */
export interface Readers {
  /** A runtime, or one version of it. Default: runc and crun, the newest and the oldest in use. */
  readonly runtime?: RuntimeVersion
  /** A version of libseccomp. Default: the newest and the oldest in use. */
  readonly libseccomp?: LibraryVersion
  /** An engine, or one version of it. Default: those that read the profile's keys. */
  readonly engine?: EngineVersion
}

export type Check = (subject: CheckSubject) => Iterable<Finding>

export function subjectOf(parsed: ParsedProfile, asOci: boolean, readers: Readers = {}): CheckSubject {
  const { profile } = parsed
  const mapped = asOci
    ? []
    : (profile.archMap ?? []).flatMap((each) => [each.architecture, ...each.subArchitectures])
  const named = [...new Set([...(profile.architectures ?? []), ...mapped])]
  const known = architectureNames.filter((each) => named.includes(architectures[each].scmp))
  return {
    parsed,
    profile,
    asOci,
    named,
    architectures: known,
    allKnown: named.length > 0 && known.length === named.length,
    runtime: readers.runtime,
    library: readers.libseccomp,
    engine: readers.engine ?? (asOci ? 'containerd' : undefined),
  }
}

/** The hosts of the profile. A runtime is a 64-bit program, and every filter contains its architecture. */
export function hostsOf({ named, architectures: known }: CheckSubject): readonly Host[] {
  if (named.length === 0) return commonHosts
  const hosts = known.map((each) => architectures[each].host)
  return hostNames.filter((host) => hosts.includes(host))
}

/** The place of a key of the profile or of a rule. */
export function keyOf(subject: CheckSubject, whole: Standing, key: string): Standing {
  return standingOf(subject.parsed.tree, whole, key)
}

/** An answer as `eval` prints it. A missing errno is EPERM; containers/common prefers an errno's name to its number. */
export function answerOf(
  subject: CheckSubject,
  action: Action,
  errnoRet: number | undefined,
  errno: string | undefined,
): string {
  const same: Action = action === 'SCMP_ACT_KILL' ? 'SCMP_ACT_KILL_THREAD' : action
  if (!takesErrno(action)) return same
  const byName = subject.asOci || errno === undefined ? undefined : errnoNumber(errno)
  return `${same}(${byName ?? errnoRet ?? 1})`
}

/** The answer to calls without a rule; undefined if the profile has no default action. */
export function defaultAnswer(subject: CheckSubject): string | undefined {
  const { defaultAction, defaultErrnoRet, defaultErrno } = subject.profile
  return defaultAction && answerOf(subject, defaultAction, defaultErrnoRet, defaultErrno)
}
