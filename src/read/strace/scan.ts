// The commonest lines, counted without making text of them: a call with its result, its two halves, an exit, a signal,
// as plain.ts tells them apart. It says nothing that reader.ts would not say of the same line (a property test holds
// the two equal); the first line that is not plain is left to that.
import type { NameId } from './names.ts'
import {
  notPlain,
  noThread,
  plainExit,
  plainResumed,
  plainTold,
  plainUnfinished,
  plainWhole,
  type PlainLines,
} from './plain.ts'
import type { Thread } from './process.ts'
import type { Entry, Tally } from './tally.ts'

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
  /** The thread of the last line that was looked up, and where its calls are counted. */
  pid: number
  thread: Thread
  tally: Tally | undefined
}

export interface ScanTo {
  readonly state: ScanState
  /** By name id: what the scan must leave to the reader. */
  readonly careful: Uint8Array
  /** Whether a thread of this pid had lines before. */
  knows(pid: number): boolean
  /** Makes the thread of a line the state's; `resuming` is the call in `<... name resumed>`, -1 for none. */
  turnTo(pid: number, resuming: NameId): void
  /** The thread of the state has ended. */
  ended(): void
  /** Takes a line that changes more than counts; false for one that the reader must read itself. */
  tell(plain: PlainLines, kind: number): boolean
  /** The entry of a call not yet seen in the state's thread. */
  open(id: NameId, line: number): Entry
}

/** Takes plain lines from `line` on; returns where the first line that is not plain starts, or `end`. */
export function scanPlain(plain: PlainLines, bytes: Buffer, line: number, end: number, to: ScanTo): number {
  const { state, careful } = to
  let at = line
  try {
    while (at < end) {
      const kind = plain.read(bytes, at, end, state.fields, careful)
      if (plain.bracketed) state.bracketed = true
      state.lines += plain.lines
      state.calls += plain.calls
      at = plain.at
      if (kind === plainWhole && plain.lines > 0) continue
      // Or longer than the code has room for.
      if (kind === notPlain || kind === plainWhole) {
        // Who made the last call, the reader may need to know.
        if (plain.last !== noThread && plain.last !== state.pid) to.turnTo(plain.last, -1)
        break
      }
      if (!take(plain, kind, to)) break
      state.lines++
      at = plain.next
    }
    return at
  } finally {
    // The code is every reader's: nothing of this one may stay there.
    plain.settle()
  }
}

/** Takes a plain line that the code does not; false where the reader must. */
function take(plain: PlainLines, kind: number, to: ScanTo): boolean {
  const { state } = to
  const { pid, call } = plain
  if (kind >= plainTold) {
    plain.settle()
    // What it changes must be looked up again.
    state.pid = noThread
    return to.tell(plain, kind - plainTold)
  }
  if (pid !== state.pid) {
    if (!to.knows(pid)) plain.settle()
    to.turnTo(pid, kind === plainResumed ? call : -1)
  }
  if (kind === plainResumed) {
    // A thread that the code has is inside another call.
    if (plain.has(pid) || state.thread.pending !== call) return false
    state.thread.pending = -1
    if (state.tally !== undefined) plain.count(pid, state.tally, state.thread)
    return true
  }
  if (kind === plainExit) {
    plain.settle()
    to.ended()
    return true
  }
  let entry = state.tally?.entries[call]
  if (entry === undefined) {
    plain.settle()
    entry = to.open(call, state.lines + 1)
  }
  entry.count++
  state.calls++
  if (kind === plainUnfinished) state.thread.pending = call
  if (state.tally !== undefined) plain.count(pid, state.tally, state.thread)
  return true
}
