// Notes the requested arguments with the counts of their calls. strace may print all arguments with the result (clone's
// before 4.12), so a call's values become known at its entry, at its return, or never.
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
  /** The indexes of the arguments to read, by printed name. */
  readonly wanted: ReadonlyMap<string, readonly number[]>
  /** The source being read. */
  readonly source: string
}

export class AskedValues {
  readonly #counting: Counting
  readonly #diagnostics: DiagnosticLog

  constructor(counting: Counting, diagnostics: DiagnosticLog) {
    this.#counting = counting
    this.#diagnostics = diagnostics
  }

  /** Notes the values that the line of a call shows. Arguments that strace prints with the result are awaited. */
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

  /** Notes the values of an awaited call from the line of its result. */
  awaited(thread: Thread, call: CallText): void {
    if (!thread.awaits || call.completion.kind === 'unfinished') return
    const { names, counts } = this.#counting
    const entry = counts.entry(thread, names.id(call.name), call.prefix.number, call.line)
    // If the call was counted with another image, it stays awaited there.
    if (entry.awaited === 0) return
    entry.awaited--
    this.note(entry, thread, call)
  }

  /** Notes the arguments of a call as unknown, because its entry is not in the trace. */
  unknown(entry: TallyEntry, name: string): void {
    for (const index of this.#counting.wanted.get(name) ?? []) noteValue(entry, index, undefined)
  }
}
