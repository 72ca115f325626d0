// What is asked of a container runtime through the CRI, and what of its answers is used. Authority:
// k8s.io/cri-api/pkg/apis/runtime/v1/api.proto (numbers of fields); containerd's internal/cri/server/container_status.go
// and CRI-O's server/container_status.go for the JSON of a verbose status.
import { GrpcClient } from './client.ts'
import { entries, type Message } from './wire.ts'

/** Labels that the kubelet sets on containers and sandboxes. */
export const kubernetes = {
  namespace: 'io.kubernetes.pod.namespace',
  pod: 'io.kubernetes.pod.name',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
} as const

/** The states of a container, by number. */
const states = ['created', 'running', 'exited', 'unknown'] as const
export type ContainerState = (typeof states)[number]

export interface CriContainer {
  readonly id: string
  readonly sandbox: string
  /** In its pod. */
  readonly name: string
  /** `namespace/pod`; by the runtime's own name for a container without a pod's labels. */
  readonly pod: string
  readonly state: ContainerState
  readonly image: string
  /** A digest, with its repository where the image was pulled. */
  readonly imageDigest: string
}

export interface CriStatus {
  /** Of the first process; undefined where the runtime does not tell, and for a container that does not run. */
  readonly pid: number | undefined
  /** `linux.cgroupsPath` of the runtime's specification. */
  readonly cgroupsPath: string | undefined
  /** The filter that was applied, as JSON of the runtime specification; undefined for none. */
  readonly seccomp: object | undefined
  readonly noNewPrivileges: boolean
  /** Whether the runtime tells its specification at all. */
  readonly told: boolean
}

export class ContainerRuntime {
  readonly #client: GrpcClient

  constructor(socket: string) {
    this.#client = new GrpcClient(socket)
  }

  /** Its name and version. Throws a GrpcError where nothing there speaks the CRI v1. */
  async version(): Promise<string> {
    const answer = await this.#call('Version', { 1: 'v1' })
    return `${answer.text(2)} ${answer.text(3)}`
  }

  /** The sandboxes that run and have these labels. A pod's own labels stand on its sandbox alone. */
  async sandboxes(labels: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const filter: Message = { 2: { 1: 0 }, 3: entries(labels) }
    return (await this.#call('ListPodSandbox', { 1: filter })).messages(1).map((each) => each.text(1))
  }

  /** All containers, those that have ended too. `sandbox`, `id`: only those of it. */
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
