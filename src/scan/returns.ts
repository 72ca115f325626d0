// Decides whether a call returns. The code after a call of abort(), or of a function that ends in it, need not
// belong to the path of the call, so known values must not flow on into it. If that is not certain, the call counts as
// returning.
import type { Linked } from './link.ts'
import { AbstractMachine, type Processor } from './machine.ts'
import type { FunctionId } from './reach.ts'
import type { Values } from './values.ts'

const deepest = 8
const mostInstructions = 1500

export class Returns {
  readonly #linked: Linked
  readonly #values: Values
  readonly #processor: Processor
  readonly #known = new Map<FunctionId, boolean>()

  constructor(linked: Linked, values: Values, processor: Processor) {
    this.#linked = linked
    this.#values = values
    this.#processor = processor
  }

  /** Whether any of the functions returns; true for an empty list, because the called function is then unknown. */
  any(targets: readonly FunctionId[], depth = 0): boolean {
    return targets.length === 0 || targets.some((each) => this.#of(each, depth))
  }

  #of(id: FunctionId, depth: number): boolean {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    if (depth > deepest) return true
    // A function that calls itself counts as returning while it is examined.
    this.#known.set(id, true)
    const found = this.#walk(id, depth)
    this.#known.set(id, found)
    return found
  }

  #walk(id: FunctionId, depth: number): boolean {
    const [module, own] = this.#linked.place(id)
    const { functions, image } = this.#linked.modules[module] as Linked['modules'][number]
    const [start, end] = [functions.start[own] as number, functions.end(own)]
    const machine = new AbstractMachine(this.#linked, module, this.#values, this.#processor)
    const seen = new Set<number>()
    const work = [start]
    while (work.length > 0) {
      let at = work.pop() as number
      while (!seen.has(at)) {
        if (seen.size > mostInstructions || at < start || at >= end) return true
        seen.add(at)
        const { flow, length } = this.#processor.step(machine, at, end)
        const { target } = machine
        if (flow === 'stop') {
          if (this.#processor.isReturn(image.file.bytes, image.offsetOf(at))) return true
          break
        }
        if (flow === 'invalid') break
        if (flow === 'jump-value') {
          // A stub leads to the target of its slot; other indirect jumps may use a jump table or a pointer.
          const targets = this.#linked.pointed(machine.targetValue, this.#values)
          if (this.any(targets, depth + 1)) return true
          break
        }
        if (flow === 'jump' || flow === 'branch') {
          if (target >= start && target < end) work.push(target)
          else if (this.any(this.#linked.directTargets(module, target), depth + 1)) return true
          if (flow === 'jump') break
        }
        if (flow === 'call' && !this.any(this.#linked.directTargets(module, target), depth + 1)) break
        if (
          flow === 'call-value' &&
          !this.any(this.#linked.pointed(machine.targetValue, this.#values), depth + 1)
        )
          break
        at += length
      }
    }
    return false
  }
}
