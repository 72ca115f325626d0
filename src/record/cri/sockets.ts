// Finds the sockets of a node's container runtime: in crictl's settings, the kubelet's configuration and known paths.
// Authority: crictl's documentation (CONTAINER_RUNTIME_ENDPOINT, /etc/crictl.yaml), KubeletConfiguration v1beta1
// (containerRuntimeEndpoint), the documentation of k3s, k0s and microk8s for their paths.
import { existsSync, readFileSync } from 'node:fs'
import { member } from '../../profile/tree.ts'
import { parseYaml } from '../../profile/yaml.ts'

export const knownSockets: readonly string[] = [
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/k0s/containerd.sock',
  '/var/snap/microk8s/common/run/containerd.sock',
  '/run/cri-dockerd.sock',
]

export interface SocketPlaces {
  readonly crictl: string
  readonly kubelet: string
}
const places: SocketPlaces = { crictl: '/etc/crictl.yaml', kubelet: '/var/lib/kubelet/config.yaml' }

/** The sockets to ask, in this order. If the user names one, by `given` or in the environment, only that one. */
export function criSockets(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  { crictl, kubelet }: SocketPlaces = places,
): readonly string[] {
  const named = given ?? env['CONTAINER_RUNTIME_ENDPOINT']
  if (named !== undefined && named !== '') return [socketOf(named)]
  const configured = [
    valueIn(crictl, 'runtime-endpoint'),
    valueIn(kubelet, 'containerRuntimeEndpoint'),
  ].flatMap((value) => (value === undefined || value === '' ? [] : [socketOf(value)]))
  return [...new Set([...configured, ...knownSockets.filter((each) => existsSync(each))])]
}

/** The path in `unix:///run/x.sock`, `unix:/run/x.sock` or a plain path. */
function socketOf(endpoint: string): string {
  return endpoint.replace(/^unix:(?:\/\/)?/, '')
}

function valueIn(file: string, key: string): string | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const reading = parseYaml(text)
  const [document] = reading.ok ? reading.documents : []
  const value = document && member(document, key)
  return value?.kind === 'string' ? value.value : undefined
}
