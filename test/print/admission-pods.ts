// Pods, and whether the admission policy of the workload "web" with the profile web.json admits them.
const profile = { seccompProfile: { type: 'Localhost', localhostProfile: 'web.json' } }
const other = { seccompProfile: { type: 'Localhost', localhostProfile: 'other.json' } }
const standard = { seccompProfile: { type: 'RuntimeDefault' } }
const pod = (spec: object, labels: object | undefined = { 'app.kubernetes.io/name': 'web' }): object => ({
  metadata: { ...(labels && { labels }) },
  spec: { containers: [{ name: 'a' }], ...spec },
})

export const podCases: readonly (readonly [what: string, pod: object, admitted: boolean | 'not matched'])[] =
  [
    ['at the pod', pod({ securityContext: profile }), true],
    ['at the container', pod({ containers: [{ name: 'a', securityContext: profile }] }), true],
    ['nowhere', pod({}), false],
    ['another one', pod({ securityContext: other }), false],
    ['the default', pod({ securityContext: standard }), false],
    ['no filter', pod({ securityContext: { seccompProfile: { type: 'Unconfined' } } }), false],
    [
      'the container goes before the pod',
      pod({ securityContext: profile, containers: [{ name: 'a', securityContext: standard }] }),
      false,
    ],
    [
      'a container that says other things',
      pod({ securityContext: profile, containers: [{ name: 'a', securityContext: { runAsUser: 1 } }] }),
      true,
    ],
    [
      'an init container without',
      pod({ containers: [{ name: 'a', securityContext: profile }], initContainers: [{ name: 'b' }] }),
      false,
    ],
    [
      'an ephemeral container without',
      pod({ containers: [{ name: 'a', securityContext: profile }], ephemeralContainers: [{ name: 'b' }] }),
      false,
    ],
    [
      'privileged',
      pod({ securityContext: profile, containers: [{ name: 'a', securityContext: { privileged: true } }] }),
      false,
    ],
    ['another workload', pod({}, { 'app.kubernetes.io/name': 'db' }), 'not matched'],
    ['no labels', { metadata: {}, spec: { containers: [] } }, 'not matched'],
  ]
