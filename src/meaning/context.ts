// The context in which a profile is read: what the engine, the runtime and libseccomp look at when they make the
// filter.
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
  /** The runtime that makes the filter; runc adds its ENOSYS stub. Undefined: the filter alone, without a stub. */
  readonly runtime: RuntimeVersion | undefined
  /**
   * The libseccomp that makes the filter: it leaves out calls that it does not know. Undefined: it knows every call.
   */
  readonly library: LibraryVersion | undefined
  /** The engine that reads the file: it ignores keys that it does not know. Undefined: the file's own keys decide. */
  readonly engine: EngineVersion | undefined
}

/** On what machine, with which capabilities and by whom a profile is read. */
export interface ContextOptions {
  /** Any architecture of the host. Default x86_64. */
  readonly architecture?: Architecture
  /** CAP_* names, or 'all'. Default: what Docker gives a container. */
  readonly capabilities?: readonly string[] | 'all'
  /** "major.minor" of the host's kernel. Default "6.12". */
  readonly kernel?: string
  /** "runc" or "crun@1.8.1"; without a version the newest. runc adds its ENOSYS stub. Default: the filter alone. */
  readonly runtime?: RuntimeVersion
  /**
   * A version of libseccomp, such as "2.5.4". Calls that it does not know are left out. Default: it knows every call.
   */
  readonly libseccomp?: string
  /**
   * The engine that reads the file: "docker", "docker@20.10", "podman" … Default: the file's keys and envelope decide.
   */
  readonly engine?: EngineVersion
}

/** moby daemon/pkg/oci/caps, DefaultCapabilities; containerd's CRI has the same. */
export const dockerCapabilities: readonly string[] =
  `CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL
   AUDIT_WRITE`
    .split(/\s+/)
    .map((name) => `CAP_${name}`)

export const defaultKernel = '6.12'

/** @throws UserError for an unknown capability, runtime, engine, libseccomp or kernel. */
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

/** 2.5.0 is the first: older versions had one table an architecture, which this project does not have. */
export function isLibraryVersion(word: string): boolean {
  return isVersion(word) && compareVersions(word, firstLibrary) >= 0
}
