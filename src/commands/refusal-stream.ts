// Reports refusals as they come: a new row at once, then the sum of its repetitions every few seconds and at the end.
import type { WatchedCall } from '../watch/index.ts'

/** How long the repetitions of a refusal are summed before they are reported. Milliseconds. */
const again = 5000

export class RefusalStream {
  readonly #tell: (row: WatchedCall) => void
  readonly #rows = new Map<string, { told: number; waiting: WatchedCall | undefined }>()

  constructor(tell: (row: WatchedCall) => void) {
    this.#tell = tell
  }

  add(row: WatchedCall): void {
    const name = `${row.key} ${row.processes[0]?.pid}`
    const known = this.#rows.get(name) ?? { told: -again, waiting: undefined }
    const count = row.count + (known.waiting?.count ?? 0)
    known.waiting = { ...row, count, first: known.waiting?.first ?? row.first }
    this.#rows.set(name, known)
  }

  flush(all: boolean): void {
    const now = performance.now()
    for (const [name, each] of this.#rows) {
      if (!all && now - each.told < again) continue
      // A row that was not repeated is forgotten, so its next refusal counts as new.
      if (each.waiting === undefined) {
        this.#rows.delete(name)
        continue
      }
      this.#tell(each.waiting)
      each.told = now
      each.waiting = undefined
    }
  }
}
