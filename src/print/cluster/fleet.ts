// Cluster objects that record a workload, merge the recordings and put the profile on the nodes. `--as fleet` prints
// them as a stream; scripts/make-deploy.ts writes them as the kustomize bases in deploy/. Authority: Kubernetes API
// reference (apps/v1, batch/v1, v1), "Pod Security Standards", "Assigning indexes to Jobs".

export const recorderNamespace = 'seccomp-gen'
/** The recorder's own profile, which the placing DaemonSet puts on the nodes with the others. */
export const recorderProfileName = 'seccomp-gen-record.json'
/** A placeholder for the published name of the image: kustomize's `images` replaces it. */
const image = 'seccomp-gen'
const registry = 'registry.example.org/seccomp-gen'
/** The kubelet's default seccomp folder; it differs if the kubelet has another `--root-dir`. */
const profiles = '/var/lib/kubelet/seccomp'

type ObjectValue =
  string | number | boolean | readonly ObjectValue[] | { readonly [key: string]: ObjectValue }
export type ClusterObject = { readonly [key: string]: ObjectValue }

/** What Pod Security's `restricted` requires of a container, without `runAsUser`: our image names no user. */
const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}
const unprivileged = { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 }
const runtimeDefault = { seccompProfile: { type: 'RuntimeDefault' } }
const quiet = { automountServiceAccountToken: false, enableServiceLinks: false }
const labels = (component: string): { readonly [key: string]: string } => ({
  'app.kubernetes.io/name': 'seccomp-gen',
  'app.kubernetes.io/component': component,
})
const hostPath = (name: string, path: string, type: string): ClusterObject => ({
  name,
  hostPath: { path, type },
})

/** Allows what `baseline` refuses: hostPath, BPF and PERFMON for the recorder, hostPath for the placer. */
export function namespace(): ClusterObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: recorderNamespace,
      labels: { 'pod-security.kubernetes.io/enforce': 'privileged' },
    },
  }
}

/** On every node, records each selected container from its first call and prints a line of observations for it. */
export function recorder(select: string): ClusterObject {
  return daemonSet('record', {
    ...quiet,
    securityContext: runtimeDefault,
    tolerations: [{ operator: 'Exists' }],
    // At the end each container's recording is pushed once more. Eight pushes of five requests run at once: 250
    // containers need 100 s if a request takes 0.6 s.
    terminationGracePeriodSeconds: 120,
    containers: [
      {
        name: 'record',
        image,
        args: ['collect', '--select', select, '--stdout'],
        // Kubernetes sets no ambient capabilities, so only user 0 holds them.
        securityContext: {
          ...restricted,
          runAsUser: 0,
          capabilities: { drop: ['ALL'], add: ['BPF', 'PERFMON'] },
          // The rest of the pod has RuntimeDefault. The recorder waits until the file is on its node.
          seccompProfile: { type: 'Localhost', localhostProfile: recorderProfileName },
        },
        resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } },
        volumeMounts: [
          { name: 'cgroup', mountPath: '/host/cgroup', readOnly: true },
          { name: 'names', mountPath: '/var/log/containers', readOnly: true },
        ],
      },
    ],
    volumes: [
      hostPath('cgroup', '/sys/fs/cgroup', 'Directory'),
      hostPath('names', '/var/log/containers', 'Directory'),
    ],
  })
}

/** Copies each profile atomically, and again when the ConfigMap changes. Arguments: from, to. */
const placing = `while :; do
  for file in "$1"/*.json; do
    name="\${file##*/}"
    cmp -s "$file" "$2/$name" || { cp "$file" "$2/.$name.new" && mv "$2/.$name.new" "$2/$name"; }
  done
  sleep 10
done`

/** Puts the profiles of a ConfigMap on every node. */
export function placer(configMap: string): ClusterObject {
  return daemonSet('place', {
    ...quiet,
    securityContext: runtimeDefault,
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'place',
        image: 'busybox:1.37',
        command: ['sh', '-c', placing, 'place', '/profiles', '/seccomp'],
        // Root owns the kubelet's folder.
        securityContext: { ...restricted, runAsUser: 0 },
        resources: { requests: { cpu: '5m', memory: '8Mi' }, limits: { memory: '32Mi' } },
        volumeMounts: [
          { name: 'profiles', mountPath: '/profiles', readOnly: true },
          { name: 'seccomp', mountPath: '/seccomp' },
        ],
      },
    ],
    volumes: [
      { name: 'profiles', configMap: { name: configMap } },
      hostPath('seccomp', profiles, 'DirectoryOrCreate'),
    ],
  })
}

/** Merges the observations that recorders pushed, and pushes the profile. */
export function merger(name: string): ClusterObject {
  return job(`profile-${name}`, {}, (step) => [
    step('merge', [
      'generate',
      '--within',
      'containerd',
      `oci://${registry}/observations/${name}`,
      '-o',
      '/work/profile.json',
    ]),
    step('push', ['push', '/work/profile.json', `${registry}/profiles/${name}:latest`]),
  ])
}

/** Reads an archive of logs, one directory for each index, in parallel; each index pushes its observations. */
export function archiveReader(name: string, directories: number): ClusterObject {
  const parallel = {
    completionMode: 'Indexed',
    completions: directories,
    parallelism: Math.min(directories, 4),
  }
  return job(
    `read-${name}`,
    parallel,
    (step) => [
      step('read', ['observe', '/logs/$(INDEX)', '-o', '/work/observations.json']),
      step('push', ['push', '/work/observations.json', `${registry}/observations/${name}`]),
    ],
    [{ name: 'logs', persistentVolumeClaim: { claimName: 'logs', readOnly: true } }],
  )
}

function daemonSet(component: string, spec: ClusterObject): ClusterObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: `seccomp-${component}`, namespace: recorderNamespace, labels: labels(component) },
    spec: {
      selector: { matchLabels: labels(component) },
      template: { metadata: { labels: labels(component) }, spec },
    },
  }
}

type JobStep = (name: string, args: readonly string[]) => ClusterObject

/** A job of sequential steps that share an emptyDir: all steps but the last are init containers. */
function job(
  name: string,
  spec: ClusterObject,
  stepsOf: (step: JobStep) => readonly ClusterObject[],
  volumes: readonly (ClusterObject & { readonly name: string })[] = [],
): ClusterObject {
  const mounts = volumes.map((each) => ({ name: each.name, mountPath: `/${each.name}`, readOnly: true }))
  const index = { fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" }
  const steps = stepsOf((step, args) => ({
    name: step,
    image,
    args,
    env: [
      { name: 'DOCKER_CONFIG', value: '/docker' },
      ...(volumes.length === 0 ? [] : [{ name: 'INDEX', valueFrom: { fieldRef: index } }]),
    ],
    securityContext: restricted,
    volumeMounts: [
      { name: 'work', mountPath: '/work' },
      { name: 'docker', mountPath: '/docker', readOnly: true },
      ...mounts,
    ],
  }))
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: recorderNamespace, labels: labels('merge') },
    spec: {
      backoffLimit: 2,
      ...spec,
      template: {
        metadata: { labels: labels('merge') },
        spec: {
          ...quiet,
          restartPolicy: 'Never',
          securityContext: { ...unprivileged, ...runtimeDefault },
          initContainers: steps.slice(0, -1),
          containers: steps.slice(-1),
          volumes: [
            { name: 'work', emptyDir: {} },
            {
              name: 'docker',
              secret: {
                secretName: 'registry',
                optional: true,
                items: [{ key: '.dockerconfigjson', path: 'config.json' }],
              },
            },
            ...volumes,
          ],
        },
      },
    },
  }
}
