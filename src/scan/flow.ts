// Finds the values at the calls of one function. Branches and loops are followed from its start until no set of values
// grows; where paths join, the sets are united. A jump into the middle of another function is followed there. Code that
// no branch reaches (cases of a jump table, exception handlers) is followed with unknown values.
import { Extent } from './extent.ts'
import { Carrier, type Held } from './held.ts'
import { joinedSlots, joinRegisters, joinState } from './joined.ts'
import type { Linked } from './link.ts'
import { AbstractMachine, copyOf, nothingKnown, type Flow, type Processor, type State } from './machine.ts'
import type { FunctionId } from './reach.ts'
import type { Returns } from './returns.ts'
import { unknown, type Value, type Values } from './values.ts'

/** The state of the machine when a function calls another or jumps to it. */
export interface CallSite {
  readonly at: number
  readonly targets: readonly FunctionId[]
  readonly registers: Int32Array
  readonly slots: ReadonlyMap<number, Value>
}

/** The state of the machine when it enters the kernel. */
export interface KernelSite {
  readonly at: number
  readonly isCompat: boolean
  readonly registers: Int32Array
}

export interface FunctionFlow {
  /** False if the code is invalid and no table declares it: data between functions. */
  readonly isCode: boolean
  readonly calls: readonly CallSite[]
  readonly kernel: readonly KernelSite[]
  readonly stored: readonly { readonly address: number; readonly value: Value }[]
}

/** The most steps in one function; no function whose values matter takes more. Beyond the limit nothing is known. */
const mostSteps = 400_000

/** After more passes from one label, a value that still changes is a loop counter. */
const mostPasses = 4

/** Everything that following a function needs. */
export interface FlowContext {
  readonly linked: Linked
  readonly values: Values
  readonly processor: Processor
  readonly returns: Returns
}

/** Observes the pointers to an object while functions are followed. */
export interface PointerWatch {
  /** What the instruction at an address names, as bits of held.ts: an address in the object, or the function. */
  names(module: number, address: number): number | undefined
  /** A call or jump to a word of the object. */
  found(id: FunctionId, at: number): void
  /** A call or jump to functions, with what is held there; `stack` is the stack pointer before the call. */
  called(targets: readonly FunctionId[], held: Held, stack: Value, isJump: boolean): void
  /** The number with which the kernel is entered. */
  entered(number: Value, held: Held): void
  /** A pointer may have escaped: it may be where nothing follows it. */
  lost(): void
}

/** `wanted`: places in the function that are followed even if no branch reaches them. */
export function flowOf(id: FunctionId, surroundings: FlowContext, wanted: readonly number[]): FunctionFlow {
  return new Follower(id, surroundings).follow(wanted)
}

/** Follows an object's pointers through a function that begins with `held`. */
export function watchFlow(
  id: FunctionId,
  surroundings: FlowContext,
  wanted: readonly number[],
  { watch, held }: { readonly watch: PointerWatch; readonly held: Held },
): void {
  const follower = new Follower(id, surroundings, watch)
  follower.follow(wanted, held)
}

class Follower {
  readonly #linked: Linked
  readonly #values: Values
  readonly #processor: Processor
  readonly #returns: Returns
  readonly #machine: AbstractMachine
  readonly #extent: Extent
  /** Addresses at which paths join. */
  readonly #labels = new Set<number>()
  readonly #scouted = new Set<number>()
  readonly #states = new Map<number, State>()
  /** How often the code at each label was followed. */
  readonly #passes = new Map<number, number>()
  readonly #calls = new Map<number, CallSite>()
  readonly #kernel = new Map<number, KernelSite>()
  #steps = 0
  /** Whether the code ran into an invalid instruction. */
  #isBroken = false
  readonly #id: FunctionId
  readonly #watch: PointerWatch | undefined
  #carrier: Carrier | undefined
  /** All that was held anywhere in the function. */
  #everHeld: Held | undefined

  constructor(id: FunctionId, { linked, values, processor, returns }: FlowContext, watch?: PointerWatch) {
    this.#id = id
    this.#watch = watch
    this.#linked = linked
    this.#values = values
    this.#processor = processor
    this.#returns = returns
    this.#extent = new Extent(id, linked)
    this.#machine = new AbstractMachine(linked, this.#extent.module, values, processor)
  }

  get #isCode(): boolean {
    return !this.#isBroken || this.#extent.own.functions.isSized(this.#extent.start)
  }

  follow(wanted: readonly number[], held?: Held): FunctionFlow {
    if (held !== undefined) {
      this.#carrier = new Carrier(this.#machine, held)
      this.#everHeld = held.copy()
    }
    this.#run(this.#extent.start, this.#entryState(held))
    // A call that does not return may separate two places with the same start, so look again for unreached ones.
    for (let before = 0; before < this.#scouted.size;) {
      before = this.#scouted.size
      for (const each of this.#unreached(wanted))
        if (!this.#scouted.has(each)) this.#run(each, nothingKnown(this.#processor, this.#everHeld))
    }
    if (this.#carrier?.isLost === true) this.#watch?.lost()
    return {
      isCode: this.#isCode,
      calls: [...this.#calls.values()],
      kernel: [...this.#kernel.values()],
      stored: this.#machine.stored,
    }
  }

  #entryState(held: Held | undefined): State {
    const registers = new Int32Array(this.#processor.registers)
    for (let register = 0; register < registers.length; register++)
      registers[register] =
        register === this.#processor.stackPointer
          ? this.#values.of({ kind: 'stack', offset: 0 })
          : this.#values.of({ kind: 'entry', register })
    return { registers, slots: new Map(), held }
  }

  /**
   * The starts of code that no branch reached and that has a wanted place; each follows an instruction that ends a
   * path. Empty if the code is invalid and no table declares the function: it is then data between functions.
   */
  #unreached(wanted: readonly number[]): readonly number[] {
    const missing = wanted.filter((at) => !this.#scouted.has(at))
    if (missing.length === 0 || !this.#isCode) return []
    const found = new Set<number>()
    const { stored } = this.#machine
    this.#machine.stored = []
    this.#machine.state = nothingKnown(this.#processor)
    let begin = this.#extent.start
    let next = 0
    for (let place = this.#extent.start; place < this.#extent.end && next < missing.length;) {
      if (place === missing[next]) {
        found.add(this.#scouted.has(begin) ? place : begin)
        next++
      } else
        for (; place > (missing[next] as number); next++)
          // It lies inside an instruction of this walk.
          found.add(missing[next] as number)
      const { length, flow } = this.#processor.step(this.#machine, place, this.#extent.end)
      const isEnd = flow === 'stop' || flow === 'jump' || flow === 'jump-value'
      const isReached = this.#scouted.has(place)
      place += length
      if (isReached || isEnd || this.#scouted.has(place)) begin = place
    }
    for (const each of missing.slice(next)) found.add(each)
    this.#machine.stored = stored
    return [...found]
  }

  #run(start: number, state: State): void {
    this.#scout(start)
    this.#labels.add(start)
    const work = new Set([start])
    this.#join(start, state)
    while (work.size > 0) {
      // Lowest address first: this is nearly the order of control flow, so most paths to a label join before its pass.
      let from = Infinity
      for (const each of work) if (each < from) from = each
      work.delete(from)
      for (const each of this.#pass(from)) work.add(each)
    }
  }

  /** Walks over all code that branches reach from here, to find where paths join. */
  #scout(start: number): void {
    const work = [start]
    const { stored } = this.#machine
    this.#machine.stored = []
    this.#machine.state = nothingKnown(this.#processor)
    while (work.length > 0) {
      let at = work.pop() as number
      while (!this.#scouted.has(at) && this.#extent.has(at) && this.#scouted.size < mostSteps) {
        this.#scouted.add(at)
        const { flow, length } = this.#processor.step(this.#machine, at, this.#extent.limit(at))
        const { target } = this.#machine
        if (flow === 'invalid') {
          this.#isBroken = true
          break
        }
        if (this.#extent.isLedTo(flow, target)) {
          this.#labels.add(target)
          work.push(target)
        }
        if (flow === 'jump-value')
          for (const each of this.#extent.cases) {
            this.#labels.add(each)
            work.push(each)
          }
        if (flow === 'stop' || flow === 'jump' || flow === 'jump-value') break
        if (flow === 'call' && !this.#returns.any(this.#direct(target))) break
        at += length
        if (this.#scouted.has(at)) this.#labels.add(at)
      }
    }
    this.#machine.stored = stored
  }

  /** Joins a state into that of a label; returns whether this changed it. */
  #join(at: number, state: State): boolean {
    const { held } = state
    const before = this.#states.get(at)
    if (held !== undefined) this.#everHeld?.join(held)
    if (before === undefined) {
      this.#states.set(at, copyOf(state))
      return true
    }
    // A value that still changes is a loop counter, so it becomes unknown.
    const isCount = (this.#passes.get(at) ?? 0) > mostPasses
    return joinState(this.#values, state, before, isCount)
  }

  /** Follows the code from a label to the end of its path; returns the labels whose state changed. */
  #pass(from: number): readonly number[] {
    const state = this.#states.get(from) as State
    this.#passes.set(from, (this.#passes.get(from) ?? 0) + 1)
    const machine = this.#machine
    machine.state = copyOf(state)
    const changed: number[] = []
    const lead = (target: number): void => {
      if (this.#join(target, machine.state)) changed.push(target)
    }
    for (let at = from; this.#extent.has(at) || at === from;) {
      if (at !== from && this.#labels.has(at)) {
        lead(at)
        break
      }
      if (++this.#steps > mostSteps) {
        this.#watch?.lost()
        break
      }
      if (this.#carrier !== undefined) this.#carry(this.#carrier, at)
      const { flow, length } = this.#processor.step(machine, at, this.#extent.limit(at))
      const isOver = this.#leave(flow, at, lead)
      if (isOver) break
      at += length
      if (!this.#extent.has(at) && this.#extent.own.functions.isStart(at)) break
    }
    return changed
  }

  /** Carries what is held through the instruction at an address. */
  #carry(carrier: Carrier, at: number): void {
    const { held } = this.#machine.state
    if (held === undefined) return
    carrier.held = held
    const named = this.#watch?.names(this.#extent.module, at)
    carrier.isObject = named !== undefined
    carrier.named = named ?? 0
    carrier.isSite = false
    this.#processor.carry(carrier, at, this.#extent.limit(at))
    if (carrier.isSite) this.#watch?.found(this.#id, at)
  }

  /** Follows or records where an instruction leads; returns whether the path ends with the instruction. */
  #leave(flow: Flow, at: number, lead: (target: number) => void): boolean {
    const machine = this.#machine
    switch (flow) {
      case 'next':
        return false
      case 'stop':
      case 'invalid':
        return true
      case 'jump':
      case 'branch': {
        const { target } = machine
        if (this.#extent.isJumpedTo(target)) {
          this.#labels.add(target)
          const { zeroOn, compared } = machine
          const before = machine.get(compared)
          if (flow === 'branch' && zeroOn === 'target') machine.set(compared, this.#values.constant(0))
          lead(target)
          if (flow === 'branch' && zeroOn !== undefined)
            machine.set(compared, zeroOn === 'next' ? this.#values.constant(0) : before)
        } else this.#call(at, this.#direct(target), flow === 'jump' ? 'jump' : 'branch', true)
        return flow === 'jump'
      }
      case 'call':
      case 'call-value': {
        const targets =
          flow === 'call'
            ? this.#direct(machine.target)
            : this.#linked.pointed(machine.targetValue, this.#values)
        if (this.#extent.isLedTo(flow, machine.target)) {
          this.#labels.add(machine.target)
          const before = copyOf(machine.state)
          if (this.#processor.pushed > 0) machine.push(unknown)
          lead(machine.target)
          machine.state = before
        }
        this.#call(at, targets, 'call', flow === 'call')
        return !this.#returns.any(targets)
      }
      case 'jump-value': {
        const targets = this.#linked.pointed(machine.targetValue, this.#values)
        this.#call(at, targets, 'jump', false)
        if (targets.length === 0) for (const each of this.#extent.cases) lead(each)
        return true
      }
      case 'syscall':
      case 'compat': {
        const before = this.#kernel.get(at)
        const registers = machine.state.registers.slice()
        if (machine.state.held !== undefined)
          this.#watch?.entered(machine.get(this.#processor.number), machine.state.held)
        if (before !== undefined) joinRegisters(this.#values, registers, before.registers)
        this.#kernel.set(at, { at, isCompat: flow === 'compat', registers })
        for (const each of this.#processor.lostBySyscall) machine.set(each, unknown)
        return false
      }
    }
  }

  #direct(target: number): readonly FunctionId[] {
    return this.#linked.directTargets(this.#extent.module, target)
  }

  #call(
    at: number,
    targets: readonly FunctionId[],
    kind: 'call' | 'jump' | 'branch',
    isDirect: boolean,
  ): void {
    const machine = this.#machine
    const { registers, slots, held } = machine.state
    const pointer = registers[this.#processor.stackPointer] as Value
    const kept = registers.slice()
    // At a jump the return address is already on the stack: restore the pointer to its value before a call.
    if (kind !== 'call') kept[this.#processor.stackPointer] = machine.plus(pointer, this.#processor.pushed)
    if (held !== undefined)
      // An indirect call passes no targets: another function may have been stored in the word that it reads.
      this.#watch?.called(
        isDirect ? targets : [],
        held,
        kept[this.#processor.stackPointer] as Value,
        kind !== 'call',
      )
    const before = this.#calls.get(at)
    if (before === undefined) this.#calls.set(at, { at, targets, registers: kept, slots: new Map(slots) })
    else {
      joinRegisters(this.#values, kept, before.registers)
      this.#calls.set(at, {
        at,
        targets: [...new Set([...before.targets, ...targets])],
        registers: kept,
        slots: joinedSlots(this.#values, slots, before.slots),
      })
    }
    if (kind !== 'call') return
    // The called function may have changed all memory to which an argument points.
    for (const each of this.#processor.passed) machine.forgetFrom(registers[each] as Value)
    if (this.#extent.own.isGo) {
      const stack = registers[this.#processor.stackPointer] as Value
      registers.fill(unknown)
      registers[this.#processor.stackPointer] = stack
    } else for (const each of this.#processor.lost) registers[each] = unknown
    for (const each of this.#processor.lost) held?.registers.fill(0, each, each + 1)
  }
}
