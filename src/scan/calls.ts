// Finds which system calls the reached code can make, and with which values. The number is followed back from every
// place that enters the kernel, through the callers of the function if they passed the number. A place whose number
// stays unknown is reported: the list of calls is then no upper bound.
import { flowOf, type CallSite, type FunctionFlow, type FlowContext } from './flow.ts'
import type { Linked } from './link.ts'
import { slotValue, type Processor } from './machine.ts'
import { pointerCalls, type PointerCall } from './pointer-calls.ts'
import { type FunctionId, type CodeReach } from './reach.ts'
import { Returns } from './returns.ts'
import { recordKind } from './records.ts'
import { unknown, Values, type Atom, type Value } from './values.ts'
import { compatArguments } from './x86/step.ts'

/** A call number that reaches the kernel. */
export interface NumberFound {
  readonly number: number
  readonly isCompat: boolean
  /** The function that chooses the number, then the functions through which it reaches the kernel. */
  readonly chain: readonly FunctionId[]
  /** The values of the argument at an index; undefined if not all are known. */
  readonly arguments: (index: number) => readonly number[] | undefined
}

export interface NumberUnknown {
  readonly site: FunctionId
  /** The function in which following the number back ended. */
  readonly in: FunctionId
  readonly why: 'memory' | 'computed' | 'pointer-call' | 'too-many'
}

export interface CallsFound {
  readonly numbers: readonly NumberFound[]
  readonly unresolved: readonly NumberUnknown[]
}

/** The most steps back through callers from one place, and from all places; no wrapper needs more. */
const mostNodes = 50_000
const mostOfAll = 100_000

interface CallChain {
  readonly id: FunctionId
  readonly number: Value
  readonly arguments: readonly Value[]
  readonly chain: readonly FunctionId[]
}

export class CallFinder {
  readonly #linked: Linked
  readonly #reach: CodeReach
  readonly #processor: Processor
  readonly #values: Values
  #surroundings: FlowContext
  readonly #flows = new Map<FunctionId, FunctionFlow>()
  readonly #pointed = new Map<FunctionId, readonly PointerCall[] | undefined>()
  /** The steps back through callers that are left. */
  #left = mostOfAll

  constructor(linked: Linked, reach: CodeReach, processor: Processor) {
    this.#linked = linked
    this.#reach = reach
    this.#processor = processor
    this.#values = new Values()
    this.#surroundings = this.#fresh()
  }

  #fresh(): FlowContext {
    const [linked, values, processor] = [this.#linked, this.#values, this.#processor]
    return { linked, values, processor, returns: new Returns(linked, values, processor) }
  }

  /** Call after modules were appended: a call without a definition may have one now. */
  grow(): void {
    this.#pointed.clear()
    this.#surroundings = this.#fresh()
    for (const [id, { calls }] of this.#flows)
      if (calls.some(({ targets }) => targets.length === 0)) this.#flows.delete(id)
  }

  find(): CallsFound {
    const numbers: NumberFound[] = []
    const unresolved: NumberUnknown[] = []
    this.#left = mostOfAll
    for (const id of this.#reach.kernel) {
      const sites = new Set(this.#sites(id))
      const met = new Set<number>()
      for (const from of [id, ...this.#reach.entering(id)])
        for (const site of this.flow(from).kernel)
          if (sites.has(site.at)) {
            met.add(site.at)
            this.#resolve(id, from, site, numbers, unresolved)
          }
      if (met.size < sites.size && this.flow(id).isCode)
        unresolved.push({ site: id, in: id, why: 'computed' })
    }
    return { numbers, unresolved }
  }

  flow(id: FunctionId): FunctionFlow {
    let known = this.#flows.get(id)
    if (known === undefined) {
      known = flowOf(id, this.#surroundings, this.#wanted(id))
      this.#flows.set(id, known)
    }
    return known
  }

  /** Places in a function that enter the kernel. */
  #sites(id: FunctionId): readonly number[] {
    return this.#places(id, (kind) => kind === recordKind.syscall || kind === recordKind.compat)
  }

  #wanted(id: FunctionId): readonly number[] {
    return this.#places(
      id,
      (kind) =>
        kind === recordKind.syscall ||
        kind === recordKind.compat ||
        kind === recordKind.call ||
        kind === recordKind.slot ||
        kind === recordKind.inside,
    )
  }

  #places(id: FunctionId, is: (kind: number) => boolean): readonly number[] {
    const [module, own] = this.#linked.place(id)
    const { records, functions } = this.#linked.modules[module] as Linked['modules'][number]
    const found: number[] = []
    for (let index = functions.firstRecord(own); index < functions.firstRecord(own + 1); index++)
      if (is(records.kind[index] as number)) found.push(records.at[index] as number)
    return found
  }

  #resolve(
    site: FunctionId,
    from: FunctionId,
    { registers, isCompat }: { readonly registers: Int32Array; readonly isCompat: boolean },
    numbers: NumberFound[],
    unresolved: NumberUnknown[],
  ): void {
    const chain = from === site ? [site] : [from, site]
    const places = isCompat ? compatArguments : this.#processor.arguments
    const start: CallChain = {
      id: from,
      number: registers[this.#processor.number] as Value,
      arguments: places.map((each) => registers[each] as Value),
      chain,
    }
    const seen = new Set<string>()
    const work = [start]
    for (let node = work.pop(); node !== undefined; node = work.pop()) {
      const key = `${node.id} ${node.number} ${node.arguments.join(' ')}`
      if (seen.has(key)) continue
      seen.add(key)
      const { id, number, arguments: args, chain } = node
      const fail = (why: NumberUnknown['why']): void => void unresolved.push({ site, in: id, why })
      if (seen.size > mostNodes || this.#left-- <= 0) return fail('too-many')
      if (number === unknown) {
        fail('computed')
        continue
      }
      for (const atom of this.#values.atoms(number))
        if (atom.kind === 'constant')
          numbers.push({
            number: atom.value,
            isCompat,
            chain,
            arguments: (index) => this.#constants(id, args[index] ?? unknown),
          })
        else if (atom.kind === 'address' || atom.kind === 'stack') fail('computed')
      const passed = this.#values.filter(number, isPassed)
      if (passed !== undefined) {
        if (!this.#hasKnownCallers(id)) fail('pointer-call')
        for (const each of this.#knownCallers(id, passed, args))
          work.push({ ...each, chain: [each.id, ...chain] })
      }
      const loads = this.#values.filter(number, (atom) => atom.kind === 'load')
      if (loads !== undefined) {
        const next = this.#loaded(id, loads)
        if (next === undefined) fail('memory')
        else for (const each of next) work.push({ ...each, arguments: [], chain: [each.id, ...chain] })
      }
    }
  }

  /** What the callers of a function pass for its entry values; undefined if not all callers are known. */
  #callers(
    id: FunctionId,
    number: Value,
    args: readonly Value[],
  ): readonly Omit<CallChain, 'chain'>[] | undefined {
    return this.#hasKnownCallers(id) ? this.#knownCallers(id, number, args) : undefined
  }

  #hasKnownCallers(id: FunctionId): boolean {
    return this.#pointerCalls(id) !== undefined
  }

  #knownCallers(id: FunctionId, number: Value, args: readonly Value[]): readonly Omit<CallChain, 'chain'>[] {
    const found: Omit<CallChain, 'chain'>[] = []
    const pass = (caller: FunctionId, call: CallSite): void =>
      void found.push({
        id: caller,
        number: this.#substitute(number, call),
        arguments: args.map((each) => this.#substitute(each, call)),
      })
    const sites = new Map<FunctionId, Set<number>>()
    for (const { caller, at } of this.#pointerCalls(id) ?? [])
      sites.set(caller, (sites.get(caller) ?? new Set()).add(at))
    for (const caller of new Set([...this.#reach.callers(id), ...sites.keys()]))
      for (const call of this.flow(caller).calls)
        if (call.targets.includes(id) || sites.get(caller)?.has(call.at) === true) pass(caller, call)
    return found
  }

  /** The calls of a function through pointers; undefined if they are not all known. */
  #pointerCalls(id: FunctionId): readonly PointerCall[] | undefined {
    if (!this.#reach.isLoose(id) && this.#reach.takers(id).length === 0) return []
    if (!this.#pointed.has(id))
      this.#pointed.set(
        id,
        pointerCalls(id, {
          ...this.#surroundings,
          reach: this.#reach,
          wanted: (each) => this.#wanted(each),
        }),
      )
    return this.#pointed.get(id)
  }

  /** A value of the called function, expressed in values of its caller. */
  #substitute(value: Value, call: CallSite): Value {
    const values = this.#values
    return values.map(value, (atom) => this.#substituteAtom(atom, call))
  }

  #substituteAtom(atom: Atom, call: CallSite): Value {
    const values = this.#values
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
          call.registers[this.#processor.stackPointer] as Value,
          atom.offset - this.#processor.pushed,
        )
      case 'load':
        return this.#word(call, this.#substituteAtom(values.atom(atom.of), call), atom.offset)
    }
  }

  /** The word at an offset from where a value of the caller points at the time of the call. */
  #word(call: CallSite, base: Value, offset: number): Value {
    const values = this.#values
    return values.map(base, (atom, id) => {
      switch (atom.kind) {
        case 'stack': {
          const at = atom.offset + offset
          return (
            slotValue(call.slots, at) ??
            (at >= this.#processor.pushed ? values.of({ kind: 'argument', offset: at }) : unknown)
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

  /**
   * Follows a number that is loaded from memory. If a caller passed the pointer, the callers are followed. If the
   * module's own data holds the number or the pointer to it, the functions that store there are followed.
   */
  #loaded(id: FunctionId, loads: Value): readonly Omit<CallChain, 'chain' | 'arguments'>[] | undefined {
    const values = this.#values
    const found: Omit<CallChain, 'chain' | 'arguments'>[] = []
    for (const atom of values.atoms(loads)) {
      if (atom.kind !== 'load') continue
      const base = values.atom(atom.of)
      if (base.kind === 'entry' || base.kind === 'argument') {
        const next = this.#callers(id, values.of(atom), []) ?? this.#givenBeside(id, atom)
        if (next === undefined) return undefined
        found.push(...next)
        continue
      }
      // The number is in a variable, or a pointer in a variable leads to it.
      const pointer = base.kind === 'load' ? values.atom(base.of) : base
      if (pointer.kind !== 'address') return undefined
      const place = base.kind === 'load' ? pointer.value + base.offset : pointer.value + atom.offset
      const writers = this.#writers(pointer.module, place)
      if (writers.length === 0) return undefined
      for (const writer of writers)
        for (const { address, value } of this.flow(writer).stored) {
          if (address !== place) continue
          const number =
            base.kind !== 'load'
              ? value
              : values.map(value, (each, its) => this.#throughPointer(each, its, atom.offset))
          // A stored constant only clears the pointer.
          if (base.kind === 'load' && values.only(value)?.kind === 'constant') continue
          found.push({ id: writer, number })
        }
    }
    return found
  }

  #throughPointer(atom: Atom, id: number, offset: number): Value {
    return atom.kind === 'entry' ? this.#values.of({ kind: 'load', of: id, offset }) : unknown
  }

  /** The reached functions of a module that refer to an address in its data. */
  #writers(module: number, address: number): readonly FunctionId[] {
    const { records } = this.#linked.modules[module] as Linked['modules'][number]
    const found = new Set<FunctionId>()
    for (let index = 0; index < records.count; index++)
      if (
        records.to[index] === address &&
        (records.kind[index] === recordKind.memory || records.kind[index] === recordKind.address)
      ) {
        const id = this.#linked.functionAt(module, records.at[index] as number)
        if (id >= 0 && this.#reach.isReached(id)) found.add(id)
      }
    return [...found]
  }

  /**
   * Handles a function whose address is passed together with the address of its argument (musl's __synccall): the
   * number lies in the stack of the function that passes both. Undefined if a function takes the address differently.
   */
  #givenBeside(
    id: FunctionId,
    load: Atom & { readonly kind: 'load' },
  ): readonly Omit<CallChain, 'chain' | 'arguments'>[] | undefined {
    const values = this.#values
    if (this.#reach.isLoose(id)) return undefined
    const found: Omit<CallChain, 'chain' | 'arguments'>[] = []
    for (const taker of this.#reach.takers(id)) {
      let isGiven = false
      for (const call of this.flow(taker).calls) {
        const passed = this.#processor.arguments.map((each) => call.registers[each] as Value)
        if (!passed.some((each) => this.#isFunction(each, id))) continue
        for (const each of passed)
          for (const atom of values.atoms(each))
            if (atom.kind === 'stack') {
              const number = slotValue(call.slots, atom.offset + load.offset)
              if (number === undefined) continue
              isGiven = true
              found.push({ id: taker, number })
            }
      }
      if (!isGiven) return undefined
    }
    return found.length === 0 ? undefined : found
  }

  #isFunction(value: Value, id: FunctionId): boolean {
    return this.#values
      .atoms(value)
      .some((atom) => atom.kind === 'address' && this.#linked.functionAt(atom.module, atom.value) === id)
  }

  /** The strings that a function passes to another as an argument; undefined if there are none or one is unknown. */
  textsPassed(caller: FunctionId, called: FunctionId, index: number): readonly string[] | undefined {
    const found = new Set<string>()
    for (const value of this.#passed(caller, called, index)) {
      if (value === unknown) return undefined
      for (const atom of this.#values.atoms(value)) {
        if (atom.kind === 'constant' && atom.value === 0) {
          found.add('')
          continue
        }
        // Code linked at a fixed address may contain an address as a constant.
        const [module] = this.#linked.place(caller)
        const place =
          atom.kind === 'address'
            ? atom
            : atom.kind === 'constant'
              ? { module, value: atom.value }
              : undefined
        if (place === undefined) return undefined
        const { image } = this.#linked.modules[place.module] as Linked['modules'][number]
        const at = image.offsetOf(place.value)
        if (at < 0 || image.isWritable(place.value)) return undefined
        found.add(image.file.text(at))
      }
    }
    return found.size === 0 ? undefined : [...found]
  }

  /** The constants that a function passes to another; undefined if there are none or one is unknown. */
  constantsPassed(caller: FunctionId, called: FunctionId, index: number): readonly number[] | undefined {
    const found = new Set<number>()
    for (const value of this.#passed(caller, called, index)) {
      const values = this.#constants(caller, value)
      if (values === undefined) return undefined
      for (const each of values) found.add(each)
    }
    return found.size === 0 ? undefined : [...found]
  }

  #passed(caller: FunctionId, called: FunctionId, index: number): readonly Value[] {
    return this.flow(caller)
      .calls.filter(({ targets }) => targets.includes(called))
      .map(({ registers }) => registers[this.#processor.arguments[index] as number] as Value)
  }

  /** All constants that a value can be, followed back through the callers; undefined if one is unknown. */
  #constants(id: FunctionId, value: Value): readonly number[] | undefined {
    const found = new Set<number>()
    const seen = new Set<string>()
    const work: (readonly [FunctionId, Value])[] = [[id, value]]
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      const [at, each] = next
      const key = `${at} ${each}`
      if (seen.has(key)) continue
      seen.add(key)
      if (each === unknown || seen.size > 2000) return undefined
      for (const atom of this.#values.atoms(each))
        if (atom.kind === 'constant') found.add(atom.value)
        else if (!isPassed(atom)) return undefined
      const passed = this.#values.filter(each, isPassed)
      if (passed === undefined) continue
      const callers = this.#callers(at, passed, [])
      if (callers === undefined) return undefined
      for (const { id, number } of callers) work.push([id, number])
    }
    return [...found].sort((a, b) => a - b)
  }
}

function isPassed(atom: Atom): boolean {
  return atom.kind === 'entry' || atom.kind === 'argument'
}
