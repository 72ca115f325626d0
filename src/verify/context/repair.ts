// Adds to a context what was refused, in the layer that refused it: a capability, a mount or a sysctl. If another owner
// or mode in the image is the right repair, no privilege is added: the finding stays and is reported.
import type { ContainerContext, ContextMount } from '../../harden/context.ts'
import { portsSysctl } from '../../harden/ports.ts'
import type { ObservedContext } from '../../observe/index.ts'
import { ascending } from '../../order.ts'
import type { ContextFinding } from './finding.ts'

export interface ContextRepair {
  readonly container: ContainerContext
  readonly added: readonly ContextFinding[]
}

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
  { layer, what, answered, program, tried }: ContextFinding,
  seen: readonly ObservedContext[],
): ContainerContext | undefined {
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
  const mount = mountFor(what, seen)
  if (mount === undefined) return undefined
  if (container.mounts.some(({ path }) => isWithin(mount.path, path))) return container
  const outside = container.mounts.filter(({ path }) => !isWithin(path, mount.path))
  const mounts = [...outside, mount].sort((a, b) => ascending(a.path, b.path))
  return { ...container, mounts, because: because(mount.path) }
}

/**
 * A mount for the directory of a path, with the mode and owner seen. If its files are read, the mount starts with the
 * image's content.
 */
function mountFor(path: string, seen: readonly ObservedContext[]): ContextMount | undefined {
  const directory = path.slice(0, path.lastIndexOf('/'))
  if (!path.startsWith('/') || directory === '') return undefined
  const directories = seen.flatMap((each) => each.directories)
  const { mode = '0755', uid = 0, gid = 0 } = directories.find((each) => each.path === directory) ?? {}
  const isRead = seen.some(({ reads, executions }) =>
    [...reads, ...executions].some(({ path: read }) => read !== directory && isWithin(read, directory)),
  )
  return { path: directory, kind: isRead ? 'volume' : 'tmpfs', mode, uid, gid }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}
