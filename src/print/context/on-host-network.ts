// Adapts a context to a container on the host's network. Its network sysctls are the host's, and runtimes refuse to set
// them, so a port below 1024 needs the capability. Authority: runc libcontainer/configs/validate (sysctl),
// podman-run(1), --sysctl; Kubernetes, "Using sysctls in a Kubernetes Cluster".
import type { ContainerContext } from '../../harden/context.ts'
import { portsSysctl } from '../../harden/ports.ts'
import { ascending } from '../../order.ts'

export interface OnHostNetwork {
  readonly container: ContainerContext
  /** Sysctls that only the host can set, as NAME=VALUE. */
  readonly hostSysctls: readonly string[]
}

export function onHostNetwork(given: ContainerContext): OnHostNetwork {
  const { sysctls = {}, ...container } = given
  const { needed } = container.capabilities
  // Engines and Kubernetes give an added capability to root only.
  const byCapability =
    Object.hasOwn(sysctls, portsSysctl) && (given.user === undefined || given.user.uid === 0)
  const entries = Object.entries(sysctls).filter(([name]) => name.startsWith('net.'))
  const own = Object.entries(sysctls).filter(([name]) => !name.startsWith('net.'))
  return {
    container: {
      ...container,
      ...(own.length > 0 && { sysctls: Object.fromEntries(own) }),
      capabilities: {
        ...container.capabilities,
        needed: byCapability ? [...new Set([...needed, 'CAP_NET_BIND_SERVICE'])].sort(ascending) : needed,
      },
    },
    hostSysctls: entries
      .filter(([name]) => !(byCapability && name === portsSysctl))
      .map(([name, value]) => `${name}=${value}`),
  }
}
