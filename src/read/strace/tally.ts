// Counts of the calls of one process image, or of several that could be of the same architectures.
import { addSeen, newSeen, type Seen } from '../seen.ts'
import type { NameId } from './names.ts'

export class Tally {
  /** By name id. Sparse. */
  readonly entries: (Seen | undefined)[] = []
  readonly #ids: NameId[] = []

  /** The entry of a name, made at `place` when this is the first. The caller counts. */
  entry(id: NameId, place: () => string): Seen {
    return this.entries[id] ?? this.#open(id, newSeen(place()))
  }

  #open(id: NameId, seen: Seen): Seen {
    this.entries[id] = seen
    this.#ids.push(id)
    return seen
  }

  has(id: NameId): boolean {
    return this.entries[id] !== undefined
  }

  *all(): Generator<readonly [NameId, Seen]> {
    for (const id of this.#ids) yield [id, this.entries[id] as Seen]
  }

  get size(): number {
    return this.#ids.length
  }

  add(other: Tally): void {
    for (const [id, seen] of other.all()) addSeen(this.entries[id] ?? this.#open(id, newSeen(seen.first)), seen)
  }
}
