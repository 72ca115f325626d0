// Reads the summary tables of -c and -C in a source by a state machine over its lines. Each table is one image of
// unknown machine. A line above the table names its mode if that is not the default. A shell script under `strace -c`
// makes one table per command, so tables that can belong to the same architectures are kept as their sum.
import { noteValue } from '../seen.ts'
import { sumOf } from '../sum.ts'
import { anyArchitecture, modes, type Candidates } from './architecture.ts'
import type { NameId, Names } from './names.ts'
import { SummaryRows } from './summary-rows.ts'
import { isRule, isTotal, summaryColumns, summaryMode, summaryRow } from './summary.ts'
import { Tally, type TallyEntry } from './tally.ts'

interface Table {
  readonly tally: Tally
  candidates: Candidates
}

export class Tables {
  readonly #names: Names
  readonly #wanted: ReadonlyMap<string, readonly number[]>
  readonly #sources: readonly string[]
  /** Made for the first table that is read from bytes. */
  #reader: SummaryRows | undefined
  /** Where the line after the rows starts that takesRows() took. */
  next = 0
  /** The sums of the tables that ended, by the architectures that the tables can belong to. */
  readonly #done = new Map<Candidates, Tally>()
  /** From the header of a table to its end. */
  #columns: readonly string[] | undefined
  /** From the line that announces a mode to the end of the table below it; else any. */
  #mode: Candidates = anyArchitecture
  /** From the row of dashes below the header to the end of the table. */
  #table: Table | undefined
  /** The previous line was the footer: the total of the table follows. */
  #summed = false
  /** Rows counted in all tables. */
  rows = 0
  /** Whether a line announced the mode of any table. */
  announced = false

  /** `sources`: names by index. `wanted`: the arguments to note as unknown, because a table shows none. */
  constructor(names: Names, sources: readonly string[], wanted: ReadonlyMap<string, readonly number[]>) {
    this.#names = names
    this.#sources = sources
    this.#wanted = wanted
  }

  get open(): boolean {
    return this.#columns !== undefined
  }

  /** Takes a line outside a table. Returns whether it starts a table, announces its mode or is its total. */
  starts(text: string): boolean {
    const summed = this.#summed
    this.#summed = false
    if (summed && isTotal(text)) return true
    const columns = summaryColumns(text)
    if (columns !== undefined) {
      this.#columns = columns
      this.#table = undefined
      return true
    }
    const mode = summaryMode.exec(text)?.[1]
    if (mode === undefined) return false
    this.announced = true
    this.#mode = modes[mode as '32 bit']
    return true
  }

  /** Takes a line while a table is open. Returns whether the line belongs to the table. If not, the table ends. */
  takes(text: string, source: number, line: number): boolean {
    if (isRule(text)) {
      if (this.#table === undefined) this.#table = { tally: new Tally(), candidates: this.#mode }
      else {
        this.end()
        this.#summed = true
      }
      return true
    }
    const table = this.#table
    const row = table && summaryRow(text, this.#columns as readonly string[])
    if (table === undefined || row === undefined) {
      this.end()
      return false
    }
    this.#count(table, this.#names.id(row.name), row.calls, source, line)
    return true
  }

  /**
   * Takes the commonest rows from bytes[at, end), the first of them line `line + 1`. Returns how many rows, and sets
   * `next` to the end of the last one.
   */
  takesRows(bytes: Uint8Array, at: number, end: number, source: number, line: number): number {
    const table = this.#table
    const columns = this.#columns
    this.next = at
    if (table === undefined || columns === undefined) return 0
    const rows = (this.#reader ??= new SummaryRows(this.#names))
    let taken = 0
    while (this.next < end && rows.read(bytes, this.next, columns)) {
      this.#count(table, rows.id, rows.calls, source, line + ++taken)
      this.next = rows.next
    }
    return taken
  }

  #count(table: Table, id: NameId, calls: number, source: number, line: number): void {
    const entry = table.tally.entries[id] ?? this.#open(table, id, source, line)
    entry.count = sumOf(entry.count, calls)
    if (this.#wanted.size > 0)
      for (const index of this.#wanted.get(this.#names.name(id)) ?? []) noteValue(entry, index, undefined)
    this.rows++
  }

  #open(table: Table, id: NameId, source: number, line: number): TallyEntry {
    if (this.#mode === anyArchitecture) table.candidates &= this.#names.candidates(id) || anyArchitecture
    return table.tally.entry(id, source, line)
  }

  end(): void {
    if (this.#table !== undefined && this.#table.tally.size > 0) this.#keep(this.#table)
    this.#columns = undefined
    this.#table = undefined
    this.#mode = anyArchitecture
  }

  #keep({ tally, candidates }: Table): void {
    const sum = this.#done.get(candidates)
    if (sum === undefined) this.#done.set(candidates, tally)
    else sum.add(tally, this.#sources)
  }

  get sums(): ReadonlyMap<Candidates, Tally> {
    return this.#done
  }
}
