// The automaton that reads lines of known shapes. Compiled code (assembly/shapes.ts) steps through it byte by byte and
// counts calls. This file passes it the bytes, and adds states, steps and actions. A step or an action is added only if
// none of its bytes leads elsewhere, so that every line has one way.
import { compiledApart, Input, shapesPlan, type Compiled, type CompiledGlobal } from './compiled.ts'
import { shapesCode } from './data/shapes.ts'
import type { LoggedCall } from './grammar.ts'

interface CompiledShapes extends Compiled {
  readonly stateSize: CompiledGlobal
  readonly mostStates: CompiledGlobal
  readonly states: CompiledGlobal
  readonly start: CompiledGlobal
  readonly mostActions: CompiledGlobal
  readonly actions: CompiledGlobal
  readonly ending: CompiledGlobal
  readonly counting: CompiledGlobal
  readonly telling: CompiledGlobal
  readonly noCall: CompiledGlobal
  readonly mostCalls: CompiledGlobal
  readonly counts: CompiledGlobal
  readonly lines: CompiledGlobal
  readonly ignored: CompiledGlobal
  read(line: number, end: number): number
  clear(stateEnd: number): void
}

/** The compiled code with its memory. */
class Code {
  readonly exports: CompiledShapes
  readonly memory: ArrayBuffer
  readonly input: Input

  constructor(exports: CompiledShapes, memory: ArrayBuffer) {
    this.exports = exports
    this.memory = memory
    this.input = new Input(exports, memory)
  }

  words(place: CompiledGlobal, length: number): Int32Array {
    return new Int32Array(this.memory, place.value, length)
  }
}

const codes = compiledApart(shapesCode, shapesPlan.pages, Code)

/** What happens on a byte besides the step to the next state. */
export type Act = 'ending' | 'counting' | 'telling'

/** The numbers of an action: what it does, the offset of the state that follows, the number of its call. */
const actionLength = 4

export class Automaton {
  readonly #code: Code
  readonly #exports: CompiledShapes
  /** By state and byte: 0 for no step, the offset of the next state or, below 0, an action. */
  readonly #steps: Int32Array
  readonly #actions: Int32Array
  readonly #counts: Float64Array
  readonly #lines: Int32Array
  readonly #ignored: Int32Array
  readonly #calls: LoggedCall[] = []
  /** The state that begins a line. */
  readonly start: number
  /** The offset behind the last state. */
  #end: number
  #actionCount = 0
  /** By state: which part of a shape it stands in. */
  readonly #parts: number[]

  /** Undefined if compiled code cannot run. */
  static made(): Automaton | undefined {
    const code = codes.take()
    return code === undefined ? undefined : new Automaton(code)
  }

  private constructor(code: Code) {
    const { exports, memory } = code
    this.#code = code
    this.#exports = exports
    const { mostStates, stateSize, mostActions, mostCalls } = exports
    this.#steps = code.words(exports.states, (mostStates.value * stateSize.value) / 4)
    this.#actions = code.words(exports.actions, mostActions.value * actionLength)
    this.#counts = new Float64Array(memory, exports.counts.value, mostCalls.value)
    this.#lines = code.words(exports.lines, 1)
    this.#ignored = code.words(exports.ignored, 1)
    this.start = exports.start.value
    this.#end = this.start + stateSize.value
    this.#parts = [0, 0]
  }

  /** Ends the use of the automaton. */
  giveBack(): void {
    this.#exports.clear(this.#end)
    codes.giveBack(this.#code)
  }

  /** How many lines were read, and how many of these told no call. */
  get lines(): number {
    return this.#lines[0] as number
  }

  get ignored(): number {
    return this.#ignored[0] as number
  }

  /** Reads whole lines of bytes[line, end). Returns where the first line of no shape starts. */
  read(bytes: Uint8Array, line: number, end: number): number {
    const { input } = this.#code
    let at = line
    while (at < end) {
      const next = input.offsetOf(this.#exports.read(input.placeOf(bytes, at, end), input.end))
      if (next === at) break
      at = next
    }
    return at
  }

  /** Gives what was counted since the last time. */
  settle(give: (call: LoggedCall, count: number) => void): void {
    for (const [number, call] of this.#calls.entries()) {
      const count = this.#counts[number] as number
      if (count === 0) continue
      this.#counts[number] = 0
      give(call, count)
    }
  }

  /** 0 if there is no room. */
  newState(part: number): number {
    const state = this.#end
    const { mostStates, stateSize } = this.#exports
    if (state >= mostStates.value * stateSize.value) return 0
    this.#end += stateSize.value
    this.#parts.push(part)
    return state
  }

  isEmpty(state: number): boolean {
    const at = state / 4
    return this.#steps.subarray(at, at + 256).every((each) => each === 0)
  }

  partOf(state: number): number {
    return this.#parts[state / this.#exports.stateSize.value] as number
  }

  /** Lets a byte lead from a state to another, whatever was there. */
  lead(state: number, byte: number, target: number): void {
    this.#steps[state / 4 + byte] = target
  }

  /**
   * The state of this part to which all of these bytes lead from all of these states. If they lead nowhere, they lead
   * from now on to `wanted` or, if it is 0, to a new state. Undefined if they lead elsewhere, or if there is no room.
   */
  step(from: readonly number[], bytes: readonly number[], part: number, wanted: number): number | undefined {
    const found = this.#found(from, bytes)
    if (found === undefined || found < 0) return undefined
    if (found > 0)
      return this.partOf(found) === part && (wanted === 0 || found === wanted) ? found : undefined
    const target = wanted === 0 ? this.newState(part) : wanted
    if (target === 0) return undefined
    for (const state of from) for (const byte of bytes) this.lead(state, byte, target)
    return target
  }

  /** The same with an action on the way. An ending leads to no state. */
  act(
    from: readonly number[],
    bytes: readonly number[],
    act: Act,
    wanted: number,
    call: LoggedCall | undefined,
  ): number | undefined {
    const found = this.#found(from, bytes)
    if (found === undefined || found > 0) return undefined
    const code = this.#exports[act].value
    if (found < 0) {
      const [known, target = 0, number = 0] = this.#actions.subarray((-1 - found) * actionLength)
      const isKnown = known === code && (wanted === 0 || target === wanted)
      return isKnown && isSame(this.#calls[number], call) ? target : undefined
    }
    const { mostActions, mostCalls, noCall } = this.#exports
    if (this.#actionCount === mostActions.value || this.#calls.length === mostCalls.value) return undefined
    const target = wanted === 0 && act !== 'ending' ? this.newState(0) : wanted
    if (target === 0 && act !== 'ending') return undefined
    const number = call === undefined ? noCall.value : this.#calls.push(call) - 1
    this.#actions.set([code, target, number], this.#actionCount++ * actionLength)
    for (const state of from) for (const byte of bytes) this.lead(state, byte, -this.#actionCount)
    return target
  }

  /** Where all of the bytes lead; 0 for nowhere, undefined if they do not lead to one place. */
  #found(from: readonly number[], bytes: readonly number[]): number | undefined {
    const found = this.#steps[(from[0] as number) / 4 + (bytes[0] as number)]
    const isOne = from.every((state) => bytes.every((byte) => this.#steps[state / 4 + byte] === found))
    return isOne ? found : undefined
  }
}

function isSame(one: LoggedCall | undefined, other: LoggedCall | undefined): boolean {
  return (
    one?.call === other?.call &&
    one?.architecture === other?.architecture &&
    (one?.isNarrow === true) === (other?.isNarrow === true)
  )
}
