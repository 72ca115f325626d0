// Links modules as the loader does: finds the definition of each import, in the order of loading, and the slot through
// which each stub jumps. Authority: System V ABI chapter 5 (symbol lookup), the LSB on versions.
import { relocationKind } from './elf/relocations.ts'
import { symbolType } from './elf/symbols.ts'
import type { Module } from './module.ts'
import type { FunctionId } from './reach.ts'
import type { Value, Values } from './values.ts'

export interface CodeTarget {
  readonly module: number
  readonly address: number
}

export class Linked {
  readonly #modules: Module[] = []
  readonly #roots: FunctionId[] = []
  /** By module: the number of its first function. */
  readonly #offsets: number[] = []
  #total = 0
  /** The program's main function, if it is known. */
  main: FunctionId | undefined
  /** By module: the known definitions of its symbols and the known targets of its slots. */
  readonly #resolved: Map<number, readonly CodeTarget[]>[] = []
  readonly #slots: Map<number, readonly CodeTarget[] | undefined>[] = []

  readonly #resolvers: (Set<number> | undefined)[] = []

  /** In the order in which the loader searches them. */
  get modules(): readonly Module[] {
    return this.#modules
  }

  /** The functions with which the loaders and the C library begin: entries, and functions in lists of a file. */
  get roots(): readonly FunctionId[] {
    return this.#roots
  }

  /** The number of functions of all modules. */
  get total(): number {
    return this.#total
  }

  /**
   * Appends modules, as if they were loaded later. `started`: indexes of the modules whose entry is run (programs and
   * their loaders). Known results stay, but a symbol that had no definition may have one now.
   */
  add(modules: readonly Module[], started: readonly number[]): void {
    for (const known of this.#resolved)
      for (const [symbol, targets] of known) if (targets.length === 0) known.delete(symbol)
    for (const known of this.#slots)
      for (const [slot, targets] of known) if (targets?.length === 0) known.delete(slot)
    const first = this.#modules.length
    for (const each of modules) {
      this.#modules.push(each)
      this.#offsets.push(this.#total)
      this.#total += each.functions.count
      this.#resolved.push(new Map())
      this.#slots.push(new Map())
    }
    const found = new Set(this.#roots)
    for (const module of started) found.add(this.functionAt(module, this.#own(module).image.entry))
    for (const [index, { initial }] of modules.entries())
      for (const address of initial) found.add(this.functionAt(first + index, address))
    found.delete(-1)
    this.#roots.splice(0, Infinity, ...found)
  }

  #own(module: number): Module {
    return this.#modules[module] as Module
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

  /** -1 if there is no code. */
  functionAt(module: number, address: number): FunctionId {
    const own = this.#own(module).functions.at(address)
    return own < 0 ? -1 : this.id(module, own)
  }

  /** The functions that a module exports. */
  exportedBy(module: number): readonly FunctionId[] {
    const { symbols, exports } = this.#own(module)
    const found: FunctionId[] = []
    for (const indexes of exports.values())
      for (const index of indexes) {
        const id = this.functionAt(module, symbols.value[index] as number)
        if (id >= 0) found.push(id)
      }
    return found
  }

  name(id: FunctionId): string {
    const [module, own] = this.place(id)
    const each = this.#own(module)
    return `${each.name}:${id === this.main ? 'main' : each.functionName(own)}`
  }

  isStub(module: number, address: number): boolean {
    const { functions } = this.#own(module)
    const own = functions.at(address)
    return own >= 0 && functions.isStub(own)
  }

  /** The targets of a slot; undefined if it has no relocation. */
  targetsOfSlot(module: number, slot: number): readonly CodeTarget[] | undefined {
    const slots = this.#slots[module] as Map<number, readonly CodeTarget[] | undefined>
    if (slots.has(slot)) return slots.get(slot)
    const { relocations } = this.#own(module)
    const index = relocations.at(slot)
    const targets = index < 0 ? undefined : this.targetsOfWord(module, index)
    slots.set(slot, targets)
    return targets
  }

  /** The targets of a relocated word; empty if no module defines its symbol. */
  targetsOfWord(module: number, index: number): readonly CodeTarget[] {
    const { relocations } = this.#own(module)
    const symbol = relocations.symbol[index] as number
    const kind = relocations.kind[index]
    const addend = relocations.addend[index] as number
    if (symbol === 0) return [{ module, address: addend }]
    const targets = this.resolve(module, symbol, kind === relocationKind.copy)
    return kind === relocationKind.pointer && addend !== 0
      ? targets.map((each) => ({ module: each.module, address: each.address + addend }))
      : targets
  }

  /** The functions that a direct call to an address reaches; for a stub, the targets of its slot. */
  directTargets(module: number, address: number): readonly FunctionId[] {
    const { functions } = this.#own(module)
    const own = functions.at(address)
    if (own < 0) return []
    const slot = functions.slotOfStub(own)
    if (slot === undefined) return [this.id(module, own)]
    return (this.targetsOfSlot(module, slot) ?? []).flatMap((each) => {
      const id = this.functionAt(each.module, each.address)
      return id < 0 ? [] : [id]
    })
  }

  /** The functions to which a value may point. */
  pointed(value: Value, values: Values): readonly FunctionId[] {
    return values.atoms(value).flatMap((atom) => {
      if (atom.kind !== 'address') return []
      const id = this.functionAt(atom.module, atom.value)
      return id < 0 ? [] : [id]
    })
  }

  /** Whether a function only chooses the function that is called (an indirect function of the gABI's extensions). */
  isResolver(id: FunctionId): boolean {
    const [module, own] = this.place(id)
    return this.#resolversOf(module).has(this.#own(module).functions.start[own] as number)
  }

  #resolversOf(module: number): ReadonlySet<number> {
    let found = this.#resolvers[module]
    if (found === undefined) {
      const { symbols, relocations } = this.#own(module)
      found = new Set()
      for (let index = 1; index < symbols.count; index++)
        if (symbols.type[index] === symbolType.ifunc) found.add(symbols.value[index] as number)
      for (const [index, address] of relocations.addend.entries())
        if (relocations.kind[index] === relocationKind.ifunc) found.add(address)
      this.#resolvers[module] = found
    }
    return found
  }

  symbolName(module: number, symbol: number): string {
    return this.#own(module).symbols.name(symbol)
  }

  /** Where a dynamic symbol of a module is defined. `elsewhere`: outside this module (a copy relocation). */
  resolve(module: number, symbol: number, elsewhere = false): readonly CodeTarget[] {
    const known = this.#resolved[module] as Map<number, readonly CodeTarget[]>
    const key = elsewhere ? -symbol : symbol
    const before = known.get(key)
    if (before !== undefined) return before
    const { symbols, versions } = this.#own(module)
    const name = symbols.name(symbol)
    const version = versions.get(symbols.version(symbol) & 0x7fff)
    const found = name === '' ? [] : this.lookUp(name, version, elsewhere ? module : -1)
    known.set(key, found)
    return found
  }

  /** The definition in the first module that has the name: the wanted version, else the default one, else any. */
  lookUp(name: string, version: string | undefined, except = -1): readonly CodeTarget[] {
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
}
