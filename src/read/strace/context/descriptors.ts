// The paths of a process's open descriptors. A copy takes constant time, whatever the table holds: both tables share
// their nodes, and a change copies only the nodes above it. A trace may fork often with many descriptors.

/** Descriptors from here on are not kept: their paths stay unknown. */
const limit = 65536
const bits = 4
const top = 12

type Node = readonly (Node | string | undefined)[]

export class Descriptors {
  #root: Node = []

  copy(): Descriptors {
    const copy = new Descriptors()
    copy.#root = this.#root
    return copy
  }

  get(descriptor: number): string | undefined {
    if (!isKept(descriptor)) return undefined
    let found: Node[number] = this.#root
    for (let shift = top; shift >= 0; shift -= bits)
      found = (found as Node | undefined)?.[slotOf(descriptor, shift)]
    return found as string | undefined
  }

  /** `path`: undefined if the descriptor is closed or its path is unknown. */
  set(descriptor: number, path: string | undefined): void {
    if (isKept(descriptor) && this.get(descriptor) !== path)
      this.#root = changed(this.#root, descriptor, top, path)
  }

  clear(): void {
    this.#root = []
  }
}

function isKept(descriptor: number): boolean {
  return descriptor >= 0 && descriptor < limit
}

function slotOf(descriptor: number, shift: number): number {
  return (descriptor >> shift) & ((1 << bits) - 1)
}

function changed(node: Node, descriptor: number, shift: number, path: string | undefined): Node {
  const slot = slotOf(descriptor, shift)
  const made = [...node]
  made[slot] = shift === 0 ? path : changed((node[slot] ?? []) as Node, descriptor, shift - bits, path)
  return made
}
