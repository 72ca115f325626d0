// The floor version by version: what one runtime was measured to call between the filter and the program, how surely,
// and which versions stand in for one that was not measured. Authority: profiles/floors/measured (scripts/
// measure-floor.ts says how) and profiles/floors/published, which are other people's lists and are told apart.
import { crun, runc } from './data/floors.ts'
import {
  readRuntimeVersion,
  type RuntimeName,
  type RuntimeVersion,
} from '../meaning/versions/runtime-word.ts'
import { compareVersions, isSameMinor } from '../meaning/versions.ts'

/** What scripts/make-floors.ts writes: names of x86_64, separated by white space. */
export interface RuntimeFloors {
  /** The newest version that was measured. */
  readonly version: string
  readonly withoutNoNewPrivileges: string
  readonly withNoNewPrivileges: string
  readonly refused: string
  /** What the sources say of every version: too rare, or the kernel too old, to be measured reliably. */
  readonly sometimes: string
  readonly olderKernel: string
  /** In the order of versions. */
  readonly measured: readonly MeasuredVersion[]
  readonly published: readonly { readonly version: string; readonly names: string }[]
}

interface MeasuredVersion {
  readonly version: string
  readonly withoutNoNewPrivileges: MeasuredCalls
  readonly withNoNewPrivileges: MeasuredCalls
}

type MeasuredCalls = Readonly<Record<Exclude<Certainty, 'published'>, string>> & {
  /** Starts of a container that were looked at. */
  readonly runs: number
}

/**
 * What is known of a call, the strongest first. `needed`: the container does not start without it. `made`: every start
 * of some kind makes it (with another user, a terminal, or exec), and one at least goes on without it. `sometimes`:
 * some starts of the same kind make it. `olderKernel`: only where Linux lacks openat2, faccessat2 and close_range.
 * `refused`: it is made, and an errno is all that is needed. `published`: nobody has seen it here.
 */
export type Certainty = 'needed' | 'made' | 'sometimes' | 'olderKernel' | 'refused' | 'published'

const certainties: readonly Certainty[] = [
  'needed',
  'made',
  'sometimes',
  'olderKernel',
  'refused',
  'published',
]

export interface FloorCall {
  /** As on x86_64. */
  readonly syscall: string
  readonly certainty: Certainty
  /** The versions that it is known of, with this or less certainty. */
  readonly versions: readonly string[]
}

export interface VersionFloor {
  readonly runtime: RuntimeName
  /** The version that was asked for; undefined: every one that was measured. */
  readonly version: string | undefined
  /** The measured versions that speak: the one asked for, or those that stand in for it. */
  readonly measured: readonly string[]
  /** Whether a list was published for the version asked for, and is in `calls`. */
  readonly published: boolean
  /** Sorted by name. */
  readonly calls: readonly FloorCall[]
}

const all: Readonly<Record<RuntimeName, RuntimeFloors>> = { runc, crun }

/** @throws Error for a word that readRuntimeVersion does not read. */
export function versionFloor(word: RuntimeVersion, noNewPrivileges: boolean): VersionFloor {
  const read = readRuntimeVersion(word)
  if (read === undefined) throw new Error(`${word} is no runtime`)
  const { runtime, version } = read
  const { measured, published, sometimes, olderKernel } = all[runtime]
  const speaking = version === undefined ? measured : standingIn(version, measured)
  const known = version !== undefined && speaking[0]?.version === version
  const listed = published.find((each) => each.version === version)
  const calls = new Map<string, FloorCall>()
  const add = (certainty: Certainty, names: string, version: string): void => {
    for (const syscall of namesIn(names)) {
      const before = calls.get(syscall)
      const stronger =
        before === undefined || certainties.indexOf(certainty) < certainties.indexOf(before.certainty)
      calls.set(syscall, {
        syscall,
        certainty: stronger ? certainty : before.certainty,
        versions: [...new Set([...(before?.versions ?? []), version])],
      })
    }
  }
  for (const each of speaking) {
    const made = noNewPrivileges ? each.withNoNewPrivileges : each.withoutNoNewPrivileges
    for (const certainty of certainties) {
      if (certainty !== 'published') add(certainty, made[certainty], each.version)
    }
    add('sometimes', sometimes, each.version)
    add('olderKernel', olderKernel, each.version)
  }
  const alsoListed = listed !== undefined && !known
  // Published lists do not say whether no_new_privs was set: they are for containers without it.
  if (alsoListed && !noNewPrivileges) add('published', listed.names, listed.version)
  return {
    runtime,
    version,
    measured: speaking.map((each) => each.version),
    published: alsoListed && !noNewPrivileges,
    calls: [...calls.values()].sort((one, other) => (one.syscall < other.syscall ? -1 : 1)),
  }
}

/** The version itself; the nearest of its minor version; the neighbours on both sides. At least one. */
function standingIn(version: string, measured: readonly MeasuredVersion[]): readonly MeasuredVersion[] {
  const newer = measured.find((each) => compareVersions(each.version, version) >= 0)
  const older = measured.findLast((each) => compareVersions(each.version, version) < 0)
  if (newer !== undefined && compareVersions(newer.version, version) === 0) return [newer]
  const near = [newer, older].find((each) => each !== undefined && isSameMinor(each.version, version))
  if (near !== undefined) return [near]
  return [older, newer].filter((each) => each !== undefined)
}

export function namesIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((name) => name !== '')
}
