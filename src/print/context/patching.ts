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
  /** What compose services get from services that they extend, against the context, as NAME: WHAT. */
  readonly inherited: readonly string[]
  /** Settings of a quadlet's drop-ins that win over the context, as FILE: KEY=VALUE. */
  readonly overridden: readonly string[]
  /** Sysctls that containers on the host's network need of the host, as NAME=VALUE. */
  readonly hostSysctls: readonly string[]
}

/** The settings in a manifest that decide whether and how the context fits a container. */
export interface Stated {
  /** The user that the manifest names; undefined if it leaves the user to the image. */
  readonly user: string | undefined
  readonly hostNetwork: boolean
}

/** The containers of a manifest. */
export interface NamedContainers {
  readonly names: readonly string[]
  /** Its init containers, sidecars among them. They are matched by name only. */
  readonly inits?: readonly string[]
}

/** The contexts for a manifest's containers; records which containers were patched. */
export class Patching {
  readonly #context: SecurityContext
  readonly #names: readonly string[]
  readonly #only: string | undefined
  readonly #file: string
  readonly patched: string[] = []
  readonly unprivileged: string[] = []
  readonly unconfined: string[] = []
  readonly inherited: string[] = []
  readonly overridden: string[] = []
  readonly #hostSysctls = new Set<string>()

  /** Throws UserError if no container of the manifest has a context. */
  constructor(context: SecurityContext, { names, inits = [] }: NamedContainers, file: string) {
    this.#context = context
    this.#names = [...names, ...inits]
    // If both sides have one container, the names need not match.
    const [first, ...others] = context.containers
    const isOne = others.length === 0 && names.length === 1
    this.#only = isOne && !this.#names.includes(first?.name ?? '') ? names[0] : undefined
    this.#file = file
    if (this.#names.every((name) => this.of(name) === undefined))
      throw new UserError('no-container-to-patch', {
        file,
        names: context.containers.map(({ name }) => name),
        here: this.#names,
      })
  }

  of(name: string): ContainerContext | undefined {
    const { containers } = this.#context
    return name === this.#only ? containers[0] : containers.find((each) => each.name === name)
  }

  /**
   * The context, adapted to what the manifest states. Throws UserError if the container was recorded as root and the
   * manifest starts another user: root's capabilities would loosen the manifest, and root's mounts would not fit.
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
      inherited: this.inherited,
      overridden: this.overridden,
      hostSysctls: [...this.#hostSysctls],
    }
  }
}
