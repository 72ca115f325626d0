// Counts of the calls of one process image, or of several that can belong to the same architectures. Millions of lines
// are counted here, so an entry is found by an array access and a place stays two numbers until it is printed.
import { addFailures, noFailures, type Failures } from '../failures.ts'
import { addArguments, type SeenArguments } from '../seen.ts'
import { sumOf } from '../sum.ts'
import type { Candidates } from './architecture.ts'
import type { NameId } from './names.ts'
import { addTries, type Tries } from './tries.ts'

/** Everything seen of one call, as in Seen, with the place of the first call as numbers. */
export interface TallyEntry extends Failures {
  count: number
  args: SeenArguments | undefined
  tries: Tries | undefined
  /** How many of the calls still wait for their arguments, which come with the result. */
  awaited: number
  /** The index of the source among the reader's sources. */
  source: number
  line: number
}

export class Tally {
  /** By name id; most are undefined. */
  entries: (TallyEntry | undefined)[]
  /** The tally that this one was added to. Further calls are counted there. */
  into: Tally | undefined
  /** The ids that have an entry. */
  readonly ids: NameId[] = []

  constructor(entries: (TallyEntry | undefined)[] = []) {
    this.entries = entries
  }

  /** The entry of a name; a new one starts with this place. The caller increments its count. */
  entry(id: NameId, source: number, line: number): TallyEntry {
    const known = this.entries[id]
    if (known !== undefined) return known
    const entry: TallyEntry = {
      count: 0,
      ...noFailures,
      args: undefined,
      tries: undefined,
      awaited: 0,
      source,
      line,
    }
    this.entries[id] = entry
    this.ids.push(id)
    return entry
  }

  has(id: NameId): boolean {
    return this.entries[id] !== undefined
  }

  get size(): number {
    return this.ids.length
  }

  *all(): Generator<readonly [NameId, TallyEntry]> {
    for (const id of this.ids) yield [id, this.entries[id] as TallyEntry]
  }

  /** Adds another tally. `sources`: the names of the sources, by index. */
  add(other: Tally, sources: readonly string[]): void {
    for (const id of other.ids) this.addEntry(id, other.entries[id] as TallyEntry, sources)
  }

  addEntry(id: NameId, more: TallyEntry, sources: readonly string[]): void {
    const known = this.entries[id]
    if (known === undefined) {
      this.entries[id] = more
      this.ids.push(id)
      return
    }
    known.args = addArguments(known.args, known.count - known.awaited, more.args, more.count - more.awaited)
    known.count = sumOf(known.count, more.count)
    addFailures(known, more)
    addTries(known, more.tries)
    known.awaited += more.awaited
    if (isEarlier(more, known, sources)) {
      known.source = more.source
      known.line = more.line
    }
  }

  /** Empties this tally and returns its array for the next one. */
  recycle(): (TallyEntry | undefined)[] {
    const { entries } = this
    for (const id of this.ids) entries[id] = undefined
    this.ids.length = 0
    this.entries = []
    return entries
  }
}

/** Calls that are reported or omitted together, grouped by the architectures that they can belong to. */
export class FilterScope {
  readonly groups = new Map<Candidates, Tally>()
  /** The scope that this one turned out to be part of. */
  into: FilterScope | undefined

  get whole(): FilterScope {
    if (this.into === undefined) return this
    let last = this.into
    while (last.into !== undefined) last = last.into
    return (this.into = last)
  }
}

/** The order of comparePlaces(): by the name of the source, not by the order of reading. */
function isEarlier(one: TallyEntry, other: TallyEntry, sources: readonly string[]): boolean {
  if (one.source === other.source) return one.line < other.line
  return (sources[one.source] as string) < (sources[other.source] as string)
}
