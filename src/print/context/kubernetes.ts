// Prints a security context as a pod. Authority: Kubernetes API reference, PodSpec, SecurityContext and
// PodSecurityContext; "Pod Security Standards" for what `restricted` requires of every container and init container.
import type { ContainerContext, SecurityContext } from '../../harden/context.ts'
import { ascending } from '../../order.ts'
import { imagePlaceholder, shortName, type PrintContextOptions } from './forms.ts'
import { checkPaths } from './paths.ts'
import { comments, headLines, reasonsOf } from './reasons.ts'
import { label, volumesOf } from './volumes.ts'
import { commentedYaml, type Commented } from './yaml-comments.ts'

export function podContextText(context: SecurityContext, options: PrintContextOptions): string {
  const image = options.image ?? imagePlaceholder
  const parts = context.containers.map((container) => {
    checkPaths(container, 'kubernetes', /:/)
    return { container, security: containerSecurity(container, options), ...volumesOf(container, image) }
  })
  const names = parts.map(({ container }) => label(container.name))
  const pod = podSecurity(context)
  const inits = parts.flatMap(({ initContainers }) => initContainers)
  const volumes = parts.flatMap((each) => each.volumes)
  const spec = {
    ...(Object.keys(pod).length === 0 ? {} : { securityContext: pod }),
    ...(inits.length === 0 ? {} : { initContainers: inits }),
    containers: parts.map(({ security, volumeMounts }, at) => ({
      name: names[at],
      image,
      securityContext: security.value,
      ...(volumeMounts.length === 0 ? {} : { volumeMounts }),
    })),
    ...(volumes.length === 0 ? {} : { volumes }),
  }
  const remarks = parts.flatMap(({ container, security, volumeMounts }, at) => {
    const because = reasonsOf(container)
    const here = ['spec', 'containers', at]
    return [
      ...security.remarks.map(([path, remark]) => [[...here, 'securityContext', ...path], remark] as const),
      ...volumeMounts.map(
        ({ mountPath }, mount) =>
          [[...here, 'volumeMounts', mount, 'mountPath'], because(mountPath)] as const,
      ),
    ]
  })
  return [
    comments(context.containers.flatMap(headLines)),
    comments(inits.length === 0 ? [] : preparing),
    commentedYaml({
      value: { apiVersion: 'v1', kind: 'Pod', metadata: { name: names[0] }, spec },
      remarks: [...remarks, ...sysctlRemarks(context)],
    }),
  ].join('')
}

const preparing: readonly string[] = [
  'The init container makes the writable directories with their modes and owners, as their owner. It needs sh, mkdir,',
  'chmod and cp in the image. An emptyDir ends with its pod: for data that is to stay take a PersistentVolumeClaim.',
]

/** A container's securityContext, each member with its evidence. */
export function containerSecurity(
  container: ContainerContext,
  { seccomp }: PrintContextOptions,
): Commented<Readonly<Record<string, unknown>>> {
  const because = reasonsOf(container)
  const { capabilities, user, runAsNonRoot, noNewPrivileges, readOnlyRoot } = container
  const added = capabilities.needed.map(shortName)
  return {
    value: {
      allowPrivilegeEscalation: !noNewPrivileges,
      capabilities: { drop: ['ALL'], ...(added.length === 0 ? {} : { add: added }) },
      readOnlyRootFilesystem: readOnlyRoot,
      runAsNonRoot,
      ...(user === undefined ? {} : { runAsUser: user.uid, runAsGroup: user.gid }),
      seccompProfile:
        seccomp === undefined ? { type: 'RuntimeDefault' } : { type: 'Localhost', localhostProfile: seccomp },
    },
    remarks: [
      [['allowPrivilegeEscalation'], because('noNewPrivileges')],
      ...capabilities.needed.map((each, at) => [['capabilities', 'add', at], because(each)] as const),
      [['readOnlyRootFilesystem'], because('readOnlyRoot')],
      [['runAsNonRoot'], because('runAsNonRoot')],
      ...(user === undefined ? [] : [[['runAsUser'], because('user')] as const]),
    ],
  }
}

export interface PodSecurity {
  readonly fsGroup?: number
  readonly supplementalGroups?: readonly number[]
  readonly sysctls?: readonly { readonly name: string; readonly value: string }[]
}

/** The settings that a pod has once for all containers. A non-root user owns the volumes through fsGroup. */
export function podSecurity({ containers }: SecurityContext): PodSecurity {
  const owner = containers.find(
    ({ user, readOnlyRoot, mounts }) =>
      user !== undefined && user.uid !== 0 && readOnlyRoot && mounts.length > 0,
  )
  const groups = containers.flatMap(({ user }) =>
    user === undefined || user.uid === 0 ? [] : user.groups.filter((each) => each !== user.gid),
  )
  const sysctls = sysctlsOf(containers)
  return {
    ...(owner?.user === undefined ? {} : { fsGroup: owner.user.gid }),
    ...(groups.length === 0 ? {} : { supplementalGroups: [...new Set(groups)].sort((a, b) => a - b) }),
    ...(sysctls.length === 0 ? {} : { sysctls }),
  }
}

/** Sysctls hold for the whole pod, so each permits what every container needs. */
function sysctlsOf(
  containers: readonly ContainerContext[],
): readonly { readonly name: string; readonly value: string }[] {
  const widest = new Map<string, string>()
  for (const [name, value] of containers.flatMap(({ sysctls = {} }) => Object.entries(sysctls)))
    widest.set(name, both(widest.get(name) ?? value, value))
  return [...widest].sort(([a], [b]) => ascending(a, b)).map(([name, value]) => ({ name, value }))
}

/** What permits what two values permit: the lowest port, or the range of groups from the lowest to the highest. */
function both(one: string, other: string): string {
  const [[from, to], [otherFrom, otherTo]] = [one, other].map((value) => value.split(' ').map(Number)) as [
    [number, number?],
    [number, number?],
  ]
  const first = Math.min(from, otherFrom)
  return to === undefined || otherTo === undefined ? String(first) : `${first} ${Math.max(to, otherTo)}`
}

function sysctlRemarks({ containers }: SecurityContext): Commented<unknown>['remarks'] {
  return sysctlsOf(containers).flatMap(({ name }, at) => {
    const whose = containers.find(({ sysctls = {} }) => Object.hasOwn(sysctls, name))
    return whose === undefined
      ? []
      : [[['spec', 'securityContext', 'sysctls', at, 'value'], reasonsOf(whose)(name)] as const]
  })
}
