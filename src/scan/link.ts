// Modules as the loader puts them together: which symbol an import means, in the order of loading; which slot a stub
// jumps through. Authority: System V ABI chapter 5 (symbol lookup), the LSB on versions.
import type { Module } from './module.ts'
import { firstRecord, recordKind } from './records.ts'
import type { FunctionId } from './reach.ts'
import type { Value, Values } from './values.ts'

export interface Target {
  readonly module: number
  readonly address: number
}

export class Linked {
  /** In the order in which the loader looks through them. */
  readonly modules: readonly Module[]
  readonly roots: readonly FunctionId[]
  readonly total: number
  /** The program's main function, where it is known. */
  main: FunctionId | undefined
  readonly #offsets: readonly number[]
  readonly #resolved: Map<number, readonly Target[]>[]
  readonly #stubs: Map<number, number | undefined>[]

  /** `started`: indexes of the modules whose entry is run: programs and their loaders. */
  constructor(modules: readonly Module[], started: readonly number[]) {
    this.modules = modules
    const offsets: number[] = []
    let total = 0
    for (const { functions } of modules) {
      offsets.push(total)
      total += functions.count
    }
    this.#offsets = offsets
    this.total = total
    this.#resolved = modules.map(() => new Map())
    this.#stubs = modules.map(() => new Map())
    const roots = started.map((module) => this.functionAt(module, (modules[module] as Module).image.entry))
    for (const [module, { initial }] of modules.entries())
      for (const address of initial) roots.push(this.functionAt(module, address))
    this.roots = [...new Set(roots)].filter((each) => each >= 0)
  }

  id(module: number, own: number): FunctionId {
    return (this.#offsets[module] as number) + own
  }

  /** The module of a function, and its number there. */
  place(id: FunctionId): readonly [module: number, own: number] {
    let module = this.#offsets.length - 1
    while ((this.#offsets[module] as number) > id) module--
    return [module, id - (this.#offsets[module] as number)]
  }

  /** -1 where there is no code. */
  functionAt(module: number, address: number): FunctionId {
    const own = (this.modules[module] as Module).functions.at(address)
    return own < 0 ? -1 : this.id(module, own)
  }

  name(id: FunctionId): string {
    const [module, own] = this.place(id)
    const each = this.modules[module] as Module
    return `${each.name}:${id === this.main ? 'main' : each.functionName(own)}`
  }

  isStub(module: number, address: number): boolean {
    for (const { from, to, stub } of (this.modules[module] as Module).image.code)
      if (stub > 0 && address >= from && address < to) return true
    return false
  }

  /** The slot that the stub at an address jumps through. */
  slotOfStub(module: number, address: number): number | undefined {
    const known = this.#stubs[module] as Map<number, number | undefined>
    if (known.has(address)) return known.get(address)
    const { records, functions } = this.modules[module] as Module
    const own = functions.at(address)
    const end = functions.end(own)
    let slot: number | undefined
    for (
      let index = firstRecord(records, functions.start[own] as number);
      index < records.count && (records.at[index] as number) < end;
      index++
    )
      if (records.kind[index] === recordKind.slot) slot = records.to[index] as number
    known.set(address, slot)
    return slot
  }

  /** The functions that a direct call to an address means: through a stub, what its slot leads to. */
  directTargets(module: number, address: number): readonly FunctionId[] {
    if (!this.isStub(module, address)) {
      const id = this.functionAt(module, address)
      return id < 0 ? [] : [id]
    }
    const slot = this.slotOfStub(module, address)
    if (slot === undefined) return []
    const { relocations } = this.modules[module] as Module
    const index = relocations.at(slot)
    if (index < 0) return []
    const symbol = relocations.symbol[index] as number
    const targets =
      symbol === 0 ? [{ module, address: relocations.addend[index] as number }] : this.resolve(module, symbol)
    return targets.flatMap((each) => {
      const id = this.functionAt(each.module, each.address)
      return id < 0 ? [] : [id]
    })
  }

  /** The functions among what a value may be. */
  pointed(value: Value, values: Values): readonly FunctionId[] {
    return values.atoms(value).flatMap((atom) => {
      if (atom.kind !== 'address') return []
      const id = this.functionAt(atom.module, atom.value)
      return id < 0 ? [] : [id]
    })
  }

  symbolName(module: number, symbol: number): string {
    return (this.modules[module] as Module).symbols.name(symbol)
  }

  /** Where a dynamic symbol of a module is defined. `elsewhere`: not in this module (a copy relocation). */
  resolve(module: number, symbol: number, elsewhere = false): readonly Target[] {
    const known = this.#resolved[module] as Map<number, readonly Target[]>
    const key = elsewhere ? -symbol : symbol
    const before = known.get(key)
    if (before !== undefined) return before
    const { symbols, versions } = this.modules[module] as Module
    const name = symbols.name(symbol)
    const version = versions.get(symbols.version(symbol) & 0x7fff)
    const found = name === '' ? [] : this.lookUp(name, version, elsewhere ? module : -1)
    known.set(key, found)
    return found
  }

  /** The definition that the loader finds first: of the wanted version, else the default one. */
  lookUp(name: string, version: string | undefined, except = -1): readonly Target[] {
    for (const [module, each] of this.modules.entries()) {
      const defined = module === except ? undefined : each.exports.get(name)
      if (defined === undefined) continue
      const { symbols, versions } = each
      const isWanted = (index: number): boolean => versions.get(symbols.version(index) & 0x7fff) === version
      const isDefault = (index: number): boolean => (symbols.version(index) & 0x8000) === 0
      const chosen =
        (version === undefined ? undefined : defined.find(isWanted)) ?? defined.find(isDefault) ?? defined[0]
      return [{ module, address: symbols.value[chosen as number] as number }]
    }
    return []
  }

  /** Targets of all jump tables that the code between two addresses refers to. */
  tablesOf(module: number, from: number, to: number): readonly number[] {
    const { records } = this.modules[module] as Module
    const found: number[] = []
    for (
      let index = firstRecord(records, from);
      index < records.count && (records.at[index] as number) < to;
      index++
    )
      if (records.kind[index] === recordKind.address || records.kind[index] === recordKind.memory)
        found.push(...this.tableTargets(module, records.to[index] as number))
    return found
  }

  /** Targets of a jump table at an address of read-only data: entries of 4 bytes relative to it, or pointers. */
  tableTargets(module: number, table: number): readonly number[] {
    const { image, relocations } = this.modules[module] as Module
    const found: number[] = []
    let at = image.offsetOf(table)
    if (at < 0 || image.isCode(table) || (image.isWritable(table) && relocations.at(table) < 0)) return found
    if (relocations.at(table) >= 0)
      for (
        let index = relocations.at(table);
        relocations.address[index] === table + found.length * 8;
        index++
      ) {
        const target = relocations.addend[index] as number
        if (relocations.symbol[index] !== 0 || !image.isCode(target)) break
        found.push(target)
      }
    else {
      for (let count = 0; count < 4096; count++, at += 4) {
        const target = table + image.file.i32(at)
        if (!image.isCode(target)) break
        found.push(target)
      }
      if (found.length > 0 || image.isRelocatable) return found
      for (let count = 0; count < 4096; count++, at += 8) {
        const target = image.file.u64(at) - image.base
        if (!image.isCode(target)) break
        found.push(target)
      }
    }
    return found
  }
}
