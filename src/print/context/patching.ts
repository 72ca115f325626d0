// Matches the containers of a manifest with those of a context, and records which were patched.
import { UserError } from '../../errors.ts'
import type { ContainerContext, SecurityContext } from '../../harden/context.ts'

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
}

/** The contexts for a manifest's containers; records which containers were patched. */
export class Patching {
  readonly #context: SecurityContext
  readonly #names: readonly string[]
  readonly patched: string[] = []
  readonly unprivileged: string[] = []

  /** `names`: the containers of the manifest. Throws UserError if none has a context. */
  constructor(context: SecurityContext, names: readonly string[], file: string) {
    this.#context = context
    this.#names = names
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

  result(text: string): PatchResult {
    const met = this.patched.map((name) => this.of(name))
    return {
      text,
      patched: this.patched,
      left: this.#names.filter((each) => !this.patched.includes(each)),
      unused: this.#context.containers.filter((each) => !met.includes(each)).map(({ name }) => name),
      unprivileged: this.unprivileged,
    }
  }
}
