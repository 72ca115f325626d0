// An engine's default bounding set, by version. Authority: moby daemon/pkg/oci/caps, DefaultCapabilities (containerd's
// CRI has the same); each other list names its own.
import { dockerCapabilities } from './context.ts'
import { compareVersions } from './versions.ts'

// containers/common pkg/config as Podman vendors it: Docker's list until 4.3, this one since. 4.4.0 alone lacks
// SYS_CHROOT, which this file ignores.
const podmanCapabilities = caps(
  'CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
)

/** `version`: such as "4.4", or "main" for the newest. */
export function capabilitiesOf(engine: string, version: string): readonly string[] {
  if (engine === 'podman' && (version === 'main' || compareVersions(version, '4.4') >= 0))
    return podmanCapabilities
  // cri-o internal/config/capabilities, since 1.18.
  if (engine === 'cri-o')
    return caps('CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETPCAP NET_BIND_SERVICE KILL')
  return dockerCapabilities
}

function caps(names: string): readonly string[] {
  return names.split(' ').map((name) => `CAP_${name}`)
}
