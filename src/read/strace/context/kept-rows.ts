// Keeps the rows of a context while a trace is read: equal rows become one, and their number is bounded. Ids are filled
// in at the end, because a thread may ask for its ids later.
import type { ContextList, ContextRows, Counted } from '../../observations/context.ts'
import { noRows } from '../../observations/context.ts'
import type { Ids } from './process-state.ts'

type ListRow<List extends ContextList> = Omit<ContextRows[List][number], keyof Counted>

/** A container's whole work makes some thousands of rows. */
const limit = 65536

interface KeptRow {
  readonly list: ContextList
  readonly row: object
  readonly ids: Ids
  readonly asSeen: (ids: Ids) => object
  count: number
  readonly first: string
}

export class KeptRows {
  /** By list, ids and members. */
  readonly #rows = new Map<string, KeptRow>()
  /** A number for each object of ids, and the last one given. */
  readonly #numbers = new WeakMap<Ids, number>()
  #epochs = 0
  /** By list, the rows for which there was no room. */
  readonly #lost = new Map<Exclude<ContextList, 'lost'>, { count: number; readonly first: string }>()

  /** `asSeen`: gives the members of the row that come from the ids. One list always gets the same function. */
  add<List extends Exclude<ContextList, 'lost'>>(
    list: List,
    row: Omit<ListRow<List>, keyof Ids>,
    first: string,
    ids: Ids = {},
    asSeen: (ids: Ids) => object = () => ({}),
  ): void {
    const key = `${list} ${this.#number(ids)} ${JSON.stringify(row)}`
    const kept = this.#rows.get(key)
    if (kept !== undefined) kept.count++
    else if (this.#rows.size < limit) this.#rows.set(key, { list, row, ids, asSeen, count: 1, first })
    else {
      const lost = this.#lost.get(list)
      if (lost === undefined) this.#lost.set(list, { count: 1, first })
      else lost.count++
    }
  }

  #number(ids: Ids): number {
    const number = this.#numbers.get(ids) ?? ++this.#epochs
    this.#numbers.set(ids, number)
    return number
  }

  lists(): ContextRows {
    const rows = noRows()
    for (const { list, row, ids, asSeen, count, first } of this.#rows.values())
      (rows[list] as object[]).push({ ...row, ...asSeen(ids), count, first })
    for (const [what, { count, first }] of this.#lost) rows.lost.push({ what, count, first })
    return rows
  }
}

/** The file system ids follow the effective ids (credentials(7)). */
export const fileIds = ({ euid, egid }: Ids): Ids => ({
  ...(euid !== undefined && { uid: euid }),
  ...(egid !== undefined && { gid: egid }),
})
export const effectiveUser = ({ euid }: Ids): Ids => (euid === undefined ? {} : { euid })
export const executionIds = ({ uid, euid, egid }: Ids): Ids => ({
  ...(uid !== undefined && { uid }),
  ...(euid !== undefined && { euid }),
  ...(egid !== undefined && { egid }),
})
export const startIds = ({ uid, gid, groups }: Ids): Ids => ({
  ...(uid !== undefined && { uid }),
  ...(gid !== undefined && { gid }),
  ...(groups !== undefined && { groups }),
})
