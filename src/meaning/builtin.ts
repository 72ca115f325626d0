// The engines' default profiles, by name. scripts/make-builtins.ts makes the data (data/builtins.ts) from each engine's
// own repository, with versions and dates. test/meaning/builtins.test.ts proves that each built-in means the same as
// the engine's own file, on every architecture and for every capability set.
import { UserError } from '../errors.ts'
import { text } from '../options.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parseProfile } from '../profile/parse.ts'
import { documentOf } from './builtin-document.ts'
import { History, type Release } from './builtin-history.ts'
import { dockerCapabilities } from './context.ts'
import { capabilitiesOf } from './engine-capabilities.ts'
import { builtins } from './data/builtins.ts'

/** The default profile of a release of an engine, with the capabilities that the engine gives a container. */
export interface Builtin {
  readonly name: string
  /** The project, the versions with this default, and the release day of the oldest of them. */
  readonly source: string
  readonly profile: ParsedProfile
  /** The capabilities that the engine gives a container by default. */
  readonly capabilities: readonly string[]
}

/** One default profile of an engine. */
export interface BuiltinRelease extends Release {
  /** A name that `builtinProfile` takes: `docker@28.2`. */
  readonly name: string
}

/**
 * Stands for no filter. It names every architecture, because a filter kills the calls of architectures that it does not
 * name.
 */
const unconfined = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
})

/** Every name that `builtinProfile` takes without a version. `builtinProfileReleases` lists an engine's versions. */
export const builtinNames: readonly string[] = [...Object.keys(builtins), 'unconfined']

const histories = new Map<string, History>()

function historyOf(engine: string): History | undefined {
  const data = Object.hasOwn(builtins, engine) ? builtins[engine] : undefined
  if (data === undefined) return undefined
  const history = histories.get(engine) ?? new History(data.text)
  histories.set(engine, history)
  return history
}

/** The default profiles of `docker`, `podman`, `containerd` or `cri-o`, newest first. Empty for any other name. */
export function builtinReleases(engine: string): readonly BuiltinRelease[] {
  const history = historyOf(engine)
  return (history?.releases ?? []).map((release) => {
    const minor = release.first.split('.').slice(0, 2).join('.')
    const word = history?.find(minor) === release ? minor : release.first
    return { first: release.first, last: release.last, date: release.date, name: `${engine}@${word}` }
  })
}

/**
 * An engine's default profile with its source, versions, date, and the engine's default capabilities. `docker`,
 * `podman`, `containerd` and `cri-o` name the newest profiles, `docker@28.1` the one of that version, `docker@28` the
 * one of the newest 28.x. `unconfined` allows every call.
 *
 * @throws UserError for an unknown engine or version; the message lists the known ones.
 */
export function builtin(name: string): Builtin {
  text(name, 'builtinProfile: name')
  const known = read.get(name) ?? readBuiltin(name)
  read.set(name, known)
  return known
}
const read = new Map<string, Builtin>()

function readBuiltin(name: string): Builtin {
  if (name === 'unconfined') {
    const profile = parseProfile(unconfined, { name })
    return { name, source: 'no filter', profile, capabilities: dockerCapabilities }
  }
  const [engine = '', version] = name.split('@')
  const history = historyOf(engine)
  if (history === undefined) {
    throw new UserError('no-such-builtin', { name, builtins: builtinNames })
  }
  const release = releaseOf(history, version)
  if (release === undefined) {
    throw new UserError('no-such-builtin-version', { name, engine, versions: history.span })
  }
  const parsed = parseProfile(documentOf(history.linesOf(release)), { name })
  // The loader of Podman and CRI-O ignores minKernel and prefers an errno's name to its number.
  const containers = engine === 'podman' || engine === 'cri-o'
  const versions = release.first === release.last ? release.first : `${release.first} to ${release.last}`
  return {
    name,
    source: `${builtins[engine]?.project} ${versions}, ${release.date}`,
    profile: containers ? { ...parsed, dialect: 'containers' } : parsed,
    capabilities: capabilitiesOf(engine, version ?? release.last),
  }
}

function releaseOf(history: History, version: string | undefined): Release | undefined {
  if (version === undefined) return history.releases[0]
  if (version === 'main') return history.releases.find(({ first }) => first === 'main')
  return /^\d{1,4}(?:\.\d{1,4}){0,2}$/.test(version) ? history.find(version) : undefined
}
