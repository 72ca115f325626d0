// Where a profile is read: what an engine and a runtime look at before the filter is made.
import { architectures, assumedHost, type Architecture, type Host } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { capabilities as known } from '../profile/words.ts'
import { compareVersions, isVersion } from './versions.ts'
import { readEngineVersion, type EngineVersion } from './versions/engines.ts'
import { firstLibrary, type LibraryVersion } from './versions/library.ts'
import { readRuntimeVersion, type RuntimeVersion } from './versions/runtime-word.ts'

export interface Context {
  /** The 64-bit architecture of the host's kernel and runtime. */
  readonly host: Host
  /** The bounding set: CAP_* names. */
  readonly capabilities: ReadonlySet<string>
  /** [major, minor]. */
  readonly kernel: readonly [number, number]
  /** Which runtime makes the filter: runc answers numbers beyond the profile's largest with ENOSYS. Undefined: neither. */
  readonly runtime: RuntimeVersion | undefined
  /** With which libseccomp: calls that it does not know are left out. Undefined: it knows every call. */
  readonly library: LibraryVersion | undefined
  /** Which engine reads the file: keys that it does not read are as if they were not there. Undefined: its keys say. */
  readonly engine: EngineVersion | undefined
}

/** On what machine, with which capabilities and by whom a profile is read. */
export interface ContextOptions {
  /** An architecture whose host it is. Default x86_64. */
  readonly architecture?: Architecture
  /** CAP_* names, or 'all'. Default: what Docker gives a container. */
  readonly capabilities?: readonly string[] | 'all'
  /** "major.minor" of the host's kernel. Default "6.12". */
  readonly kernel?: string
  /** "runc", "crun@1.8.1"; without a version the newest. With runc its ENOSYS stub answers too. Default: the filter alone. */
  readonly runtime?: RuntimeVersion
  /** A version of libseccomp, such as "2.5.4"; the runtime leaves out calls that it does not know. Default: it knows all. */
  readonly libseccomp?: string
  /** "docker", "docker@20.10", "podman" …: whose reading of the file is meant. Default: as its keys and its envelope say. */
  readonly engine?: EngineVersion
}

/** moby daemon/pkg/oci/caps, DefaultCapabilities; containerd's CRI has the same. */
export const dockerCapabilities: readonly string[] =
  `CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL
   AUDIT_WRITE`
    .split(/\s+/)
    .map((name) => `CAP_${name}`)

export const defaultKernel = '6.12'

/** @throws UserError for a capability or kernel that is none. */
export function contextOf(options: ContextOptions = {}): Context {
  const { architecture = assumedHost, capabilities = dockerCapabilities, kernel = defaultKernel } = options
  const set = new Set(capabilities === 'all' ? known : capabilities)
  for (const each of set) {
    if (!known.has(each)) throw new UserError('no-such-capability', { name: each })
  }
  const { runtime, libseccomp, engine } = options
  if (runtime !== undefined && readRuntimeVersion(runtime) === undefined)
    throw new UserError('not-a-runtime', { runtime })
  if (engine !== undefined && readEngineVersion(engine) === undefined)
    throw new UserError('not-an-engine', { engine })
  if (libseccomp !== undefined && !isLibraryVersion(libseccomp))
    throw new UserError('not-a-libseccomp', { version: libseccomp, first: firstLibrary })
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})(?:[.-].*)?$/.exec(kernel) ?? []
  if (major === undefined || minor === undefined) {
    throw new UserError('not-a-kernel', { kernel })
  }
  return {
    host: architectures[architecture].host,
    capabilities: set,
    kernel: [Number(major), Number(minor)],
    runtime,
    library: libseccomp,
    engine,
  }
}

/** Before 2.5.0 every architecture had a table of its own. */
export function isLibraryVersion(word: string): boolean {
  return isVersion(word) && compareVersions(word, firstLibrary) >= 0
}
