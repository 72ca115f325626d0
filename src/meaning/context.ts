// Where a profile is read: what an engine and a runtime look at before the filter is made.
import { architectures, assumedHost, type Architecture, type Host } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { capabilities as known } from '../profile/words.ts'

export interface Context {
  /** The 64-bit architecture of the host's kernel and runtime. */
  readonly host: Host
  /** The bounding set: CAP_* names. */
  readonly capabilities: ReadonlySet<string>
  /** [major, minor]. */
  readonly kernel: readonly [number, number]
  /** Which runtime makes the filter: runc answers numbers beyond the profile's largest with ENOSYS. */
  readonly runtime: 'runc' | 'crun' | undefined
}

export interface ContextOptions {
  /** An architecture whose host it is. Default x86_64. */
  readonly architecture?: Architecture
  /** CAP_* names, or 'all'. Default: what Docker gives a container. */
  readonly capabilities?: readonly string[] | 'all'
  /** "major.minor" of the host's kernel. Default "6.12". */
  readonly kernel?: string
  /** With 'runc' its ENOSYS stub answers too. Default: the filter alone. */
  readonly runtime?: 'runc' | 'crun'
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
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})(?:[.-].*)?$/.exec(kernel) ?? []
  if (major === undefined || minor === undefined) {
    throw new UserError('not-a-kernel', { kernel })
  }
  return {
    host: architectures[architecture].host,
    capabilities: set,
    kernel: [Number(major), Number(minor)],
    runtime: options.runtime,
  }
}
