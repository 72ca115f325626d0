// The commonest lines, read from their bytes: `PID NAME(…) = RESULT`, `PID NAME(… <unfinished ...>` and
// `PID <... NAME resumed>…) = RESULT` of `strace -f -o`. It says nothing that reader.ts would not say of the same
// line (a property test holds the two equal); the first line that is not plain is left to that.
import type { NameId, Names } from './names.ts'
import type { Thread } from './process.ts'
import type { Entry } from './tally.ts'

/** What the scan counts into. The reader owns it; between its own lines the scan may change it. */
export interface ScanState {
  /** Lines taken so far in this source, the reader's included. */
  lines: number
  /** Calls counted so far in this source. */
  calls: number
  /** The thread of the last line, and where its calls are counted. */
  pid: number
  thread: Thread
  entries: (Entry | undefined)[]
}

export interface ScanTo {
  readonly state: ScanState
  readonly names: Names
  /** By name id: what the scan must leave to the reader. */
  readonly careful: Uint8Array
  /** Makes `pid` the thread of the state. */
  turnTo(pid: number): void
  /** The thread of the state has ended. */
  ended(): void
  /** The entry of a call not yet seen in the state's thread. */
  open(id: NameId, line: number): Entry
}

/** Calls with values to read, and those that replace the program. */
export const always = 1
/** Calls whose result is another process. */
export const whenReturned = 2

/** A result stands near the end of its line; further back than this is not looked for. */
const resultReach = 512
/** ` <unfinished ...>` */
const unfinishedLength = 17

const plain = 1
const unfinished = 2
const careful = 0

/** Takes plain lines from `at` on; returns where the first line that is not plain starts, or `end`. */
export function scanCommon(bytes: Buffer, at: number, end: number, to: ScanTo): number {
  const { state, names, careful: special } = to
  let line = at
  while (line < end) {
    let i = line
    let byte = bytes[i] as number
    let pid = 0
    while (byte >= 0x30 && byte <= 0x39) {
      pid = pid * 10 + (byte - 0x30)
      byte = bytes[++i] as number
    }
    // No pid is longer than 7 digits (2^22); seconds of the epoch are.
    if (i === line || i - line > 7 || byte !== 0x20) return line
    while (byte === 0x20) byte = bytes[++i] as number
    if (byte === 0x2b || byte === 0x2d) {
      const stop = bytes.indexOf(0x0a, i)
      if (byte === 0x2b ? !isExit(bytes, i) : !isCommonSignal(bytes, i)) return line
      if (byte === 0x2b) {
        if (pid !== state.pid) to.turnTo(pid)
        to.ended()
      }
      state.lines++
      line = stop + 1
      continue
    }
    const resumed = byte === 0x3c
    if (resumed) {
      // `<... `
      if (bytes[i + 1] !== 0x2e || bytes[i + 4] !== 0x20) return line
      i += 5
      byte = bytes[i] as number
    }
    const start = i
    let hash = 0
    while ((byte >= 0x61 && byte <= 0x7a) || byte === 0x5f || (byte >= 0x30 && byte <= 0x39)) {
      hash = (Math.imul(hash, 31) + byte) | 0
      byte = bytes[++i] as number
    }
    if (byte !== (resumed ? 0x20 : 0x28) || i === start) return line
    const id = names.find(bytes, start, i, hash)
    if (id < 0 || special[id] === always) return line
    // ` resumed>`
    if (resumed && (bytes[i + 1] !== 0x72 || bytes[i + 8] !== 0x3e)) return line
    const stop = bytes.indexOf(0x0a, i)
    const ending = endingOf(bytes, i, stop)
    if (ending === careful || (ending === plain ? special[id] === whenReturned : resumed)) return line
    if (pid !== state.pid) to.turnTo(pid)
    const { thread } = state
    if (resumed) {
      if (thread.pending !== id) return line
      thread.pending = -1
    } else {
      const seen = state.entries[id] ?? to.open(id, state.lines + 1)
      seen.count++
      state.calls++
      if (ending === unfinished) thread.pending = id
    }
    state.lines++
    line = stop + 1
  }
  return end
}

/** `+++ exited with `; `+++ killed by ` and `+++ superseded by ` say more. */
function isExit(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 0x2b &&
    bytes[at + 2] === 0x2b &&
    bytes[at + 4] === 0x65 &&
    bytes[at + 5] === 0x78 &&
    bytes[at + 9] === 0x64
  )
}

/** `--- SIGCHLD {…` and all others but SIGSYS, which tells of a call. */
function isCommonSignal(bytes: Uint8Array, at: number): boolean {
  const named =
    bytes[at + 1] === 0x2d &&
    bytes[at + 2] === 0x2d &&
    bytes[at + 4] === 0x53 &&
    bytes[at + 5] === 0x49 &&
    bytes[at + 6] === 0x47
  return named && !(bytes[at + 7] === 0x53 && bytes[at + 8] === 0x59)
}

/** How the line bytes[…, stop) ends: `careful` for all that is not the plainest. */
function endingOf(
  bytes: Uint8Array,
  open: number,
  stop: number,
): typeof plain | typeof unfinished | typeof careful {
  if (bytes[stop - 1] === 0x3e && bytes[stop - 2] === 0x2e) {
    const tail = stop - unfinishedLength
    return tail > open && bytes[tail] === 0x20 && bytes[tail + 1] === 0x3c && bytes[tail + 2] === 0x75
      ? unfinished
      : careful
  }
  const from = Math.max(open, stop - resultReach)
  for (let i = stop - 2; i > from; i--) {
    if (bytes[i] !== 0x3d || bytes[i + 1] !== 0x20 || bytes[i - 1] !== 0x20) continue
    let before = i - 2
    while (bytes[before] === 0x20) before--
    if (bytes[before] !== 0x29 /* ")" */) continue
    const first = bytes[i + 2] as number
    if (first === 0x2d) return isNoSuchCall(bytes, i + 5) ? careful : plain
    return (first >= 0x30 && first <= 0x39) || first === 0x3f ? plain : careful
  }
  return careful
}

/** `ENOS…` and `(errno …` after `= -1 `. */
function isNoSuchCall(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x28 ||
    (bytes[at] === 0x45 && bytes[at + 1] === 0x4e && bytes[at + 2] === 0x4f && bytes[at + 3] === 0x53)
  )
}
