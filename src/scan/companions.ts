// Finds the companions of a call: calls that may follow in another run if this call was seen. A trace shows calls, not
// functions. If every path to a seen call passes a function of the C library, this function was run. Its private parts
// are functions that the library does not export and that only it leads to. The companions are the calls of the
// function, of its private parts, and of the functions that these call directly.
import { syscallTable } from '../abi/tables.ts'
import type { CallsFound } from './calls.ts'
import { dominatorsOf } from './dominators.ts'
import type { Linked } from './link.ts'
import { root, type FunctionId, type CodeReach } from './reach.ts'
import { isGlibcLoader, isLibc } from './runtime.ts'

/** The companions of each call, sorted. */
export function companionsOf(
  linked: Linked,
  reach: CodeReach,
  calls: CallsFound,
  architecture: 'x86_64' | 'aarch64',
): ReadonlyMap<string, readonly string[]> {
  const library = new Library(linked, reach)
  const { own, places } = chosenIn(calls, architecture)
  const found = new Map<string, readonly string[]>()
  for (const [name, ids] of places) {
    const companions = new Set<string>()
    for (const ran of library.passed([...ids]))
      for (const part of library.parts(ran)) for (const each of own.get(part) ?? []) companions.add(each)
    companions.delete(name)
    found.set(name, [...companions].sort())
  }
  return found
}

/** `own`: by function, the calls whose number it chooses. `places`: by call, the functions that choose its number. */
function chosenIn(
  { numbers }: CallsFound,
  architecture: 'x86_64' | 'aarch64',
): {
  readonly own: ReadonlyMap<FunctionId, ReadonlySet<string>>
  readonly places: ReadonlyMap<string, ReadonlySet<FunctionId>>
} {
  const table = syscallTable(architecture)
  const own = new Map<FunctionId, Set<string>>()
  const places = new Map<string, Set<FunctionId>>()
  for (const { number, isCompat, chain } of numbers) {
    const name = isCompat ? undefined : table.byNumber(number)?.name
    if (name === undefined) continue
    const [id] = chain as readonly [FunctionId]
    own.set(id, (own.get(id) ?? new Set()).add(name))
    places.set(name, (places.get(name) ?? new Set()).add(id))
  }
  return { own, places }
}

/** The C library and its loader, as far as the program reaches them. */
class Library {
  readonly #linked: Linked
  readonly #isOf: readonly boolean[]
  readonly #next = new Map<FunctionId, FunctionId[]>()
  readonly #dominators: ReadonlyMap<FunctionId, FunctionId>
  readonly #exported: ReadonlySet<FunctionId>

  constructor(linked: Linked, reach: CodeReach) {
    this.#linked = linked
    this.#isOf = linked.modules.map(({ name }) => isLibc(name))
    const begins: FunctionId[] = []
    for (const id of reach.order) {
      if (!this.#has(id)) continue
      const before = [...new Set([...reach.callers(id), ...reach.takers(id), ...reach.holders(id)])]
      if (reach.isLoose(id) || !before.every((each) => this.#has(each))) begins.push(id)
      for (const each of before) {
        if (!this.#has(each)) continue
        const known = this.#next.get(each)
        if (known === undefined) this.#next.set(each, [id])
        else known.push(id)
      }
    }
    this.#dominators = dominatorsOf(begins, this.#next)
    this.#exported = new Set(
      linked.modules.flatMap((_, module) => (this.#isOf[module] === true ? linked.exportedBy(module) : [])),
    )
  }

  #module(id: FunctionId): number {
    return this.#linked.place(id)[0]
  }

  #has(id: FunctionId): boolean {
    return this.#isOf[this.#module(id)] === true
  }

  /**
   * The functions that every path to each of these places passes; empty if a place is outside the library. glibc's
   * loader is left out: it runs before the program, each time in the same way.
   */
  passed(places: readonly FunctionId[]): readonly FunctionId[] {
    const [first = [], ...others] = places.map((id) => this.#upwards(id))
    return first.filter(
      (id) =>
        others.every((each) => each.includes(id)) &&
        !isGlibcLoader((this.#linked.modules[this.#module(id)] as Linked['modules'][number]).name),
    )
  }

  /** A function and its dominators. */
  #upwards(from: FunctionId): readonly FunctionId[] {
    const found: FunctionId[] = []
    for (
      let id: FunctionId | undefined = this.#dominators.has(from) ? from : undefined;
      id !== undefined && id !== root;
      id = this.#dominators.get(id)
    )
      found.push(id)
    return found
  }

  /** A function, its private parts, and the functions that these call. */
  parts(of: FunctionId): ReadonlySet<FunctionId> {
    const found = new Set([of])
    for (const id of found)
      for (const each of this.#next.get(id) ?? [])
        if (!this.#exported.has(each) && this.#upwards(each).includes(of)) found.add(each)
    return new Set([...found].flatMap((id) => [id, ...(this.#next.get(id) ?? [])]))
  }
}
