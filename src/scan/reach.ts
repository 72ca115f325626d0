// Finds what a program reaches from its start by the shortest paths: functions by calls, jumps and taken addresses,
// data by references. An indirect call may reach any function whose address a reached function or object has.
import { relocationKind } from './elf/relocations.ts'
import type { Linked } from './link.ts'
import { threadData } from './module.ts'
import { recordKind } from './records.ts'
import { differencesIn, functionsAt, type Differences } from './differences.ts'
import { tablesOf } from './tables.ts'

/** A function of the whole program: the functions of all modules are numbered consecutively. */
export type FunctionId = number

/** Why the callers of a function are unknown; bits. */
const [looseByData, looseByStart] = [1, 2]

export const unreached = -2
export const root = -1

/** A word whose symbol no module defined when the word was followed. */
interface Undefined {
  readonly module: number
  /** Index of the relocation. */
  readonly index: number
  readonly from: FunctionId
  readonly isCall: boolean
  readonly isData: boolean
}

export class CodeReach {
  readonly #linked: Linked
  #parent = new Int32Array(0)
  #loose = new Uint8Array(0)
  readonly #callers = new Edges()
  readonly #takers = new Edges()
  readonly #holders = new Edges()
  readonly #order: FunctionId[] = []
  #followed = 0
  readonly #undefined = new Map<string, Undefined>()
  /** By module: the starts of the reached objects, and the addresses already looked at, with what the object holds. */
  readonly #objects: Map<number, Differences | undefined>[] = []
  readonly #seen: Map<number, Differences | undefined>[] = []
  readonly #pointers: {
    readonly module: number
    readonly from: number
    readonly to: number
    readonly by: FunctionId
  }[] = []
  readonly #kernel: FunctionId[] = []
  readonly #entered = new Map<FunctionId, Set<FunctionId>>()

  constructor(linked: Linked) {
    this.#linked = linked
  }

  /** By function: the function from which it was reached first, `root` or `unreached`. */
  get parent(): Int32Array {
    return this.#parent
  }

  /** Reached functions in the order in which they were found. */
  get order(): readonly FunctionId[] {
    return this.#order
  }

  /** Reached functions that enter the kernel. */
  get kernel(): readonly FunctionId[] {
    return this.#kernel
  }

  isReached(id: FunctionId): boolean {
    return this.#parent[id] !== unreached
  }

  /** Functions that call or jump to this one, directly or through a slot. */
  callers(id: FunctionId): readonly FunctionId[] {
    return this.#callers.of(id)
  }

  /** Functions whose code takes the address of this one. */
  takers(id: FunctionId): readonly FunctionId[] {
    return this.#takers.of(id)
  }

  /** Functions that refer to data that holds the address of this one. */
  holders(id: FunctionId): readonly FunctionId[] {
    return this.#holders.of(id)
  }

  /** Functions that jump into the middle of this one or call it, or that run on into this one. */
  entering(id: FunctionId): readonly FunctionId[] {
    return [...(this.#entered.get(id) ?? [])]
  }

  /** Whether a pointer in data, or the loader, leads to the function: its callers are then unknown. */
  isLoose(id: FunctionId): boolean {
    return this.#loose[id] !== 0
  }

  /** Whether only pointers in data make the function loose. */
  isInData(id: FunctionId): boolean {
    return this.#loose[id] === looseByData
  }

  /** Call after modules were appended: words without a definition are followed again. */
  grow(): void {
    const { modules, total } = this.#linked
    const parent = new Int32Array(total).fill(unreached)
    parent.set(this.#parent)
    this.#parent = parent
    const loose = new Uint8Array(total)
    loose.set(this.#loose)
    this.#loose = loose
    this.#callers.grow(total)
    this.#takers.grow(total)
    this.#holders.grow(total)
    const first = this.#objects.length
    for (let module = first; module < modules.length; module++) {
      this.#objects.push(new Map())
      this.#seen.push(new Map())
    }
    const open = [...this.#undefined.values()]
    this.#undefined.clear()
    for (const { module, index, from, isCall, isData } of open)
      this.#word(module, index, from, isCall, isData)
    this.#go()
  }

  /** Follows code from functions that begin to run. The paths of an earlier call are preferred. */
  begin(functions: readonly FunctionId[]): void {
    for (const id of functions) {
      this.#loosen(id, looseByStart)
      this.#found(id, root)
    }
    this.#go()
  }

  /** Reaches, in modules from this one on, what needs no reference: all functions of Go, thread-local data. */
  beginModules(first: number): void {
    for (const [module, each] of this.#linked.modules.entries()) {
      if (module < first) continue
      if (each.isGo)
        for (let own = 0; own < each.functions.count; own++) this.#found(this.#linked.id(module, own), root)
      const thread = threadData(each)
      if (thread === undefined || thread.to <= thread.from) continue
      const { relocations } = each
      for (
        let index = relocations.from(thread.from);
        (relocations.address[index] ?? Infinity) < thread.to;
        index++
      )
        this.#word(module, index, root, false, true)
    }
    this.#go()
  }

  #go(): void {
    this.#followPointers()
    while (this.#followed < this.#order.length) {
      this.#follow(this.#order[this.#followed++] as FunctionId)
      this.#followPointers()
    }
  }

  #module(module: number): Linked['modules'][number] {
    return this.#linked.modules[module] as Linked['modules'][number]
  }

  #loosen(id: FunctionId, why: number): void {
    this.#loose[id] = (this.#loose[id] as number) | why
  }

  #found(id: FunctionId, from: FunctionId): void {
    if (this.#parent[id] !== unreached) return
    this.#parent[id] = from
    this.#order.push(id)
  }

  /** Reaches the code at an address: a function, or for a stub the targets of its slot. */
  #code(module: number, address: number, from: FunctionId, isCall: boolean, isData = false): void {
    const { functions } = this.#module(module)
    const own = functions.at(address)
    if (own < 0) return
    const slot = functions.slotOfStub(own)
    if (slot !== undefined) return this.#slot(module, slot, from, isCall)
    const id = this.#linked.id(module, own)
    if (isCall && from >= 0 && from !== id && functions.start[own] !== address) this.#enter(id, from)
    if (from >= 0) (isCall ? this.#callers : isData ? this.#holders : this.#takers).add(id, from)
    else this.#loosen(id, looseByStart)
    this.#found(id, from)
  }

  /** Reaches the targets of a relocated word. */
  #word(module: number, index: number, from: FunctionId, isCall: boolean, isData: boolean): void {
    const targets = this.#linked.targetsOfWord(module, index)
    for (const each of targets) this.#place(each.module, each.address, from, isCall, isData)
    if (targets.length > 0) return
    const its = { module, index, from, isCall, isData }
    this.#undefined.set(`${module} ${index} ${from} ${isCall}`, its)
  }

  #place(module: number, address: number, from: FunctionId, isCall: boolean, isData: boolean): void {
    const { image, functions } = this.#module(module)
    if (!image.isCode(address)) {
      const differences = this.#data(module, address, from)
      if (isData && differences !== undefined) this.#differences(module, differences, from)
      return
    }
    const own = functions.at(address)
    if (isData && own >= 0 && !functions.isStub(own)) this.#loosen(this.#linked.id(module, own), looseByData)
    this.#code(module, address, from, isCall, isData)
  }

  #slot(module: number, slot: number, from: FunctionId, isCall: boolean): void {
    const targets = this.#linked.targetsOfSlot(module, slot)
    if (targets === undefined) return void this.#data(module, slot, from)
    if (targets.length === 0)
      this.#word(module, this.#module(module).relocations.at(slot), from, isCall, false)
    for (const each of targets) this.#place(each.module, each.address, from, isCall, false)
  }

  /** Reaches the object at an address; returns its words that may be differences. */
  #data(module: number, address: number, from: FunctionId): Differences | undefined {
    const seen = this.#seen[module] as Map<number, Differences | undefined>
    if (seen.has(address)) return seen.get(address)
    const its = this.#module(module)
    const range = its.image.isData(address) ? its.objects.at(address) : undefined
    const known = this.#objects[module] as Map<number, Differences | undefined>
    if (range !== undefined && !known.has(range.from)) {
      known.set(range.from, differencesIn(its, range))
      this.#pointers.push({
        module,
        from: its.relocations.from(range.from),
        to: its.relocations.from(range.to),
        by: from,
      })
    }
    const differences = range && known.get(range.from)
    seen.set(address, differences)
    return differences
  }

  /** Follows the pointers of reached objects without recursion, because a linked list may be as long as the data. */
  #followPointers(): void {
    for (let each = this.#pointers.pop(); each !== undefined; each = this.#pointers.pop()) {
      const { kind } = this.#module(each.module).relocations
      for (let index = each.from; index < each.to; index++)
        if (kind[index] !== relocationKind.slot) this.#word(each.module, index, each.by, false, true)
    }
  }

  #follow(id: FunctionId): void {
    const [module, own] = this.#linked.place(id)
    const { image, records, functions, relocations } = this.#module(module)
    const { kind, to: targets } = records
    const from = functions.start[own] as number
    const to = functions.end(own)
    const last = functions.firstRecord(own + 1)
    let hasTable = false
    let isKernel = false
    let met: Set<Differences> | undefined
    const meet = (each: Differences | undefined): void => {
      if (each !== undefined) met = (met ?? new Set()).add(each)
    }
    for (let index = functions.firstRecord(own); index < last; index++) {
      const target = targets[index] as number
      switch (kind[index]) {
        case recordKind.call:
          this.#code(module, target, id, true)
          break
        case recordKind.jump:
          if (target < from || target >= to) this.#code(module, target, id, true)
          break
        case recordKind.slot:
          this.#slot(module, target, id, true)
          break
        case recordKind.address:
          if (image.isCode(target)) {
            // A number that looks like an address inside a function is not a pointer to the function.
            if (target >= from && target < to) break
            if (image.isRelocatable || functions.isStart(target)) this.#code(module, target, id, false)
          } else meet(this.#data(module, target, id))
          break
        case recordKind.memory: {
          const slot = relocations.at(target)
          const isData = slot < 0 || relocations.kind[slot] !== relocationKind.slot
          if (slot >= 0) this.#word(module, slot, id, false, isData)
          if (isData) meet(this.#data(module, target, id))
          break
        }
        case recordKind.table:
          hasTable = true
          break
        case recordKind.syscall:
        case recordKind.compat:
          isKernel = true
          break
      }
    }
    if (isKernel) this.#kernel.push(id)
    for (const each of met ?? []) this.#differences(module, each, id, own)
    if (hasTable)
      for (const target of tablesOf(this.#module(module), own))
        if (target < from || target >= to) this.#code(module, target, id, true)
    if (own + 1 < functions.count && functions.isFallenInto(own + 1)) {
      this.#code(module, to, id, true)
      this.#enter(this.#linked.id(module, own + 1), id)
    }
  }

  /** Follows differences: of an object that a function refers to, or that a pointer leads to. */
  #differences(module: number, differences: Differences, from: FunctionId, own?: number): void {
    const its = this.#module(module)
    const { functions, records } = its
    const bases: number[] = []
    let range = { from: 0, to: 0 }
    if (own !== undefined) {
      range = { from: functions.start[own] as number, to: functions.end(own) }
      for (let index = functions.firstRecord(own); index < functions.firstRecord(own + 1); index++)
        if (records.kind[index] === recordKind.address) bases.push(records.to[index] as number)
    }
    for (const target of functionsAt(its, differences, [...new Set(bases)], range))
      this.#place(module, target, from, false, true)
  }

  /** A call of or jump to the middle of a function, or a function that runs on into another. */
  #enter(id: FunctionId, from: FunctionId): void {
    const before = this.#entered.get(id)
    if (before === undefined) this.#entered.set(id, new Set([from]))
    else before.add(from)
  }
}

/** Edges by their target, in three columns. */
class Edges {
  #head = new Int32Array(0)
  readonly #next: number[] = []
  readonly #from: number[] = []

  grow(total: number): void {
    const head = new Int32Array(total).fill(-1)
    head.set(this.#head)
    this.#head = head
  }

  add(to: number, from: number): void {
    const head = this.#head[to] as number
    // If a function calls another twice, the two edges come in a row.
    if (head >= 0 && this.#from[head] === from) return
    this.#next.push(head)
    this.#from.push(from)
    this.#head[to] = this.#from.length - 1
  }

  of(to: number): readonly number[] {
    const found = new Set<number>()
    for (let at = this.#head[to] as number; at >= 0; at = this.#next[at] as number)
      found.add(this.#from[at] as number)
    return [...found].sort((a, b) => a - b)
  }
}
