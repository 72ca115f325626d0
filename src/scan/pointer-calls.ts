// Finds every call of a function through pointers. Code takes its address, or the address stands in words of data that
// no other file can name and to which no pointer leads. Every reached use is followed through registers, the stack and
// called functions. If a pointer escapes, the callers stay unknown. Example: libcap calls the kernel through such
// words, so that libpsx can replace them.
import { watchFlow, type FlowContext, type PointerWatch } from './flow.ts'
import { Held, heldAddress, heldWord } from './held.ts'
import type { Linked } from './link.ts'
import { symbolType } from './elf/symbols.ts'
import { relocationKind } from './elf/relocations.ts'
import type { CodeReach, FunctionId } from './reach.ts'
import { recordKind } from './records.ts'
import { unknown, type Value } from './values.ts'

/** A call or jump through a pointer. */
export interface PointerCall {
  readonly caller: FunctionId
  readonly at: number
}

/** The most functions through which one object's pointers are followed. */
const mostFunctions = 300

/** A range of a module's data that holds pointers to a function. */
interface Words {
  readonly module: number
  readonly from: number
  readonly to: number
}

export interface PointerContext extends FlowContext {
  readonly reach: CodeReach
  /** Places in a function that are followed even if no branch reaches them. */
  readonly wanted: (id: FunctionId) => readonly number[]
}

/** The calls of a function through pointers; undefined if they are not all known. */
export function pointerCalls(id: FunctionId, context: PointerContext): readonly PointerCall[] | undefined {
  const { reach, linked } = context
  if (reach.isLoose(id) && !reach.isInData(id)) return undefined
  const follow = new Follow(context)
  if (reach.isLoose(id))
    for (const each of wordsOf(id, linked)) {
      if (!isClosed(each, linked)) return undefined
      follow.addWords(each)
    }
  for (const taker of reach.takers(id)) follow.addTaker(taker, id)
  return follow.calls()
}

/** The words that hold the address of a function, with adjacent pointers, because code may choose one by an index. */
function wordsOf(id: FunctionId, linked: Linked): readonly Words[] {
  const found = new Map<string, Words>()
  const [own, index] = linked.place(id)
  const { functions } = linked.modules[own] as Linked['modules'][number]
  const [start, end] = [functions.start[index] as number, functions.end(index)]
  const isIt = (module: number, address: number): boolean =>
    module === own && address >= start && address < end
  for (const [module, { relocations, objects }] of linked.modules.entries())
    for (let index = 0; index < relocations.kind.length; index++) {
      if (relocations.kind[index] === relocationKind.slot) continue
      // Most words have no symbol.
      const isHere =
        relocations.symbol[index] === 0
          ? isIt(module, relocations.addend[index] as number)
          : linked.targetsOfWord(module, index).some((each) => isIt(each.module, each.address))
      if (!isHere) continue
      const address = relocations.address[index] as number
      let [from, to] = [address, address + 8]
      while (relocations.at(from - 8) >= 0) from -= 8
      while (relocations.at(to) >= 0) to += 8
      from = Math.min(from, objects.at(from).from)
      found.set(`${module} ${from}`, { module, from, to: Math.max(to, objects.at(from).to) })
    }
  return [...found.values()]
}

/** Whether only the code of the words' own file can name them. */
function isClosed({ module, from, to }: Words, linked: Linked): boolean {
  const own = linked.modules[module] as Linked['modules'][number]
  // Without relocations a pointer to the words can look like any number. Go passes arguments in another way.
  if (!own.image.isRelocatable || own.isGo) return false
  const isInside = (address: number): boolean => address >= from && address < to
  const { symbols, relocations } = own
  for (let index = 1; index < symbols.count; index++) {
    const start = symbols.value[index] as number
    const isData = symbols.type[index] !== symbolType.function && symbols.type[index] !== symbolType.ifunc
    if (
      symbols.isDefined[index] === 1 &&
      isData &&
      start < to &&
      start + (symbols.size[index] as number) > from
    )
      return false
  }
  for (let index = 0; index < relocations.kind.length; index++)
    if (relocations.symbol[index] === 0 && isInside(relocations.addend[index] as number)) return false
  return true
}

/** Follows pointers through the functions that name them and those that receive one. */
class Follow implements PointerWatch {
  readonly #context: PointerContext
  /** By module: the instructions that name a pointer, and what each names. */
  readonly #named = new Map<number, Map<number, number>>()
  /** The named instructions that were not followed yet. */
  readonly #open = new Set<string>()
  /** By function: what is held when it begins. */
  readonly #begins = new Map<FunctionId, Held>()
  readonly #work = new Set<FunctionId>()
  readonly #calls = new Map<string, PointerCall>()
  #isLost = false

  constructor(context: PointerContext) {
    this.#context = context
  }

  /** Follows the reached code that names an address in words. */
  addWords({ module, from, to }: Words): void {
    const { linked, reach } = this.#context
    const { records } = linked.modules[module] as Linked['modules'][number]
    for (let index = 0; index < records.count; index++) {
      const target = records.to[index] as number
      if (target < from || target >= to || !takesData(records.kind[index])) continue
      const at = records.at[index] as number
      const id = linked.functionAt(module, at)
      if (id >= 0 && reach.isReached(id)) this.#add(id, at, heldAddress)
    }
  }

  /** Follows the address of a function that another takes, by an instruction or out of the table of imports. */
  addTaker(taker: FunctionId, id: FunctionId): void {
    const { linked } = this.#context
    const [module, own] = linked.place(taker)
    const { records, functions, relocations } = linked.modules[module] as Linked['modules'][number]
    let isFound = false
    for (let index = functions.firstRecord(own); index < functions.firstRecord(own + 1); index++) {
      const target = records.to[index] as number
      if (!takesData(records.kind[index])) continue
      const word = relocations.at(target)
      const isImport = word >= 0 && relocations.kind[word] === relocationKind.slot
      const targets = isImport ? linked.targetsOfWord(module, word) : []
      const isIt = isImport
        ? targets.some((each) => linked.functionAt(each.module, each.address) === id)
        : linked.directTargets(module, target).includes(id)
      if (!isIt) continue
      isFound = true
      this.#add(taker, records.at[index] as number, heldWord)
    }
    if (!isFound) this.lost()
  }

  #add(id: FunctionId, at: number, what: number): void {
    const [module] = this.#context.linked.place(id)
    const named = this.#named.get(module) ?? new Map<number, number>()
    this.#named.set(module, named.set(at, what))
    this.#open.add(`${module} ${at}`)
    this.#begin(id, new Held(new Uint8Array(this.#context.processor.registers)))
  }

  calls(): readonly PointerCall[] | undefined {
    for (const id of this.#work) {
      this.#work.delete(id)
      const held = (this.#begins.get(id) as Held).copy()
      if (!this.#isLost) watchFlow(id, this.#context, this.#context.wanted(id), { watch: this, held })
      if (this.#isLost || this.#begins.size > mostFunctions) return undefined
    }
    return this.#isLost || this.#open.size > 0 ? undefined : [...this.#calls.values()]
  }

  #begin(id: FunctionId, held: Held): void {
    const before = this.#begins.get(id)
    if (before === undefined) this.#begins.set(id, held)
    else if (!before.join(held)) return
    this.#work.add(id)
  }

  names(module: number, address: number): number | undefined {
    const what = this.#named.get(module)?.get(address)
    if (what !== undefined) this.#open.delete(`${module} ${address}`)
    return what
  }

  found(caller: FunctionId, at: number): void {
    this.#calls.set(`${caller} ${at}`, { caller, at })
  }

  lost(): void {
    this.#isLost = true
  }

  entered(number: Value, held: Held): void {
    const { values, processor } = this.#context
    const isHeld = held.registers.some((bits) => bits !== 0)
    const isHarmless = values
      .atoms(number)
      .every((atom) => atom.kind === 'constant' && atom.value !== processor.sigaction)
    if (isHeld && (number === unknown || !isHarmless)) this.lost()
  }

  called(targets: readonly FunctionId[], held: Held, stack: Value, isJump: boolean): void {
    const { processor, linked } = this.#context
    const registers = new Uint8Array(held.registers.length)
    for (const each of processor.passed) registers[each] = held.registers[each] as number
    const slots = this.#stackArguments(held, stack, isJump)
    if (slots.size === 0 && registers.every((bits) => bits === 0)) return
    if (targets.length === 0) this.lost()
    for (const each of targets)
      if (
        linked.isResolver(each) ||
        (linked.modules[linked.place(each)[0]] as Linked['modules'][number]).isGo
      )
        this.lost()
      else this.#begin(each, new Held(registers.slice(), new Map(slots)))
  }

  /** The words of the stack that a called function may read as its arguments, by its own offsets. */
  #stackArguments(held: Held, stack: Value, isJump: boolean): Map<number, number> {
    const found = new Map<number, number>()
    if (held.slots.size === 0) return found
    const { values, processor } = this.#context
    const top = values.only(stack)
    if (top?.kind !== 'stack') this.lost()
    else
      for (const [offset, bits] of held.slots)
        // A jump passes on the function's own arguments. A call writes new arguments below those.
        if (offset >= top.offset && (isJump || offset < 0))
          found.set(offset - top.offset + processor.pushed, bits)
    return found
  }
}

function takesData(kind: number | undefined): boolean {
  return kind === recordKind.address || kind === recordKind.memory || kind === recordKind.slot
}
