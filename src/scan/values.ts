// Represents what a register or a word of the stack may hold: a small set of atoms, each a constant, an address, or
// something that the function's caller knows. A value is the number of such a set; equal sets have the same number. 0
// is unknown: anything.

export type Atom =
  | { readonly kind: 'constant'; readonly value: number }
  /** An address in a module, as the code computes it. */
  | { readonly kind: 'address'; readonly module: number; readonly value: number }
  /** A register as it was when the function began. */
  | { readonly kind: 'entry'; readonly register: number }
  /** The stack pointer at the function's start, plus an offset. */
  | { readonly kind: 'stack'; readonly offset: number }
  /** The word that the caller left on the stack, at an offset from the stack pointer at the function's start. */
  | { readonly kind: 'argument'; readonly offset: number }
  /** The word at an offset from where another atom points. */
  | { readonly kind: 'load'; readonly of: number; readonly offset: number }

export type Value = number
export const unknown: Value = 0

/** A larger set is unknown. */
const mostAtoms = 32

export class Values {
  readonly #atoms: Atom[] = []
  readonly #constants = new Map<number, number>()
  /** Addresses and stack offsets: the number plus 2^40 times the module, or times 1023 for the stack. */
  readonly #places = new Map<number, number>()
  readonly #others = new Map<string, number>()
  readonly #sets: (readonly number[])[] = [[]]
  readonly #lists: (readonly Atom[])[] = [[]]
  /** Sets of one atom, by the atom. */
  readonly #singles: (Value | undefined)[] = []
  readonly #setIds = new Map<string, Value>()
  readonly #joins = new Map<number, Value>()

  atomId(atom: Atom): number {
    switch (atom.kind) {
      case 'constant':
        return this.#known(this.#constants, atom.value, atom)
      case 'address':
        return this.#known(this.#places, atom.value + atom.module * 2 ** 40, atom)
      case 'stack':
        return this.#known(this.#places, atom.offset + 1023 * 2 ** 40, atom)
      default:
        return this.#known(this.#others, keyOf(atom), atom)
    }
  }

  #known<Key>(ids: Map<Key, number>, key: Key, atom: Atom): number {
    let id = ids.get(key)
    if (id === undefined) {
      id = this.#atoms.length
      this.#atoms.push(atom)
      ids.set(key, id)
    }
    return id
  }

  atom(id: number): Atom {
    return this.#atoms[id] as Atom
  }

  of(atom: Atom): Value {
    const id = this.atomId(atom)
    return this.#singles[id] ?? this.#setOf([id])
  }

  constant(value: number): Value {
    return Number.isSafeInteger(value) ? this.of({ kind: 'constant', value }) : unknown
  }

  /** Empty for unknown, so test for unknown first. */
  atoms(value: Value): readonly Atom[] {
    return this.#lists[value] as readonly Atom[]
  }

  /** The only atom; undefined if there are none or several. */
  only(value: Value): Atom | undefined {
    const set = this.#sets[value] as readonly number[]
    return set.length === 1 ? this.#atoms[set[0] as number] : undefined
  }

  join(one: Value, other: Value): Value {
    if (one === other) return one
    if (one === unknown || other === unknown) return unknown
    const key = one < other ? one * 2 ** 26 + other : other * 2 ** 26 + one
    let joined = this.#joins.get(key)
    if (joined === undefined) {
      const all = [
        ...new Set([...(this.#sets[one] as readonly number[]), ...(this.#sets[other] as readonly number[])]),
      ]
      joined = all.length > mostAtoms ? unknown : this.#setOf(all)
      this.#joins.set(key, joined)
    }
    return joined
  }

  /** Turns every atom into a value and joins the results. */
  map(value: Value, turn: (atom: Atom, id: number) => Value): Value {
    if (value === unknown) return unknown
    let result: Value | undefined
    for (const id of this.#sets[value] as readonly number[]) {
      const turned = turn(this.#atoms[id] as Atom, id)
      if (turned === unknown) return unknown
      result = result === undefined ? turned : this.join(result, turned)
    }
    return result ?? unknown
  }

  /** The value of the atoms that `keep` accepts; undefined if none is left. */
  filter(value: Value, keep: (atom: Atom) => boolean): Value | undefined {
    const kept = (this.#sets[value] as readonly number[]).filter((id) => keep(this.#atoms[id] as Atom))
    return kept.length === 0 ? undefined : this.#setOf(kept)
  }

  #setOf(ids: readonly number[]): Value {
    const [single] = ids
    if (ids.length === 1 && single !== undefined) return (this.#singles[single] ??= this.#add(ids))
    const set = [...ids].sort((a, b) => a - b)
    const key = set.join(' ')
    let id = this.#setIds.get(key)
    if (id === undefined) {
      id = this.#add(set)
      this.#setIds.set(key, id)
    }
    return id
  }

  #add(set: readonly number[]): Value {
    this.#sets.push(set)
    this.#lists.push(set.map((id) => this.#atoms[id] as Atom))
    return this.#sets.length - 1
  }
}

/** The key of an atom in #others; constants and places have maps of their own. */
function keyOf(atom: Exclude<Atom, { kind: 'constant' | 'address' | 'stack' }>): string {
  switch (atom.kind) {
    case 'entry':
      return `e${atom.register}`
    case 'argument':
      return `p${atom.offset}`
    case 'load':
      return `l${atom.of} ${atom.offset}`
  }
}
