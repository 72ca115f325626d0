// The commonest lines, counted without making text of them: a call with its result, its two halves, an exit, a signal,
// as plain.ts tells them apart. It says nothing that reader.ts would not say of the same line (a property test holds
// the two equal); the first line that is not plain is left to that.
import type { NameId } from './names.ts'
import { plainExit, plainResumed, plainSignal, plainTold, plainUnfinished, type PlainLines } from './plain.ts'
import type { Thread } from './process.ts'
import type { Entry } from './tally.ts'

/** What the scan counts into. The reader owns it; between its own lines the scan may change it. */
export interface ScanState {
  /** Lines taken so far in this source, the reader's included. */
  lines: number
  /** Calls counted so far in this source. */
  calls: number
  /** Which optional fields the lines of this run have before a call: see Prefix. */
  fields: number
  /** Whether a line had `[pid N]`. */
  bracketed: boolean
  /** The thread of the last line, and where its calls are counted. */
  pid: number
  thread: Thread
  entries: readonly (Entry | undefined)[]
}

export interface ScanTo {
  readonly state: ScanState
  /** By name id: what the scan must leave to the reader. */
  readonly careful: Uint8Array
  /** Makes the thread of a line the state's; `resuming` is the call in `<... name resumed>`, -1 for none. */
  turnTo(pid: number, resuming: NameId): void
  /** The thread of the state has ended. */
  ended(): void
  /** Takes a line that changes more than counts; false for one that the reader must read itself. */
  tell(plain: PlainLines, index: number): boolean
  /** The entry of a call not yet seen in the state's thread. */
  open(id: NameId, line: number): Entry
}

/** No thread: the scan has to look up its first one. */
export const noThread = -2

/** Takes plain lines from `line` on; returns where the first line that is not plain starts, or `end`. */
export function scanPlain(plain: PlainLines, bytes: Buffer, line: number, end: number, to: ScanTo): number {
  const { state, careful } = to
  let at = line
  while (at < end) {
    const count = plain.read(bytes, at, end, state.fields, careful)
    if (plain.bracketed) state.bracketed = true
    const taken = take(plain, count, to)
    if (taken > 0) at = plain.next(taken - 1)
    if (taken < count || count === 0) break
  }
  return at
}

/** Counts lines that were read; returns how many, which is less than all where one is not what its thread is in. */
function take(plain: PlainLines, count: number, to: ScanTo): number {
  const { pids, kinds, calls } = plain
  const { state } = to
  for (let index = 0; index < count; index++) {
    const kind = kinds[index] as number
    const pid = pids[index] as number
    const id = calls[index] as number
    if (kind >= plainTold) {
      if (!to.tell(plain, index)) return index
      // What it changes must be looked up again.
      state.pid = noThread
      state.lines++
      continue
    }
    if (kind !== plainSignal && pid !== state.pid) to.turnTo(pid, kind === plainResumed ? id : -1)
    if (kind === plainResumed) {
      if (state.thread.pending !== id) return index
      state.thread.pending = -1
    } else if (kind === plainExit) to.ended()
    else if (kind !== plainSignal) {
      const entry = state.entries[id] ?? to.open(id, state.lines + 1)
      entry.count++
      state.calls++
      if (kind === plainUnfinished) state.thread.pending = id
    }
    state.lines++
  }
  return count
}
