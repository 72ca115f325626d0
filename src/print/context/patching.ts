// Which containers of a manifest belong to which of a context, and which of them were patched.
import { UserError } from '../../errors.ts'
import type { ContainerContext, SecurityContext } from '../../harden/context.ts'

/** A manifest with the context put in, and the containers that were patched and left. */
export interface PatchResult {
  readonly text: string
  /** Containers of the manifest that got a context. */
  readonly patched: readonly string[]
  /** Containers of the manifest without evidence: they stay as they are. */
  readonly left: readonly string[]
  /** Containers with evidence that are not in the manifest. */
  readonly unused: readonly string[]
  /** Containers that were privileged, and are no longer. */
  readonly unprivileged: readonly string[]
}

/** What a manifest's containers are to become; notes which of them were met. */
export class Patching {
  readonly #context: SecurityContext
  readonly #names: readonly string[]
  readonly patched: string[] = []
  readonly unprivileged: string[] = []

  /** `names`: of the containers of the manifest. */
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

  /** By its name; one container of each side belong together whatever their names. */
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
