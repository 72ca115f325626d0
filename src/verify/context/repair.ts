// Adds to a context what was refused, in the layer that refused it: a capability, a mount or a sysctl. If another owner
// or mode in the image is the right repair, no privilege is added: the finding stays and is reported.
import type { ContainerContext } from '../../harden/context.ts'
import { isWithin } from '../../harden/paths.ts'
import { portsSysctl } from '../../harden/ports.ts'
import type { ObservedContext } from '../../observe/index.ts'
import { ascending } from '../../order.ts'
import type { ContextFinding } from './finding.ts'
import { mountFor } from './mount-for.ts'

export interface ContextRepair {
  readonly container: ContainerContext
  readonly added: readonly ContextFinding[]
}

/** `seen`: what this run and a run without the context show. */
export function withAdded(
  container: ContainerContext,
  findings: readonly ContextFinding[],
  seen: readonly ObservedContext[],
): ContextRepair {
  let repaired = container
  const added: ContextFinding[] = []
  for (const finding of findings) {
    const next = addedFor(repaired, finding, seen)
    if (next === undefined) continue
    repaired = next
    added.push(finding)
  }
  return { container: repaired, added }
}

function addedFor(
  container: ContainerContext,
  finding: ContextFinding,
  seen: readonly ObservedContext[],
): ContainerContext | undefined {
  const { layer, what, answered, program, tried } = finding
  const because = (name: string): ContainerContext['because'] => [
    ...container.because,
    { what: name, evidence: `${tried} by ${program} was refused under the context` },
  ]
  if (layer === 'capability') {
    const { needed, tolerated } = container.capabilities
    if (needed.includes(what)) return container
    // Docker and Podman give an added capability to root only.
    if (container.user !== undefined && container.user.uid !== 0) return undefined
    return {
      ...container,
      capabilities: {
        needed: [...needed, what].sort(),
        tolerated: tolerated.filter((each) => each !== what),
      },
      because: because(what),
    }
  }
  if (layer === 'port')
    return {
      ...container,
      sysctls: { ...container.sysctls, [portsSysctl]: '0' },
      because: because(portsSysctl),
    }
  if (layer !== 'path' || answered !== 'EROFS') return undefined
  const mount = mountFor(finding, seen)
  if (mount === undefined) return undefined
  if (container.mounts.some(({ path }) => isWithin(mount.path, path))) return container
  const outside = container.mounts.filter(({ path }) => !isWithin(path, mount.path))
  const mounts = [...outside, mount].sort((a, b) => ascending(a.path, b.path))
  return { ...container, mounts, because: because(mount.path) }
}
