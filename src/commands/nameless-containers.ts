// Counts containers of pods that ended before their name could be read. A pod's sandbox never has a name, so it is none of
// them. containerd runs a sandbox in every pod. CRI-O runs one only in pods that need it, for example to share process
// ids (crio.conf(5), drop_infra_ctr), so there the sandbox is known by its program.
import { basename, dirname } from 'node:path'
import type { Collected } from '../record/index.ts'

/** The programs of sandboxes: that of Kubernetes (build/pause), and OpenShift’s (machine-config-operator, pause_command). */
const pausing = ['pause', 'pod']

interface Pod {
  /** The number of containers without a name, with the sandbox. */
  nameless: number
  hasSandbox: boolean
}

export class NamelessContainers {
  readonly #programsIn: (id: string) => ReadonlySet<string>
  /** The pods that have containers, by their directories. */
  readonly #pods = new Map<string, Pod>()
  /** The number of containers in the other pods. */
  #gone = 0

  /** `programsIn`: the programs that made calls in a container. */
  constructor(programsIn: (id: string) => ReadonlySet<string>) {
    this.#programsIn = programsIn
  }

  /** Containers outside pods have no name in the cluster, and are not counted. */
  add({ id, directory }: Pick<Collected, 'id' | 'directory'>): void {
    const pod = dirname(directory)
    // `podUID` or `kubepods-…-podUID.slice`.
    if (!/^(?:.+-)?pod[^/]+$/.test(basename(pod))) return
    const { nameless, hasSandbox } = this.#pods.get(pod) ?? { nameless: 0, hasSandbox: false }
    const isSandbox = (): boolean => {
      if (!basename(directory).startsWith('crio-')) return true
      const programs = this.#programsIn(id)
      return pausing.some((each) => programs.has(each))
    }
    this.#pods.set(pod, { nameless: nameless + 1, hasSandbox: hasSandbox || isSandbox() })
  }

  /** Frees the data of pods that have no container any more. */
  forgetBut(pods: ReadonlySet<string>): void {
    for (const [name, pod] of this.#pods) {
      if (pods.has(name)) continue
      this.#gone += counted(pod)
      this.#pods.delete(name)
    }
  }

  get count(): number {
    return [...this.#pods.values()].reduce((sum, pod) => sum + counted(pod), this.#gone)
  }
}

const counted = ({ nameless, hasSandbox }: Pod): number => nameless - (hasSandbox ? 1 : 0)
