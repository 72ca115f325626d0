// Prints what Kubernetes users apply: the operator's SeccompProfile, or, without the operator, a ConfigMap with the
// profile and a pod that uses it. Kubernetes tools read YAML 1.1, so strings are quoted wherever YAML 1.1 would read
// another value.
// Authority: security-profiles-operator api/seccompprofile/v1, Kubernetes "Restrict a Container's Syscalls with
// seccomp" and the PodSpec's securityContext.
import { UserError } from '../errors.ts'
import { yaml } from '../profile/bounded-yaml.ts'
import type { OciProfile } from '../profile/document.ts'
import { profileValue } from './profile.ts'

const int64Limit = 2n ** 63n - 1n
const EPERM = 1

/** The labels by which the operator's merger finds a recording's parts (its internal/pkg/manager/recordingmerger). */
function partOf(recording: string): Readonly<Record<string, string>> {
  const [namespace, name, container, ...others] = recording.split('/')
  const parts = [namespace, name, container]
  if (others.length > 0 || !parts.every((each) => /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(each ?? '')))
    throw new UserError('wrong-recording', { recording })
  return {
    'spo.x-k8s.io/partial': 'true',
    'spo.x-k8s.io/recording-id': name ?? '',
    'spo.x-k8s.io/recording-namespace': namespace ?? '',
    'spo.x-k8s.io/container-id': container ?? '',
  }
}

/**
 * A SeccompProfile of the security-profiles-operator. `recording`: the NAMESPACE/NAME/CONTAINER of the ProfileRecording
 * that it is a part of. Throws a UserError if the operator's schema cannot hold a value.
 */
export function operatorText(profile: OciProfile, name: string, recording?: string): string {
  const { defaultErrnoRet, ...spec } = profileValue(profile)
  if (defaultErrnoRet !== undefined && defaultErrnoRet !== EPERM) {
    throw new UserError('operator-default-errno', { errno: Number(defaultErrnoRet) })
  }
  for (const { names, args = [] } of profile.syscalls ?? []) {
    for (const { value, valueTwo = 0n } of args) {
      const large = value > int64Limit ? value : valueTwo
      if (large > int64Limit) {
        throw new UserError('operator-value', { calls: names, value: String(large) })
      }
    }
  }
  return yamlText({
    apiVersion: 'security-profiles-operator.x-k8s.io/v1',
    kind: 'SeccompProfile',
    metadata: { name, ...(recording !== undefined && { labels: partOf(recording) }) },
    spec,
  })
}

/** A stream of two documents: the profile's text in a ConfigMap, and a pod that runs under it. */
export function podText(profile: string, name: string): string {
  const file = `${name}.json`
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-seccomp` },
    data: { [file]: profile },
  }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: 'Localhost', localhostProfile: file },
      },
      containers: [
        {
          name,
          image: `${name}:latest`,
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  }
  return [
    `# The kubelet reads seccomp profiles from files of its node, below <root-dir>/seccomp (by default\n`,
    `# /var/lib/kubelet/seccomp). This ConfigMap carries the profile; on every node that may run the pod it must lie as\n`,
    `# /var/lib/kubelet/seccomp/${file}, put there by a DaemonSet that mounts the ConfigMap or with the node's image.\n`,
    yamlText(configMap),
    `---\n`,
    `# The pod's part: take the two securityContexts into your own. It starts when the file is on the node. Pod Security\n`,
    `# "restricted" takes it; where the image's user is root, runAsNonRoot must go, or a runAsUser must stand beside it.\n`,
    yamlText(pod),
  ].join('')
}

export function yamlText(value: unknown): string {
  return yaml().stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}
