// Decides which functions call a function, and what each passes: the values of the called function's beginning,
// expressed in values of the caller. Follows each function once and keeps the result.
import { flowOf, type CallSite, type FlowContext, type FunctionFlow } from './flow.ts'
import type { Linked } from './link.ts'
import { slotValue, type Processor } from './machine.ts'
import { pointerCalls, type PointerCall } from './pointer-calls.ts'
import type { CodeReach, FunctionId } from './reach.ts'
import { recordKind } from './records.ts'
import { Returns } from './returns.ts'
import { unknown, Values, type Atom, type Value } from './values.ts'

/** A caller, with what it passes for a value and for the arguments of the called function. */
export interface CallerValues {
  readonly id: FunctionId
  readonly value: Value
  readonly arguments: readonly Value[]
}

export class Callers {
  readonly linked: Linked
  readonly reach: CodeReach
  readonly processor: Processor
  readonly values = new Values()
  #surroundings: FlowContext
  readonly #flows = new Map<FunctionId, FunctionFlow>()
  readonly #pointed = new Map<FunctionId, readonly PointerCall[] | undefined>()

  constructor(linked: Linked, reach: CodeReach, processor: Processor) {
    this.linked = linked
    this.reach = reach
    this.processor = processor
    this.#surroundings = this.#fresh()
  }

  #fresh(): FlowContext {
    const { linked, values, processor } = this
    return { linked, values, processor, returns: new Returns(linked, values, processor) }
  }

  /** Call after modules were appended: a call without a definition may have one now. */
  grow(): void {
    this.#pointed.clear()
    this.#surroundings = this.#fresh()
    for (const [id, { calls }] of this.#flows)
      if (calls.some(({ targets }) => targets.length === 0)) this.#flows.delete(id)
  }

  flow(id: FunctionId): FunctionFlow {
    let known = this.#flows.get(id)
    if (known === undefined) {
      known = flowOf(id, this.#surroundings, this.#wanted(id))
      this.#flows.set(id, known)
    }
    return known
  }

  #wanted(id: FunctionId): readonly number[] {
    return this.places(
      id,
      (kind) =>
        kind === recordKind.syscall ||
        kind === recordKind.compat ||
        kind === recordKind.call ||
        kind === recordKind.slot ||
        kind === recordKind.inside,
    )
  }

  /** The places of a function whose records are of some kinds. */
  places(id: FunctionId, is: (kind: number) => boolean): readonly number[] {
    const [module, own] = this.linked.place(id)
    const { records, functions } = this.linked.modules[module] as Linked['modules'][number]
    const found: number[] = []
    for (let index = functions.firstRecord(own); index < functions.firstRecord(own + 1); index++)
      if (is(records.kind[index] as number)) found.push(records.at[index] as number)
    return found
  }

  /** What the callers of a function pass for its entry values; undefined if not all callers are known. */
  of(id: FunctionId, value: Value, args: readonly Value[] = []): readonly CallerValues[] | undefined {
    return this.areKnown(id) ? this.known(id, value, args) : undefined
  }

  areKnown(id: FunctionId): boolean {
    return this.#pointerCalls(id) !== undefined
  }

  /**
   * What those callers of a function pass that are known. A caller may have a call of it that is not found while the
   * caller is followed, such as one through a table of pointers: what it passes is then unknown.
   */
  known(id: FunctionId, value: Value, args: readonly Value[]): readonly CallerValues[] {
    const found: CallerValues[] = []
    const pass = (caller: FunctionId, call: CallSite): void =>
      void found.push({
        id: caller,
        value: this.#substitute(value, call),
        arguments: args.map((each) => this.#substitute(each, call)),
      })
    const sites = new Map<FunctionId, Set<number>>()
    for (const { caller, at } of this.#pointerCalls(id) ?? [])
      sites.set(caller, (sites.get(caller) ?? new Set()).add(at))
    for (const caller of new Set([...this.reach.callers(id), ...sites.keys()])) {
      const before = found.length
      for (const call of this.flow(caller).calls)
        if (call.targets.includes(id) || sites.get(caller)?.has(call.at) === true) pass(caller, call)
      if (found.length === before)
        found.push({ id: caller, value: unknown, arguments: args.map(() => unknown) })
    }
    return found
  }

  /** The calls of a function through pointers; undefined if they are not all known. */
  #pointerCalls(id: FunctionId): readonly PointerCall[] | undefined {
    if (!this.reach.isLoose(id) && this.reach.takers(id).length === 0) return []
    if (!this.#pointed.has(id))
      this.#pointed.set(
        id,
        pointerCalls(id, {
          ...this.#surroundings,
          reach: this.reach,
          wanted: (each) => this.#wanted(each),
        }),
      )
    return this.#pointed.get(id)
  }

  /** A value of the called function, expressed in values of its caller. */
  #substitute(value: Value, call: CallSite): Value {
    const values = this.values
    return values.map(value, (atom) => this.#substituteAtom(atom, call))
  }

  #substituteAtom(atom: Atom, call: CallSite): Value {
    const values = this.values
    switch (atom.kind) {
      case 'constant':
      case 'address':
        return values.of(atom)
      case 'entry':
        return call.registers[atom.register] as Value
      case 'stack':
        return unknown
      case 'argument':
        return this.#word(
          call,
          call.registers[this.processor.stackPointer] as Value,
          atom.offset - this.processor.pushed,
        )
      case 'load':
        return this.#word(call, this.#substituteAtom(values.atom(atom.of), call), atom.offset)
    }
  }

  /** The word at an offset from where a value of the caller points at the time of the call. */
  #word(call: CallSite, base: Value, offset: number): Value {
    const values = this.values
    return values.map(base, (atom, id) => {
      switch (atom.kind) {
        case 'stack': {
          const at = atom.offset + offset
          return (
            slotValue(call.slots, at) ??
            (at >= this.processor.pushed ? values.of({ kind: 'argument', offset: at }) : unknown)
          )
        }
        case 'entry':
        case 'argument':
        case 'address':
          return values.of({ kind: 'load', of: id, offset })
        default:
          return unknown
      }
    })
  }
}

/** Whether a value is what a caller passed, in a register or on the stack. */
export function isPassed(atom: Atom): boolean {
  return atom.kind === 'entry' || atom.kind === 'argument'
}
