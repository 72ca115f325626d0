// The context in which a profile is read: what the engine, the runtime and libseccomp look at when they make the
// filter.
import { architectures, assumedHost, type Host } from '../abi/architectures.ts'
import { readKnown } from '../options.ts'
import { capabilities as known } from '../profile/words.ts'
import { contextTable, defaultKernel, dockerCapabilities, type ContextOptions } from './context-options.ts'
import type { EngineVersion } from './versions/engines.ts'
import type { LibraryVersion } from './versions/library.ts'
import type { RuntimeVersion } from './versions/runtime-word.ts'

export { defaultKernel, dockerCapabilities, type ContextOptions } from './context-options.ts'

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

/** @throws UserError for an unknown architecture, capability, runtime, engine, libseccomp or kernel. */
export function contextOf(options: ContextOptions = {}): Context {
  const given = readKnown('context', contextTable, options)
  const { capabilities = dockerCapabilities, kernel = defaultKernel, runtime, libseccomp, engine } = given
  const [major, minor] = kernel.split(/[.-]/).map(Number) as [number, number]
  return {
    host: architectures[given.architecture ?? assumedHost].host,
    capabilities: new Set(capabilities === 'all' ? known : capabilities),
    kernel: [major, minor],
    runtime,
    library: libseccomp,
    engine,
  }
}
