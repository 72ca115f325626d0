// Asks a container runtime through the CRI, and picks what we use from its answers. Authority:
// k8s.io/cri-api/pkg/apis/runtime/v1/api.proto (numbers of fields); containerd's
// internal/cri/server/container_status.go and CRI-O's server/container_status.go for the JSON of a verbose status.
import { GrpcClient } from './client.ts'
import { entries, type Message } from './wire.ts'

/** Labels that the kubelet sets on containers and sandboxes. */
export const kubernetes = {
  namespace: 'io.kubernetes.pod.namespace',
  pod: 'io.kubernetes.pod.name',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
} as const

/** The states of a container by number. */
const states = ['created', 'running', 'exited', 'unknown'] as const
export type ContainerState = (typeof states)[number]

export interface CriContainer {
  readonly id: string
  readonly sandbox: string
  /** The name in its pod. */
  readonly name: string
  /** `namespace/pod`; if the container lacks a pod's labels, the start of the sandbox's id. */
  readonly pod: string
  /** The uid of its pod, which another pod of the same name does not have; the sandbox's id if there is none. */
  readonly podUid: string
  readonly state: ContainerState
  readonly image: string
  /** The digest, with the repository if the image was pulled. */
  readonly imageDigest: string
}

export interface CriStatus {
  /** The first process; undefined if the runtime does not report it or the container does not run. */
  readonly pid: number | undefined
  /** `linux.cgroupsPath` of the container's runtime specification. */
  readonly cgroupsPath: string | undefined
  /** The applied filter, as JSON of the runtime specification; undefined if there is none. */
  readonly seccomp: object | undefined
  readonly noNewPrivileges: boolean
  /** Whether the runtime reports the container's specification at all. */
  readonly told: boolean
}

export class ContainerRuntime {
  readonly #client: GrpcClient

  constructor(socket: string) {
    this.#client = new GrpcClient(socket)
  }

  /** The runtime's name and version. Throws a GrpcError if nothing on the socket speaks CRI v1. */
  async version(): Promise<string> {
    const answer = await this.#call('Version', { 1: 'v1' })
    return `${answer.text(2)} ${answer.text(3)}`
  }

  /** The ids of the ready sandboxes with these labels. Only the sandbox carries the pod's own labels. */
  async sandboxes(labels: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const filter: Message = { 2: { 1: 0 }, 3: entries(labels) }
    return (await this.#call('ListPodSandbox', { 1: filter })).messages(1).map((each) => each.text(1))
  }

  /** All containers, including those that have ended; with `sandbox` or `id` only the matching ones. */
  async containers(only: {
    readonly sandbox?: string
    readonly id?: string
  }): Promise<readonly CriContainer[]> {
    const answer = await this.#call('ListContainers', { 1: { 1: only.id, 3: only.sandbox } })
    return answer.messages(1).map((each) => {
      const labels = each.map(8)
      const namespace = labels.get(kubernetes.namespace)
      return {
        id: each.text(1),
        sandbox: each.text(2),
        name: each.message(3).text(1),
        pod:
          namespace === undefined
            ? each.text(2).slice(0, 13)
            : `${namespace}/${labels.get(kubernetes.pod) ?? ''}`,
        podUid: labels.get(kubernetes.uid) ?? each.text(2),
        state: states[each.number(6)] ?? 'unknown',
        image: each.message(4).text(1),
        imageDigest: each.text(5),
      }
    })
  }

  async status(id: string): Promise<CriStatus> {
    const answer = await this.#call('ContainerStatus', { 1: id, 2: true })
    return statusIn(answer.map(2).get('info'))
  }

  /** Throws a GrpcError. */
  #call(method: string, message: Message) {
    return this.#client.call(`/runtime.v1.RuntimeService/${method}`, message)
  }

  close(): void {
    this.#client.close()
  }
}

interface Info {
  readonly pid?: unknown
  readonly runtimeSpec?: {
    readonly process?: { readonly noNewPrivileges?: unknown } | null
    readonly linux?: { readonly cgroupsPath?: unknown; readonly seccomp?: unknown } | null
  } | null
}

function statusIn(text: string | undefined): CriStatus {
  const info = infoOf(text)
  const { pid, runtimeSpec } = info
  const { cgroupsPath, seccomp } = runtimeSpec?.linux ?? {}
  return {
    pid: typeof pid === 'number' && pid > 0 ? pid : undefined,
    cgroupsPath: typeof cgroupsPath === 'string' && cgroupsPath !== '' ? cgroupsPath : undefined,
    seccomp: typeof seccomp === 'object' && seccomp !== null ? seccomp : undefined,
    noNewPrivileges: runtimeSpec?.process?.noNewPrivileges === true,
    told: typeof runtimeSpec === 'object' && runtimeSpec !== null,
  }
}

function infoOf(text: string | undefined): Info {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
