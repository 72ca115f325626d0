// An admission policy that lets a workload's pods run only under their profile. It is CEL, so nothing needs installing.
// Authority: Kubernetes "Validating Admission Policy" (admissionregistration.k8s.io/v1, from 1.30), PodSpec.
import type { ClusterObject } from './fleet.ts'

/** The policy and its binding: pods labelled `app.kubernetes.io/name: NAME` must run under the profile `file`. */
export function admission(name: string, file: string): readonly ClusterObject[] {
  const policy = `seccomp-${name}`
  const label = 'app.kubernetes.io/name'
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: policy },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              // An ephemeral container is added through a subresource of the pod.
              resources: ['pods', 'pods/ephemeralcontainers'],
            },
          ],
        },
        matchConditions: [
          {
            name: 'workload',
            expression: `has(object.metadata.labels) && '${label}' in object.metadata.labels && object.metadata.labels['${label}'] == '${name}'`,
          },
        ],
        variables: [
          {
            name: 'containers',
            expression:
              'object.spec.containers + object.spec.?initContainers.orValue([]) + object.spec.?ephemeralContainers.orValue([])',
          },
          // A container without a seccomp profile takes the pod's.
          {
            name: 'podHas',
            expression:
              "object.spec.?securityContext.?seccompProfile.?type.orValue('') == 'Localhost' && " +
              `object.spec.?securityContext.?seccompProfile.?localhostProfile.orValue('') == '${file}'`,
          },
        ],
        validations: [
          {
            expression:
              'variables.containers.all(c, c.?securityContext.?seccompProfile.hasValue() ? ' +
              "(c.securityContext.seccompProfile.type == 'Localhost' && " +
              `c.securityContext.seccompProfile.?localhostProfile.orValue('') == '${file}') : variables.podHas)`,
            message: `every container runs under the seccomp profile ${file}`,
          },
          {
            expression: 'variables.containers.all(c, !c.?securityContext.?privileged.orValue(false))',
            message: 'a privileged container has no seccomp filter',
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: policy },
      spec: { policyName: policy, validationActions: ['Deny'] },
    },
  ]
}
