// Checks a pod against Pod Security's `restricted`: the controls of "Pod Security Standards" (Kubernetes documentation)
// as a table, without controls on members that our manifests never have.
interface Container {
  readonly name: string
  readonly ports?: readonly { readonly hostPort?: number }[]
  readonly securityContext?: {
    readonly privileged?: boolean
    readonly allowPrivilegeEscalation?: boolean
    readonly runAsNonRoot?: boolean
    readonly runAsUser?: number
    readonly procMount?: string
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
    readonly seccompProfile?: { readonly type: string }
  }
}

export interface PodSpec {
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly hostIPC?: boolean
  readonly securityContext?: Pick<
    NonNullable<Container['securityContext']>,
    'runAsNonRoot' | 'runAsUser' | 'seccompProfile'
  > & { readonly sysctls?: readonly unknown[] }
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly Readonly<Record<string, unknown>>[]
}

const volumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

/** The controls that the pod breaks. */
export function brokenControls(spec: PodSpec): readonly string[] {
  const all = [...spec.containers, ...(spec.initContainers ?? [])]
  const pod = spec.securityContext ?? {}
  const each = (
    holds: (security: NonNullable<Container['securityContext']>, container: Container) => boolean,
  ) => all.every((container) => holds(container.securityContext ?? {}, container))
  const controls: Readonly<Record<string, boolean>> = {
    'Host Namespaces': !(spec.hostNetwork ?? spec.hostPID ?? spec.hostIPC ?? false),
    'Privileged Containers': each(({ privileged }) => privileged !== true),
    'Host Ports': each((_, { ports = [] }) => ports.every(({ hostPort }) => hostPort === undefined)),
    '/proc Mount Type': each(({ procMount = 'Default' }) => procMount === 'Default'),
    Sysctls: (pod.sysctls ?? []).length === 0,
    'Volume Types': (spec.volumes ?? []).every((volume) =>
      Object.keys(volume).every((key) => key === 'name' || volumes.includes(key)),
    ),
    'Privilege Escalation': each(({ allowPrivilegeEscalation }) => allowPrivilegeEscalation === false),
    'Running as Non-root': each(({ runAsNonRoot = pod.runAsNonRoot }) => runAsNonRoot === true),
    'Running as Non-root user': each(({ runAsUser = pod.runAsUser }) => runAsUser !== 0),
    Seccomp: each(({ seccompProfile = pod.seccompProfile }) =>
      ['RuntimeDefault', 'Localhost'].includes(seccompProfile?.type ?? ''),
    ),
    Capabilities: each(
      ({ capabilities: { add = [], drop = [] } = {} }) =>
        drop.includes('ALL') && add.every((name) => name === 'NET_BIND_SERVICE'),
    ),
  }
  return Object.keys(controls).filter((name) => controls[name] !== true)
}
