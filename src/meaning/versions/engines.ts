// Which keys of a profile each version of an engine reads before it passes the filter to a runtime.
// Authority: moby profiles/seccomp/seccomp.go at its tags; containers/common pkg/seccomp (Podman, Buildah, CRI-O);
// containerd contrib/seccomp (WithProfile), which reads plain OCI.
import { compareVersions, isVersion } from '../versions.ts'

export type EngineName = 'docker' | 'podman' | 'containerd' | 'cri-o'

/** "docker" (the newest), "docker@20.10". */
export type EngineVersion = EngineName | `${EngineName}@${string}`

export const engineNames: readonly EngineName[] = ['docker', 'podman', 'containerd', 'cri-o']

/** The loader of each engine: it decides which keys are known. */
export const engineLoaders = {
  docker: 'docker',
  podman: 'containers',
  containerd: 'oci',
  'cri-o': 'containers',
} as const satisfies Readonly<Record<EngineName, string>>

/** The first version of an engine that reads a key. Older versions ignore the key silently. */
const keysSince: Readonly<Partial<Record<EngineName, Readonly<Record<string, string>>>>> = {
  docker: {
    minKernel: '19.03', // moby/moby 1124543ca8
    errnoRet: '20.10.10', // backport of moby/moby 42005
    defaultErrnoRet: '23.0', // moby/moby 42604, 5d244675bd
    flags: '23.0', // 0ef7e727d2
    listenerPath: '23.0', // 5d244675bd
    listenerMetadata: '23.0',
  },
  // Read from containers/common (earlier seccomp/containers-golang) in the vendor directory of each release.
  podman: {
    errnoRet: '2.0',
    defaultErrnoRet: '3.3', // containers/common adee333d
    errno: '4.0', // a27cbd69
    defaultErrno: '4.0',
    flags: '4.1', // ca5e9830
    listenerPath: '4.1',
    listenerMetadata: '4.1',
  },
  'cri-o': {
    errnoRet: '1.19',
    defaultErrnoRet: '1.22',
    errno: '1.25',
    defaultErrno: '1.25',
    flags: '1.25',
    listenerPath: '1.25',
    listenerMetadata: '1.25',
  },
}

/** If no engine is named, the newest Docker is compared with this one: Debian 12's. */
export const oldestDocker: EngineVersion = 'docker@20.10.24'

/** Undefined for an unknown engine and for a malformed version. */
export function readEngineVersion(
  word: string,
): { readonly engine: EngineName; readonly version: string | undefined } | undefined {
  const [, name, , version] = /^([a-z-]+)(@v?(.+))?$/.exec(word) ?? []
  const engine = engineNames.find((each) => each === name)
  if (engine === undefined || (version !== undefined && !isVersion(version) && !/^\d{1,4}$/.test(version)))
    return undefined
  return { engine, version }
}

/** Whether the engine reads this key of a profile or a rule. */
export function readsKey(word: EngineVersion, key: string): boolean {
  const read = readEngineVersion(word)
  if (read === undefined) throw new Error(`${word} is not an engine`)
  const { engine, version } = read
  if (key === 'minKernel' && engine !== 'docker') return false
  const since = keysSince[engine]?.[key]
  if (version === undefined) return true
  // "20.10" means its last patch release, "4" its last minor release.
  const known = /^\d+(?:\.\d+)?$/.test(version) ? `${version}.9999` : version
  return since === undefined || compareVersions(known, since) >= 0
}
