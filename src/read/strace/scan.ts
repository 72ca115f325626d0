// The commonest lines, read from their bytes: a call with its result, its two halves, an exit, a signal, behind the
// prefixes of -f, -t and their kin. No text is made of them. It says nothing that reader.ts would not say of the same
// line (a property test holds the two equal); the first line that is not plain is left to that.
import { pidField } from './grammar.ts'
import { Head } from './head.ts'
import type { NameId, Names } from './names.ts'
import type { Thread } from './process.ts'
import { plain, tailOf, unfinished } from './tail.ts'
import type { Entry } from './tally.ts'
import { lineLimit } from '../text.ts'
import { firstOf, fourOf, wordAt, zeros } from '../words.ts'

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
  readonly names: Names
  /** By name id: what the scan must leave to the reader. */
  readonly careful: Uint8Array
  /** Makes the thread of a line the state's; `resuming` is the call in `<... name resumed>`, -1 for none. */
  turnTo(pid: number, resuming: NameId): void
  /** The thread of the state has ended. */
  ended(): void
  /** The entry of a call not yet seen in the state's thread. */
  open(id: NameId, line: number): Entry
}

/** No thread: the scan has to look up its first one. */
export const noThread = -2

/** Calls with values to read, and those that replace the program. */
export const always = 1
/** Calls whose result is another process. */
export const whenReturned = 2

const exited = Buffer.from('+++ exited with ')
const signalled = Buffer.from('--- SIG')
const restOf = Buffer.from('<... ')
const resumes = Buffer.from(' resumed>')
const parentheses = fourOf(0x28)
/** Words are read this far beyond where a line may end; it is longer than the name of any call. */
const slack = 64

const head = new Head()

/** Takes plain lines from `line` on; returns where the first line that is not plain starts, or `end`. */
export function scanPlain(bytes: Buffer, view: DataView, line: number, end: number, to: ScanTo): number {
  const { state, names, careful } = to
  const { fields } = state
  let { lines, calls, pid } = state
  let bracketed = false
  while (line < end) {
    const stop = bytes.indexOf(0x0a, line)
    if (stop - line > lineLimit || stop + slack > bytes.length) break
    let at = head.read(bytes, view, line)
    if (at < 0) break
    const byte = bytes[at] as number
    if (byte < 0x5f) {
      // Not the name of a call.
      state.lines = lines
      if (!other(bytes, view, at, stop, to)) break
      pid = state.pid
    } else {
      if (head.fields !== fields) break
      let nameEnd = at
      let found = zeros(wordAt(view, nameEnd) ^ parentheses)
      while (found === 0 && nameEnd < stop && nameEnd - at < slack)
        found = zeros(wordAt(view, (nameEnd += 4)) ^ parentheses)
      if (found === 0) break
      nameEnd += firstOf(found)
      const id = names.find(view, at, nameEnd)
      if (id < 0 || careful[id] === always) break
      const tail = tailOf(bytes, view, nameEnd + 1, stop)
      if (tail === plain ? careful[id] === whenReturned : tail !== unfinished) break
      if (head.pid !== pid) to.turnTo((pid = head.pid), -1)
      const entry = state.entries[id] ?? to.open(id, lines + 1)
      entry.count++
      calls++
      if (tail === unfinished) state.thread.pending = id
    }
    bracketed ||= head.bracketed
    lines++
    line = stop + 1
  }
  state.lines = lines
  state.calls = calls
  state.bracketed ||= bracketed
  return Math.min(line, end)
}

/** A plain line that begins no call, told from the place behind its prefix. Returns whether it is taken. */
function other(bytes: Uint8Array, view: DataView, at: number, stop: number, to: ScanTo): boolean {
  const { state } = to
  // Whatever it is: without the pid that the others have, it is not strace's.
  if ((state.fields & ~head.fields & pidField) !== 0) return false
  switch (bytes[at]) {
    case 0x2d:
      return isSignal(bytes, at)
    case 0x2b:
      if (!startsWith(bytes, at, exited)) return false
      if (head.pid !== state.pid) to.turnTo(head.pid, -1)
      to.ended()
      return true
    default:
      return startsWith(bytes, at, restOf) && rest(bytes, view, at + restOf.length, stop, to)
  }
}

/** `read resumed>…` */
function rest(bytes: Uint8Array, view: DataView, start: number, stop: number, to: ScanTo): boolean {
  const { state, names, careful } = to
  const end = bytes.indexOf(0x20, start)
  if (end > stop || end - start > slack || !startsWith(bytes, end, resumes)) return false
  const id = names.find(view, start, end)
  if (id < 0 || careful[id] !== 0) return false
  if (tailOf(bytes, view, end + resumes.length, stop) !== plain) return false
  if (head.pid !== state.pid) to.turnTo(head.pid, id)
  if (state.thread.pending !== id) return false
  state.thread.pending = -1
  return true
}

/** `--- SIGCHLD …`, read far enough to tell that it is not SIGSYS, which tells of a call. */
function isSignal(bytes: Uint8Array, at: number): boolean {
  if (!startsWith(bytes, at, signalled)) return false
  const first = bytes[at + signalled.length] as number
  const second = bytes[at + signalled.length + 1] as number
  return isUpper(first) && isUpper(second) && (first !== 0x53 || second !== 0x59)
}

function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

function startsWith(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}
