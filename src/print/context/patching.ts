// Matches the containers of a manifest with those of a context, and records which were patched.
import { UserError } from '../../errors.ts'
import type { ContainerContext, SecurityContext } from '../../harden/context.ts'
import { onHostNetwork } from './on-host-network.ts'

/** A patched manifest, with the names of the containers that were patched or left. */
export interface PatchResult {
  readonly text: string
  /** Containers of the manifest that got a context. */
  readonly patched: readonly string[]
  /** Containers of the manifest without evidence, which stay unchanged. */
  readonly left: readonly string[]
  /** Containers with evidence that are not in the manifest. */
  readonly unused: readonly string[]
  /** Containers that were privileged before the patch and are not now. */
  readonly unprivileged: readonly string[]
  /** Containers without a seccomp filter: the manifest says so, and no profile was given. */
  readonly unconfined: readonly string[]
  /** Sysctls that containers on the host's network need of the host, as NAME=VALUE. */
  readonly hostSysctls: readonly string[]
}

/** What a manifest says of a container, where it decides whether the context fits. */
export interface Stated {
  /** The user that the manifest names; undefined if it leaves the user to the image. */
  readonly user: string | undefined
  readonly hostNetwork: boolean
}

/** The contexts for a manifest's containers; records which containers were patched. */
export class Patching {
  readonly #context: SecurityContext
  readonly #names: readonly string[]
  readonly #file: string
  readonly patched: string[] = []
  readonly unprivileged: string[] = []
  readonly unconfined: string[] = []
  readonly #hostSysctls = new Set<string>()

  /** `names`: the containers of the manifest. Throws UserError if none has a context. */
  constructor(context: SecurityContext, names: readonly string[], file: string) {
    this.#context = context
    this.#names = names
    this.#file = file
    if (names.every((name) => this.of(name) === undefined))
      throw new UserError('no-container-to-patch', {
        file,
        names: context.containers.map(({ name }) => name),
        here: names,
      })
  }

  /** The context by the container's name; if both sides have one container, the names need not match. */
  of(name: string): ContainerContext | undefined {
    const { containers } = this.#context
    const [only] = containers
    if (containers.length === 1 && this.#names.length === 1) return only
    return containers.find((each) => each.name === name)
  }

  /**
   * The context as it fits what the manifest says of the container. Throws UserError if the manifest starts another user
   * than root, as whom it was recorded: root's capabilities and mounts would loosen it, and not fit.
   */
  fitting(name: string, { user, hostNetwork }: Stated): ContainerContext | undefined {
    const context = this.of(name)
    if (context === undefined) return undefined
    if (context.user?.uid === 0 && user !== undefined && !/^(?:0+|root)(?::|$)/.test(user))
      throw new UserError('manifest-other-user', { file: this.#file, name, user })
    if (!hostNetwork) return context
    const { container, hostSysctls } = onHostNetwork(context)
    for (const each of hostSysctls) this.#hostSysctls.add(each)
    return container
  }

  result(text: string): PatchResult {
    const met = this.patched.map((name) => this.of(name))
    return {
      text,
      patched: this.patched,
      left: this.#names.filter((each) => !this.patched.includes(each)),
      unused: this.#context.containers.filter((each) => !met.includes(each)).map(({ name }) => name),
      unprivileged: this.unprivileged,
      unconfined: this.unconfined,
      hostSysctls: [...this.#hostSysctls],
    }
  }
}
