// Finds the values at the calls of one function. Branches and loops are followed from its start until no set of values
// grows; where paths join, the sets are united. A jump into the middle of another function is followed there. Code that
// no branch reaches (cases of a jump table, exception handlers) is followed with unknown values.
import type { Linked } from './link.ts'
import { Carrier, type Held } from './held.ts'
import { AbstractMachine, copyOf, nothingKnown, type Flow, type Processor, type State } from './machine.ts'
import type { FunctionId } from './reach.ts'
import type { Returns } from './returns.ts'
import { tablesOf } from './tables.ts'
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
  readonly #module: number
  /** The function's number in its module. */
  readonly #index: number
  readonly #start: number
  readonly #end: number
  /** Addresses at which paths join. */
  readonly #labels = new Set<number>()
  readonly #scouted = new Set<number>()
  readonly #states = new Map<number, State>()
  /** How often the code at each label was followed. */
  readonly #passes = new Map<number, number>()
  readonly #calls = new Map<number, CallSite>()
  readonly #kernel = new Map<number, KernelSite>()
  #tableTargets: readonly number[] | undefined
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
    const [module, own] = linked.place(id)
    this.#module = module
    this.#index = own
    const { functions } = this.#own
    this.#start = functions.start[own] as number
    this.#end = functions.end(own)
    this.#machine = new AbstractMachine(linked, module, values, processor)
  }

  get #isCode(): boolean {
    return !this.#isBroken || this.#own.functions.isSized(this.#start)
  }

  get #own(): Linked['modules'][number] {
    return this.#linked.modules[this.#module] as Linked['modules'][number]
  }

  follow(wanted: readonly number[], held?: Held): FunctionFlow {
    if (held !== undefined) {
      this.#carrier = new Carrier(this.#machine, held)
      this.#everHeld = held.copy()
    }
    this.#run(this.#start, this.#entryState(held))
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
    let begin = this.#start
    let next = 0
    for (let place = this.#start; place < this.#end && next < missing.length;) {
      if (place === missing[next]) {
        found.add(this.#scouted.has(begin) ? place : begin)
        next++
      } else
        for (; place > (missing[next] as number); next++)
          // It lies inside an instruction of this walk.
          found.add(missing[next] as number)
      const { length, flow } = this.#processor.step(this.#machine, place, this.#end)
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
      while (!this.#scouted.has(at) && this.#isOwn(at) && this.#scouted.size < mostSteps) {
        this.#scouted.add(at)
        const { flow, length } = this.#processor.step(this.#machine, at, this.#limit(at))
        const { target } = this.#machine
        if (flow === 'invalid') {
          this.#isBroken = true
          break
        }
        if (this.#isFollowedBy(flow, target)) {
          this.#labels.add(target)
          work.push(target)
        }
        if (flow === 'jump-value')
          for (const each of this.#cases) {
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

  /** Whether code is followed: the function's own code, and code of others if the function jumps into their middle. */
  #isOwn(at: number): boolean {
    return (
      this.#own.image.isCode(at) &&
      (at === this.#start || !this.#own.functions.isStart(at) || this.#runsInto(at))
    )
  }

  /** Whether a function begins here inside a larger one, so that the code before runs on into it. */
  #runsInto(at: number): boolean {
    const own = this.#own.functions.at(at)
    return own >= 0 && this.#own.functions.isFallenInto(own)
  }

  /** Whether an instruction leads to code that is followed here. A call may lead into the middle of a function. */
  #isFollowedBy(flow: Flow, target: number): boolean {
    if (flow === 'call') return target !== this.#start && this.#isFollowed(target)
    return (flow === 'jump' || flow === 'branch') && this.#isFollowed(target)
  }

  #isFollowed(target: number): boolean {
    if (target >= this.#start && target < this.#end) return true
    return (
      this.#own.image.isCode(target) &&
      !this.#own.functions.isStart(target) &&
      !this.#linked.isStub(this.#module, target)
    )
  }

  #limit(at: number): number {
    if (at >= this.#start && at < this.#end) return this.#end
    const own = this.#own.functions.at(at)
    return own < 0 ? at : this.#own.functions.end(own)
  }

  /** Joins a state into that of a label; returns whether this changed it. */
  #join(at: number, state: State): boolean {
    const { registers, slots, held } = state
    const before = this.#states.get(at)
    if (held !== undefined) this.#everHeld?.join(held)
    if (before === undefined) {
      this.#states.set(at, copyOf(state))
      return true
    }
    let isNew = held !== undefined && before.held?.join(held) === true
    // A value that still changes is a loop counter, so it becomes unknown.
    const isCount = (this.#passes.get(at) ?? 0) > mostPasses
    for (let register = 0; register < registers.length; register++) {
      const own = before.registers[register] as Value
      if (own === unknown || own === registers[register]) continue
      const joined = this.#values.join(own, registers[register] as Value)
      if (joined !== own) {
        before.registers[register] = isCount ? unknown : joined
        isNew = true
      }
    }
    for (const [offset, value] of before.slots) {
      const other = slots.get(offset)
      if (value === other) continue
      const joined = isCount ? unknown : this.#joinSlots(value, other)
      if (joined === value) continue
      if (joined === unknown) before.slots.delete(offset)
      else before.slots.set(offset, joined)
      isNew = true
    }
    return isNew
  }

  /** Joins two words of the stack. If their sizes differ, the result has the larger one. */
  #joinSlots(one: number, other: number | undefined): number {
    if (one === other || other === undefined) return other ?? unknown
    const joined = this.#values.join(Math.abs(one), Math.abs(other))
    return one < 0 && other < 0 ? -joined : joined
  }

  /** The cases inside the function of the jump tables that it refers to. */
  get #cases(): readonly number[] {
    this.#tableTargets ??= [...new Set(tablesOf(this.#own, this.#index))].filter(
      (each) => each >= this.#start && each < this.#end,
    )
    return this.#tableTargets
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
    for (let at = from; this.#isOwn(at) || at === from;) {
      if (at !== from && this.#labels.has(at)) {
        lead(at)
        break
      }
      if (++this.#steps > mostSteps) {
        this.#watch?.lost()
        break
      }
      if (this.#carrier !== undefined) this.#carry(this.#carrier, at)
      const { flow, length } = this.#processor.step(machine, at, this.#limit(at))
      const isOver = this.#leave(flow, at, lead)
      if (isOver) break
      at += length
      if (!this.#isOwn(at) && this.#own.functions.isStart(at)) break
    }
    return changed
  }

  /** Carries what is held through the instruction at an address. */
  #carry(carrier: Carrier, at: number): void {
    const { held } = this.#machine.state
    if (held === undefined) return
    carrier.held = held
    const named = this.#watch?.names(this.#module, at)
    carrier.isObject = named !== undefined
    carrier.named = named ?? 0
    carrier.isSite = false
    this.#processor.carry(carrier, at, this.#limit(at))
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
        if (this.#isFollowed(target)) {
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
        if (this.#isFollowedBy(flow, machine.target)) {
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
        if (targets.length === 0) for (const each of this.#cases) lead(each)
        return true
      }
      case 'syscall':
      case 'compat': {
        const before = this.#kernel.get(at)
        const registers = machine.state.registers.slice()
        if (machine.state.held !== undefined)
          this.#watch?.entered(machine.get(this.#processor.number), machine.state.held)
        if (before !== undefined) this.#joinInto(registers, before.registers)
        this.#kernel.set(at, { at, isCompat: flow === 'compat', registers })
        for (const each of this.#processor.lostBySyscall) machine.set(each, unknown)
        return false
      }
    }
  }

  #joinInto(registers: Int32Array, others: Int32Array): void {
    for (let register = 0; register < registers.length; register++)
      registers[register] = this.#values.join(registers[register] as Value, others[register] as Value)
  }

  #direct(target: number): readonly FunctionId[] {
    return this.#linked.directTargets(this.#module, target)
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
      this.#joinInto(kept, before.registers)
      const both = new Map<number, Value>()
      for (const [offset, value] of slots) {
        const joined = this.#joinSlots(value, before.slots.get(offset))
        if (joined !== unknown) both.set(offset, joined)
      }
      this.#calls.set(at, {
        at,
        targets: [...new Set([...before.targets, ...targets])],
        registers: kept,
        slots: both,
      })
    }
    if (kind !== 'call') return
    // The called function may have changed all memory to which an argument points.
    for (const each of this.#processor.passed) machine.forgetFrom(registers[each] as Value)
    if (this.#own.isGo) {
      const stack = registers[this.#processor.stackPointer] as Value
      registers.fill(unknown)
      registers[this.#processor.stackPointer] = stack
    } else for (const each of this.#processor.lost) registers[each] = unknown
    for (const each of this.#processor.lost) held?.registers.fill(0, each, each + 1)
  }
}
