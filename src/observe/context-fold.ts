// Folds contexts: equal rows become one, their counts add up, the earliest place stays. A list has a limit. The rows
// that sort last are dropped and counted as lost. The order of merging does not matter: a row that is among the first
// of the whole is among the first of every part.
import { ascending } from '../order.ts'
import { earlierPlace } from '../read/place.ts'
import {
  contextLists,
  type ContextList,
  type Counted,
  type LostRows,
  type ObservedContext,
} from '../read/observations/context.ts'
import { rowShapes } from '../read/observations/context-rows.ts'
import { sumOf } from '../read/sum.ts'

/** The most rows of each list. Opened paths are the longest list of a container. */
export const rowLimits: Readonly<Record<ContextList, number>> = {
  starts: 256,
  checks: 4096,
  changes: 8192,
  reads: 16384,
  directories: 8192,
  mounts: 1024,
  executions: 4096,
  identities: 1024,
  raises: 1024,
  userNamespaces: 1024,
  binds: 1024,
  rings: 1024,
  blind: 64,
  lost: 64,
}

/** The members of a row in the order of its shape. `count` and `first` do not tell rows apart. */
type FoldedRow = Counted & Readonly<Record<string, unknown>>
type FoldedRows = Map<
  string,
  { count: number; first: string; readonly said: Readonly<Record<string, unknown>> }
>

export class ContextFold {
  readonly #containers = new Map<string, Map<ContextList, FoldedRows>>()

  add(context: Partial<ObservedContext> & Pick<ObservedContext, 'name'>): void {
    let lists = this.#containers.get(context.name)
    if (lists === undefined) this.#containers.set(context.name, (lists = new Map()))
    for (const list of contextLists) {
      let rows = lists.get(list)
      if (rows === undefined) lists.set(list, (rows = new Map()))
      for (const row of context[list] ?? []) addRow(rows, list, row as unknown as FoldedRow)
    }
  }

  /** Sorted by the containers' names. */
  contexts(): readonly ObservedContext[] {
    return [...this.#containers.keys()].sort(ascending).map((name) => {
      const lists = this.#containers.get(name) ?? new Map<ContextList, FoldedRows>()
      const lost: FoldedRows = new Map(lists.get('lost'))
      const kept = contextLists
        .filter((list) => list !== 'lost')
        .map((list) => {
          const sorted = inOrder(lists.get(list) ?? new Map())
          for (const { count, first } of sorted.slice(rowLimits[list]))
            addRow(lost, 'lost', { what: list, count, first } satisfies LostRows as unknown as FoldedRow)
          return [list, sorted.slice(0, rowLimits[list])] as const
        })
      return {
        name,
        ...Object.fromEntries(kept),
        lost: inOrder(lost),
      } as unknown as ObservedContext
    })
  }
}

function addRow(rows: FoldedRows, list: ContextList, { count, first, ...rest }: FoldedRow): void {
  const said = Object.fromEntries(
    Object.keys(rowShapes[list]).flatMap((member) =>
      rest[member] === undefined ? [] : [[member, rest[member]]],
    ),
  )
  const key = JSON.stringify(said)
  const there = rows.get(key)
  rows.set(
    key,
    there === undefined
      ? { count, first, said }
      : { count: sumOf(there.count, count), first: earlierPlace(there.first, first), said },
  )
}

function inOrder(rows: FoldedRows): readonly FoldedRow[] {
  return [...rows]
    .sort(([a], [b]) => ascending(a, b))
    .map(([, { count, first, said }]) => ({ ...said, count, first }))
}
