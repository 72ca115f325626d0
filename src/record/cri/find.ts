// Finds pods and containers by name in the container runtime of this node: among the possible sockets, the first whose
// runtime knows what the query names.
import { UserError } from '../../errors.ts'
import type { PodQuery } from '../recording.ts'
import { ContainerRuntime, kubernetes, type CriContainer, type CriStatus } from './runtime.ts'
import { criSockets } from './sockets.ts'

export interface FoundContainer extends CriContainer, CriStatus {
  /** `namespace/pod/container` */
  readonly fullName: string
}

export const queryText = (query: PodQuery): string =>
  'pod' in query ? query.pod : 'selector' in query ? query.selector : query.container

/** A container runtime and the query to it. */
export class PodSearch {
  readonly #runtime: ContainerRuntime
  readonly #query: PodQuery
  /** The uids of the pods that are meant; undefined if pods that come later are meant too. */
  #pods: ReadonlySet<string> | undefined
  readonly socket: string

  private constructor(socket: string, query: PodQuery) {
    this.socket = socket
    this.#runtime = new ContainerRuntime(socket)
    this.#query = query
  }

  /**
   * Opens the first runtime in which such a container runs. Only the pods that run then are meant: another pod may get
   * the name of one that is gone. With `wait` later pods are meant too, and if there is none yet, the first runtime that
   * answers is taken. Throws UserError (125) if there is none.
   */
  static async open(
    query: PodQuery,
    {
      cri,
      env,
      wait = false,
    }: {
      readonly cri?: string | undefined
      readonly env: Readonly<Record<string, string | undefined>>
      readonly wait?: boolean | undefined
    },
  ): Promise<PodSearch> {
    const sockets = criSockets(cri, env)
    if (sockets.length === 0) throw new UserError('no-runtime-socket')
    let failure: UserError | undefined
    let answering: PodSearch | undefined
    for (const socket of sockets) {
      const search = new PodSearch(socket, query)
      try {
        await search.#runtime.version()
        const running = await search.running()
        if (running.length > 0) {
          if (!wait) search.#pods = new Set(running.map(({ podUid }) => podUid))
          answering?.close()
          return search
        }
      } catch (error) {
        search.close()
        if (error instanceof UserError) throw error
        failure ??= new UserError('runtime-silent', { socket, why: (error as Error).message })
        continue
      }
      if (answering === undefined) answering = search
      else search.close()
    }
    if (answering === undefined) throw failure ?? new UserError('no-runtime-socket')
    if (wait) return answering
    answering.close()
    throw new UserError('no-such-pod', { pod: queryText(query), sockets })
  }

  /** All containers of the query, including those that have ended. Throws a GrpcError. */
  async all(): Promise<readonly CriContainer[]> {
    return (await this.#named()).filter(({ podUid }) => this.#pods?.has(podUid) ?? true)
  }

  async #named(): Promise<readonly CriContainer[]> {
    const query = this.#query
    if ('container' in query) {
      const { container } = query
      return (await this.#runtime.containers({})).filter(
        ({ id, name }) =>
          name === container || (/^[0-9a-f]{6,64}$/.test(container) && id.startsWith(container)),
      )
    }
    const { labels, name } = labelsOf(query)
    const found: CriContainer[] = []
    for (const sandbox of await this.#runtime.sandboxes(labels))
      for (const each of await this.#runtime.containers({ sandbox }))
        if (name === undefined || each.name === name) found.push(each)
    return found
  }

  /**
   * Whether all of these containers have ended. `patient`: and their pods too, because a pod that is still there may
   * restart its containers.
   */
  async isOver(all: readonly CriContainer[], patient: boolean): Promise<boolean> {
    // A runtime that was restarted may not know yet whether a container runs.
    if (all.some(({ state }) => state !== 'exited')) return false
    if (!patient || 'container' in this.#query) return true
    const { labels } = labelsOf(this.#query)
    const pods = [...(this.#pods ?? [])].map((uid) => ({ ...labels, [kubernetes.uid]: uid }))
    for (const each of pods.length === 0 ? [labels] : pods)
      if ((await this.#runtime.sandboxes(each).catch(() => undefined))?.length !== 0) return false
    return true
  }

  async running(): Promise<readonly CriContainer[]> {
    return (await this.all()).filter(({ state }) => state === 'running')
  }

  /** Throws a GrpcError. */
  async described(container: CriContainer): Promise<FoundContainer> {
    const status = await this.#runtime.status(container.id)
    return { ...container, ...status, fullName: `${container.pod}/${container.name}` }
  }

  close(): void {
    this.#runtime.close()
  }
}

function labelsOf(query: Exclude<PodQuery, { readonly container: string }>): {
  readonly labels: Readonly<Record<string, string>>
  readonly name: string | undefined
} {
  if ('selector' in query) {
    const pairs = query.selector.split(',').map((each) => /^([^=!\s]+)==?([^=!\s]*)$/.exec(each))
    if (pairs.some((each) => each === null))
      throw new UserError('wrong-selector', { selector: query.selector })
    return {
      labels: Object.fromEntries(pairs.map((each) => [each?.[1] ?? '', each?.[2] ?? ''])),
      name: undefined,
    }
  }
  const parts = query.pod.split('/')
  if (parts.length > 3 || parts.includes('')) throw new UserError('wrong-pod', { pod: query.pod })
  const [namespace = '', pod = '', name] = parts.length === 1 ? ['default', ...parts] : parts
  return { labels: { [kubernetes.namespace]: namespace, [kubernetes.pod]: pod }, name }
}
