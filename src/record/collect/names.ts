// Finds the names of containers in their cluster: from the names of the kubelet's log files, which needs no socket and
// only the right to read a directory, or from the runtime.
// Authority: kubelet's legacy log symlinks (pkg/kubelet/kuberuntime/legacy.go): POD_NAMESPACE_CONTAINER-ID.log.
import { readdirSync } from 'node:fs'
import { ContainerRuntime } from '../cri/runtime.ts'

export const logDirectory = '/var/log/containers'

/** The names `namespace/pod/container` by the ids of containers. */
export interface ContainerNames {
  readonly known: () => Promise<ReadonlyMap<string, string>>
  readonly close: () => void
}

/** The name of a Kubernetes object: RFC 1123 with dots. */
const part = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?'
const logName = new RegExp(`^(${part})_(${part})_(${part})-([0-9a-f]{64})\\.log$`)
const wholeName = new RegExp(`^${part}/${part}/${part}$`)

export function namesFromLogs(directory: string = logDirectory): ContainerNames {
  return {
    known: async () => {
      const names = new Map<string, string>()
      for (const file of listed(directory)) {
        const [, pod, namespace, container, id] = logName.exec(file) ?? []
        if (id !== undefined) names.set(id, `${namespace}/${pod}/${container}`)
      }
      return names
    },
    close: () => undefined,
  }
}

/** `known` throws a GrpcError if the runtime does not answer. */
export function namesFromRuntime(socket: string): ContainerNames {
  const runtime = new ContainerRuntime(socket)
  return {
    known: async () => {
      const names = new Map<string, string>()
      for (const { id, pod, name } of await runtime.containers({}))
        if (wholeName.test(`${pod}/${name}`)) names.set(id, `${pod}/${name}`)
      return names
    },
    close: () => runtime.close(),
  }
}

function listed(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Whether one of the patterns, if any, fits: `namespace/pod/container` or its first parts; `*`, `?` within a part. */
export function isSelected(name: string, patterns: readonly string[]): boolean {
  return patterns.length === 0 || patterns.some((pattern) => patternOf(pattern).test(name))
}

function patternOf(glob: string): RegExp {
  const words = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  return new RegExp(`^${words}(?:/.*)?$`)
}
