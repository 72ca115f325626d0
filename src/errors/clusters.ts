// Errors of nodes and pods: a node's container runtime, its containers' names and filters, and where observations go.
import type { ErrorRow } from './row.ts'

export const clusterErrors = {
  'no-pods-cgroup': [
    125,
    ({ mount }: { readonly mount: string }) =>
      `no cgroup kubepods or kubepods.slice is below ${mount}: either no kubelet runs here, or its cgroup has another name, which --root takes`,
  ],
  'no-runtime-socket': [
    125,
    () =>
      'no container runtime was found (crictl.yaml, the kubelet’s configuration, the known sockets): name its socket with --cri',
  ],
  'runtime-silent': [
    125,
    ({ socket, why }: { readonly socket: string; readonly why: string }) =>
      `${socket}: the container runtime does not answer: ${why}`,
  ],
  'no-such-pod': [
    125,
    ({ pod, sockets }: { readonly pod: string; readonly sockets: readonly string[] }) =>
      `${pod}: no such pod or container runs on this node (asked: ${sockets.join(', ')}); see crictl ps`,
  ],
  'filters-not-read': [
    125,
    ({ pid, why }: { readonly pid: number; readonly why: string }) =>
      `the filters of process ${pid} cannot be read back: ${why}`,
  ],
  'several-containers': [
    2,
    ({ query, containers }: { readonly query: string; readonly containers: readonly string[] }) =>
      `${query}: several containers match, name one: ${containers.join(', ')}`,
  ],
  'wrong-pod': [
    2,
    ({ pod }: { readonly pod: string }) => `${pod}: give NAMESPACE/POD or NAMESPACE/POD/CONTAINER`,
  ],
  'wrong-selector': [
    2,
    ({ selector }: { readonly selector: string }) =>
      `${selector}: give labels of pods that must be equal: KEY=VALUE,KEY=VALUE`,
  ],
  'no-names': [
    2,
    ({ directory }: { readonly directory: string }) =>
      `the names of containers cannot be read here: mount ${directory} of the host, or name the runtime’s socket with --cri`,
  ],
  'pod-without-filter': [
    125,
    ({ container }: { readonly container: string }) =>
      `${container}: runs without a seccomp filter (Unconfined or privileged), so its calls cannot be distinguished from those of its runtime: give it seccompProfile type RuntimeDefault, and record it again`,
  ],
  'nothing-collected': [
    2,
    () => 'no container was recorded: none was chosen, or none made a call under a seccomp filter',
  ],
  'recordings-left': [
    2,
    ({ recordings, why }: { readonly recordings: string; readonly why: string }) =>
      `${recordings} could not be written: ${why}`,
  ],
  'one-watched': [2, () => 'give exactly one of --pid, --container, --pod, --selector, --cgroup and --all'],
  'wait-without-pod': [2, () => '--wait waits for a pod that does not run yet: give --pod or --selector'],
  'add-within-one': [2, () => '--add takes one ceiling: give --within once'],
  'patch-needs-file': [
    2,
    ({ profile }: { readonly profile: string }) =>
      `${profile}: a built-in profile cannot be patched: give a file`,
  ],
  'one-destination': [2, () => 'give exactly one of -o DIRECTORY, --push REPOSITORY and --stdout'],
  'no-directory': [
    2,
    ({ directory, why }: { readonly directory: string; readonly why: string }) =>
      `${directory}: cannot be made: ${why}`,
  ],
  'push-needs-repository': [
    2,
    ({ reference }: { readonly reference: string }) =>
      `${reference}: give a repository without a tag: each container gets a tag of its own`,
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>
