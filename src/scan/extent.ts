// Decides which code is followed as part of a function: the function's own code, and code of others if the function
// jumps or runs into their middle.
import type { Linked } from './link.ts'
import type { Flow } from './machine.ts'
import type { FunctionId } from './reach.ts'
import { tablesOf } from './tables.ts'

export class Extent {
  readonly start: number
  readonly end: number
  readonly module: number
  readonly own: Linked['modules'][number]
  readonly #linked: Linked
  /** The function's number in its module. */
  readonly #index: number
  #cases: readonly number[] | undefined

  constructor(id: FunctionId, linked: Linked) {
    const [module, index] = linked.place(id)
    this.module = module
    this.own = linked.modules[module] as Linked['modules'][number]
    this.#linked = linked
    this.#index = index
    this.start = this.own.functions.start[index] as number
    this.end = this.own.functions.end(index)
  }

  /** Whether the code at an address is followed. */
  has(at: number): boolean {
    return (
      this.own.image.isCode(at) &&
      (at === this.start || !this.own.functions.isStart(at) || this.#runsInto(at))
    )
  }

  /** Whether a function begins here inside a larger one, so that the code before runs on into it. */
  #runsInto(at: number): boolean {
    const own = this.own.functions.at(at)
    return own >= 0 && this.own.functions.isFallenInto(own)
  }

  /** Whether an instruction leads to code that is followed here. A call may lead into the middle of a function. */
  isLedTo(flow: Flow, target: number): boolean {
    if (flow === 'call') return target !== this.start && this.isJumpedTo(target)
    return (flow === 'jump' || flow === 'branch') && this.isJumpedTo(target)
  }

  isJumpedTo(target: number): boolean {
    if (target >= this.start && target < this.end) return true
    return (
      this.own.image.isCode(target) &&
      !this.own.functions.isStart(target) &&
      !this.#linked.isStub(this.module, target)
    )
  }

  /** The end of the function that contains an address. */
  limit(at: number): number {
    if (at >= this.start && at < this.end) return this.end
    const own = this.own.functions.at(at)
    return own < 0 ? at : this.own.functions.end(own)
  }

  /** The cases inside the function of the jump tables that it refers to. */
  get cases(): readonly number[] {
    this.#cases ??= [...new Set(tablesOf(this.own, this.#index))].filter(
      (each) => each >= this.start && each < this.end,
    )
    return this.#cases
  }
}
