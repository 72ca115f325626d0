// What a register or a word of the stack may hold, as far as it matters here: a set of a few things each of which is a
// constant, an address, or something that the function's caller knows. Values are numbers that stand for such sets, so
// that equal sets are the same number. 0 is unknown: anything.

export type Atom =
  | { readonly kind: 'constant'; readonly value: number }
  /** An address in a module, as the code computes it. */
  | { readonly kind: 'address'; readonly module: number; readonly value: number }
  /** A register as it was when the function began. */
  | { readonly kind: 'entry'; readonly register: number }
  /** The stack pointer as it was when the function began, and so much more. */
  | { readonly kind: 'stack'; readonly offset: number }
  /** The word that the caller left on the stack, so far above the stack pointer at the begin. */
  | { readonly kind: 'argument'; readonly offset: number }
  /** The word that something points to, so far behind. */
  | { readonly kind: 'load'; readonly of: number; readonly offset: number }

export type Value = number
export const unknown: Value = 0

/** A set of more than this many is unknown. */
const mostAtoms = 32

export class Values {
  readonly #atoms: Atom[] = []
  readonly #atomIds = new Map<string, number>()
  readonly #sets: (readonly number[])[] = [[]]
  readonly #setIds = new Map<string, Value>()
  readonly #joins = new Map<number, Value>()

  atomId(atom: Atom): number {
    const key = keyOf(atom)
    let id = this.#atomIds.get(key)
    if (id === undefined) {
      id = this.#atoms.length
      this.#atoms.push(atom)
      this.#atomIds.set(key, id)
    }
    return id
  }

  atom(id: number): Atom {
    return this.#atoms[id] as Atom
  }

  of(atom: Atom): Value {
    return this.#setOf([this.atomId(atom)])
  }

  constant(value: number): Value {
    return Number.isSafeInteger(value) ? this.of({ kind: 'constant', value }) : unknown
  }

  /** Empty for unknown: ask for that first. */
  atoms(value: Value): readonly Atom[] {
    return (this.#sets[value] as readonly number[]).map((id) => this.#atoms[id] as Atom)
  }

  /** The one atom; undefined where there are none or several. */
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

  /** Every atom turned into a value, and all of them joined. */
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

  /** The atoms of which something holds; undefined where none is left. */
  filter(value: Value, keep: (atom: Atom) => boolean): Value | undefined {
    const kept = (this.#sets[value] as readonly number[]).filter((id) => keep(this.#atoms[id] as Atom))
    return kept.length === 0 ? undefined : this.#setOf(kept)
  }

  #setOf(ids: readonly number[]): Value {
    const set = ids.length === 1 ? ids : [...ids].sort((a, b) => a - b)
    const key = set.join(' ')
    let id = this.#setIds.get(key)
    if (id === undefined) {
      id = this.#sets.length
      this.#sets.push(set)
      this.#setIds.set(key, id)
    }
    return id
  }
}

function keyOf(atom: Atom): string {
  switch (atom.kind) {
    case 'constant':
      return `c${atom.value}`
    case 'address':
      return `a${atom.module} ${atom.value}`
    case 'entry':
      return `e${atom.register}`
    case 'stack':
      return `s${atom.offset}`
    case 'argument':
      return `p${atom.offset}`
    case 'load':
      return `l${atom.of} ${atom.offset}`
  }
}
