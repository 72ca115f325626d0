// The arguments asked for, noted with the counts of their calls. strace may print all of them with the result (before
// 4.12 clone's), so that a call's values are known at its entry, at its return, or never.
import type { DiagnosticLog } from '../diagnostics.ts'
import { noteValue } from '../seen.ts'
import { valuesIn } from './call-values.ts'
import type { CallCounts } from './counts.ts'
import type { CallText } from './events.ts'
import type { Names } from './names.ts'
import type { TallyEntry } from './tally.ts'
import { noValues, type Thread } from './thread.ts'
import { noteTry } from './tries.ts'

interface Counting {
  readonly names: Names
  readonly counts: CallCounts
  /** Arguments to read, by printed name. */
  readonly wanted: ReadonlyMap<string, readonly number[]>
  /** The source that is read. */
  readonly source: string
}

export class AskedValues {
  readonly #counting: Counting
  readonly #diagnostics: DiagnosticLog

  constructor(counting: Counting, diagnostics: DiagnosticLog) {
    this.#counting = counting
    this.#diagnostics = diagnostics
  }

  /** Those that the line of a call shows; what is to come with the result is awaited. */
  note(entry: TallyEntry, thread: Thread, call: CallText): void {
    const { name, completion, line } = call
    const wanted = this.#counting.wanted.get(name)
    thread.values = noValues
    if (wanted === undefined) return
    const values = valuesIn(call)
    thread.awaits =
      values === undefined && (completion.kind === 'unfinished' || completion.kind === 'interrupted')
    if (thread.awaits) {
      entry.awaited++
      return
    }
    const known = new Map<number, bigint>()
    for (const index of wanted) {
      const value = values?.(index)
      noteValue(entry, index, value)
      if (value !== undefined) {
        noteTry(entry, index, value)
        known.set(index, value)
      }
      if (value === undefined && completion.kind === 'open') {
        const facts = { call: name, argument: String(index) }
        this.#diagnostics.add('value-cut', this.#counting.source, line, facts)
      }
    }
    thread.values = known
  }

  /** The rest of a call whose arguments come with its result. */
  awaited(thread: Thread, call: CallText): void {
    if (!thread.awaits || call.completion.kind === 'unfinished') return
    const { names, counts } = this.#counting
    const entry = counts.entry(thread, names.id(call.name), call.prefix.number, call.line)
    // What was counted with another image is not known here: it stays awaited there.
    if (entry.awaited === 0) return
    entry.awaited--
    this.note(entry, thread, call)
  }

  /** Of a call whose entry is not here. */
  unknown(entry: TallyEntry, name: string): void {
    for (const index of this.#counting.wanted.get(name) ?? []) noteValue(entry, index, undefined)
  }
}
