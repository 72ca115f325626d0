// The floor by version: which calls each version of a runtime makes between loading the filter and starting the
// program, how certain that is, and which versions stand in for one that was not measured. Authority:
// profiles/floors/measured (scripts/measure-floor.ts measures) and profiles/floors/published (lists by others, kept
// apart).
import { crun, runc } from './data/floors.ts'
import {
  readRuntimeVersion,
  type RuntimeName,
  type RuntimeVersion,
} from '../meaning/versions/runtime-word.ts'
import { compareVersions, isSameMinor } from '../meaning/versions.ts'

/** The data that scripts/make-floors.ts writes. Calls are names of x86_64, separated by white space. */
export interface RuntimeFloors {
  /** The newest version that was measured. */
  readonly version: string
  readonly withoutNoNewPrivileges: string
  readonly withNoNewPrivileges: string
  readonly refused: string
  /** Calls known from the runtimes' sources: too rare to be measured, or made only on old kernels. */
  readonly sometimes: string
  readonly olderKernel: string
  /** Sorted by version. */
  readonly measured: readonly MeasuredVersion[]
  readonly published: readonly { readonly version: string; readonly names: string }[]
}

interface MeasuredVersion {
  readonly version: string
  readonly withoutNoNewPrivileges: MeasuredCalls
  readonly withNoNewPrivileges: MeasuredCalls
}

type MeasuredCalls = Readonly<Record<Exclude<Certainty, 'published'>, string>> & {
  /** The number of container starts that were measured. */
  readonly runs: number
}

/**
 * How certain a call of the floor is, the strongest first. `needed`: the container does not start without it. `made`:
 * every start of some kind makes it (with another user, a terminal, or exec), and some start works without it.
 * `sometimes`: some starts of one kind make it. `olderKernel`: made only if Linux lacks openat2, faccessat2 and
 * close_range. `refused`: made, and an errno as answer suffices. `published`: listed by others, not measured here.
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
  /** The name on x86_64. */
  readonly syscall: string
  readonly certainty: Certainty
  /** The versions for which the call is known, with this or less certainty. */
  readonly versions: readonly string[]
}

export interface VersionFloor {
  readonly runtime: RuntimeName
  /** The requested version; undefined: every measured one. */
  readonly version: string | undefined
  /** The measured versions that were used: the requested one, or those that stand in for it. */
  readonly measured: readonly string[]
  /** Whether `calls` contains a published list for the requested version. */
  readonly published: boolean
  /** Sorted by name. */
  readonly calls: readonly FloorCall[]
}

const all: Readonly<Record<RuntimeName, RuntimeFloors>> = { runc, crun }

/** @throws Error for a word that readRuntimeVersion does not read. */
export function versionFloor(word: RuntimeVersion, noNewPrivileges: boolean): VersionFloor {
  const read = readRuntimeVersion(word)
  if (read === undefined) throw new Error(`${word} is not a runtime`)
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
  // Published lists do not state no_new_privs, so they count only for containers without it.
  if (alsoListed && !noNewPrivileges) add('published', listed.names, listed.version)
  return {
    runtime,
    version,
    measured: speaking.map((each) => each.version),
    published: alsoListed && !noNewPrivileges,
    calls: [...calls.values()].sort((one, other) => (one.syscall < other.syscall ? -1 : 1)),
  }
}

/**
 * The version itself, else the nearest one of the same minor version, else the neighbours on both sides. At least one.
 */
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
