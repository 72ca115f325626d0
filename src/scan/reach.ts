// What is reached from where a program begins: functions by calls, jumps and addresses taken, data by references, each
// by the shortest way. An indirect call may lead to any function whose address a reached function or object holds.
import { relocationKind } from './elf/relocations.ts'
import type { Linked } from './link.ts'
import { threadData } from './module.ts'
import { firstRecord, recordKind } from './records.ts'

/** A function of the whole program: functions of all modules are numbered through. */
export type FunctionId = number

export const unreached = -2
export const root = -1

export interface Reach {
  /** By function: from which function it was reached first; `root`; `unreached`. */
  readonly parent: Int32Array
  /** Reached functions in the order of their distance. */
  readonly order: readonly FunctionId[]
  /** Functions that call or jump to this one, directly or through a slot. */
  callers(id: FunctionId): readonly FunctionId[]
  /** Functions that take its address. */
  takers(id: FunctionId): readonly FunctionId[]
  /** Whether a pointer in data, or the loader, leads to it: who calls it is not known. */
  isLoose(id: FunctionId): boolean
  /** Imports that no module defines. */
  readonly undefinedSymbols: ReadonlySet<string>
}

/** `begins`: where code begins to run, in several rounds: the ways of an earlier one are preferred. */
export function reachFrom(linked: Linked, begins: readonly (readonly FunctionId[])[]): Reach {
  const { modules, total } = linked
  const parent = new Int32Array(total).fill(unreached)
  const loose = new Uint8Array(total)
  const callers = new Edges(total)
  const takers = new Edges(total)
  const order: FunctionId[] = []
  const undefinedSymbols = new Set<string>()
  const seenData = modules.map(() => new Set<number>())

  const found = (id: FunctionId, from: FunctionId): void => {
    if (parent[id] !== unreached) return
    parent[id] = from
    order.push(id)
  }
  /** Code at an address: a function, or a stub, which counts as what its slot leads to. */
  const code = (module: number, address: number, from: FunctionId, isCall: boolean): void => {
    const id = linked.functionAt(module, address)
    if (id < 0) return
    if (linked.isStub(module, address)) {
      const slot = linked.slotOfStub(module, address)
      if (slot !== undefined) slotLeads(module, slot, from, isCall)
      return
    }
    if (from >= 0) (isCall ? callers : takers).add(id, from)
    else loose[id] = 1
    found(id, from)
  }
  /** What a relocated word leads to. */
  const word = (module: number, index: number, from: FunctionId, isCall: boolean, isData: boolean): void => {
    const { relocations } = modules[module] as Linked['modules'][number]
    const symbol = relocations.symbol[index] as number
    const kind = relocations.kind[index]
    const addend = relocations.addend[index] as number
    const reach = (owner: number, address: number): void => {
      if ((modules[owner] as Linked['modules'][number]).image.isCode(address)) {
        const id = linked.functionAt(owner, address)
        if (isData && id >= 0 && !linked.isStub(owner, address)) loose[id] = 1
        code(owner, address, from, isCall)
      } else data(owner, address, from)
    }
    if (symbol === 0) return reach(module, addend)
    for (const target of linked.resolve(module, symbol, kind === relocationKind.copy))
      reach(target.module, target.address + (kind === relocationKind.pointer ? addend : 0))
    if (linked.resolve(module, symbol).length === 0) undefinedSymbols.add(linked.symbolName(module, symbol))
  }
  const slotLeads = (module: number, slot: number, from: FunctionId, isCall: boolean): void => {
    const { relocations } = modules[module] as Linked['modules'][number]
    const index = relocations.at(slot)
    if (index >= 0) word(module, index, from, isCall, false)
    else data(module, slot, from)
  }
  const data = (module: number, address: number, from: FunctionId): void => {
    const { image, objects, relocations } = modules[module] as Linked['modules'][number]
    if (!image.isData(address)) return
    const range = objects.at(address)
    const seen = seenData[module] as Set<number>
    if (seen.has(range.from)) return
    seen.add(range.from)
    for (
      let index = relocations.from(range.from);
      (relocations.address[index] ?? Infinity) < range.to;
      index++
    )
      if (relocations.kind[index] !== relocationKind.slot) word(module, index, from, false, true)
  }
  const follow = (id: FunctionId): void => {
    const [module, own] = linked.place(id)
    const { image, records, functions, relocations } = modules[module] as Linked['modules'][number]
    const from = functions.start[own] as number
    const to = functions.end(own)
    let hasTable = false
    const first = firstRecord(records, from)
    for (let index = first; index < records.count && (records.at[index] as number) < to; index++) {
      const target = records.to[index] as number
      switch (records.kind[index]) {
        case recordKind.call:
          code(module, target, id, true)
          break
        case recordKind.jump:
          if (target < from || target >= to) code(module, target, id, true)
          break
        case recordKind.slot:
          slotLeads(module, target, id, true)
          break
        case recordKind.address:
          if (image.isCode(target)) {
            // A number that looks like an address inside a function is no pointer to one.
            if (target >= from && target < to) break
            if (image.isRelocatable || functions.isStart(target)) code(module, target, id, false)
          } else data(module, target, id)
          break
        case recordKind.memory: {
          const slot = relocations.at(target)
          if (slot >= 0) word(module, slot, id, false, false)
          if (slot < 0 || relocations.kind[slot] !== relocationKind.slot) data(module, target, id)
          break
        }
        case recordKind.table:
          hasTable = true
          break
      }
    }
    if (hasTable)
      for (const target of linked.tablesOf(module, from, to))
        if (target < from || target >= to) code(module, target, id, true)
    if (own + 1 < functions.count && functions.isFallenInto(own + 1)) code(module, to, id, true)
  }

  let next = 0
  const go = (): void => {
    while (next < order.length) follow(order[next++] as FunctionId)
  }
  for (const round of begins) {
    for (const id of round) {
      loose[id] = 1
      found(id, root)
    }
    go()
  }
  for (const [module, each] of modules.entries()) {
    if (each.isGo) for (let own = 0; own < each.functions.count; own++) found(linked.id(module, own), root)
    const thread = threadData(each)
    if (thread !== undefined && thread.to > thread.from)
      for (
        let index = each.relocations.from(thread.from);
        (each.relocations.address[index] ?? Infinity) < thread.to;
        index++
      )
        word(module, index, root, false, true)
  }
  go()
  return {
    parent,
    order,
    callers: (id) => callers.of(id),
    takers: (id) => takers.of(id),
    isLoose: (id) => loose[id] === 1,
    undefinedSymbols,
  }
}

/** Edges by their end, in three columns. */
class Edges {
  readonly #head: Int32Array
  readonly #next: number[] = []
  readonly #from: number[] = []

  constructor(total: number) {
    this.#head = new Int32Array(total).fill(-1)
  }

  add(to: number, from: number): void {
    const head = this.#head[to] as number
    // One function that calls another twice does so in a row.
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
