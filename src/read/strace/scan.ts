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

const space = 0x20
const exited = Buffer.from('+++ exited with ')
const signalled = Buffer.from('--- SIG')
const restOf = Buffer.from('<... ')
const resumes = Buffer.from(' resumed>')

const head = new Head()

/** Takes plain lines from `line` on; returns where the first line that is not plain starts, or `end`. */
export function scanPlain(bytes: Buffer, line: number, end: number, to: ScanTo): number {
  const { state, names, careful: special } = to
  while (line < end) {
    let at = head.read(bytes, line)
    if (at < 0) return line
    const stop = bytes.indexOf(0x0a, at)
    if (stop - line > lineLimit) return line
    const { pid } = head
    // Whatever it is: without the pid that the others have, it is not strace's.
    if ((state.fields & ~head.fields & pidField) !== 0) return line
    let byte = bytes[at] as number
    if (byte === 0x2b || byte === 0x2d) {
      if (byte === 0x2d && !isSignal(bytes, at)) return line
      if (byte === 0x2b) {
        if (!startsWith(bytes, at, exited)) return line
        if (pid !== state.pid) to.turnTo(pid, -1)
        to.ended()
      }
      if (head.bracketed) state.bracketed = true
      state.lines++
      line = stop + 1
      continue
    }
    const isRest = byte === 0x3c
    if (isRest) {
      if (!startsWith(bytes, at, restOf)) return line
      byte = bytes[(at += restOf.length)] as number
    } else if (head.fields !== state.fields) return line
    const start = at
    let hash = 0
    while ((byte >= 0x61 && byte <= 0x7a) || byte === 0x5f || (byte >= 0x30 && byte <= 0x39)) {
      hash = (Math.imul(hash, 31) + byte) | 0
      byte = bytes[++at] as number
    }
    if (byte !== (isRest ? space : 0x28)) return line
    const id = names.find(bytes, start, at, hash)
    if (id < 0 || special[id] === always) return line
    if (isRest) {
      if (!startsWith(bytes, at, resumes)) return line
      at += resumes.length - 1
    }
    const tail = tailOf(bytes, at + 1, stop)
    if (tail === plain ? special[id] === whenReturned : isRest || tail !== unfinished) return line
    if (pid !== state.pid) to.turnTo(pid, isRest ? id : -1)
    if (isRest) {
      if (state.thread.pending !== id) return line
      state.thread.pending = -1
    } else {
      const entry = state.entries[id] ?? to.open(id, state.lines + 1)
      entry.count++
      state.calls++
      if (tail === unfinished) state.thread.pending = id
    }
    if (head.bracketed) state.bracketed = true
    state.lines++
    line = stop + 1
  }
  return end
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
