// The options for the context in which a profile is read, and what each of them takes.
import type { Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { architecture, listOf, text, type OptionTable, type OptionReader } from '../options.ts'
import { capabilities as known } from '../profile/words.ts'
import { compareVersions, isVersion } from './versions.ts'
import { readEngineVersion, type EngineVersion } from './versions/engines.ts'
import { firstLibrary } from './versions/library.ts'
import { readRuntimeVersion, type RuntimeVersion } from './versions/runtime-word.ts'

/** The machine, the capabilities and the programs for which a profile is read. */
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

/** 2.5.0 is the first: older versions had one table for each architecture, and this project has none of those. */
export function isLibraryVersion(word: string): boolean {
  return isVersion(word) && compareVersions(word, firstLibrary) >= 0
}

/** A capability, with or without CAP_ and in any case, as the command takes it. */
const capability: OptionReader<string> = (value, at) => {
  const word = text(value, at)
  const name = word.toUpperCase().replace(/^(?!CAP_)/, 'CAP_')
  if (!known.has(name)) throw new UserError('no-such-capability', { name: word })
  return name
}

export const capabilitiesOrAll: OptionReader<readonly string[] | 'all'> = (value, at) =>
  value === 'all' ? value : listOf(capability)(value, at)

export const kernelVersion: OptionReader<string> = (value, at) => {
  const kernel = text(value, at)
  if (!/^\d{1,3}\.\d{1,3}(?:[.-].*)?$/.test(kernel)) throw new UserError('not-a-kernel', { kernel })
  return kernel
}

export const runtimeVersion: OptionReader<RuntimeVersion> = (value, at) => {
  const runtime = text(value, at)
  if (readRuntimeVersion(runtime) === undefined) throw new UserError('not-a-runtime', { runtime })
  return runtime as RuntimeVersion
}

export const engineVersion: OptionReader<EngineVersion> = (value, at) => {
  const engine = text(value, at)
  if (readEngineVersion(engine) === undefined) throw new UserError('not-an-engine', { engine })
  return engine as EngineVersion
}

export const libraryVersion: OptionReader<string> = (value, at) => {
  const version = text(value, at)
  if (!isLibraryVersion(version)) throw new UserError('not-a-libseccomp', { version, first: firstLibrary })
  return version
}

export const contextTable: OptionTable<ContextOptions> = {
  architecture,
  capabilities: capabilitiesOrAll,
  kernel: kernelVersion,
  runtime: runtimeVersion,
  libseccomp: libraryVersion,
  engine: engineVersion,
}
