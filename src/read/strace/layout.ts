// The constants that the compiled line reader (assembly/lines.ts) and its host (compiled-lines.ts) share: sizes, kinds
// of lines, and values that mean none. scripts/make-compiled.ts writes them into the compiled code, by type.
import { lineLimit } from '../text.ts'
import { resultReach } from './completion.ts'
import { fields, pidField } from './lines.ts'
import { messageReach as cutReach } from './parse-line.ts'

export const layout = {
  i32: {
    /** The bytes of a name in the table with a parenthesis and zeros; the number of names; the bits of a hash slot. */
    nameSize: 32,
    nameRoom: 1024,
    slotBits: 12,
    /** The number of rows of counts, and of threads whose calls they count. */
    rowRoom: 32,
    threadRoom: 1024,
    /** The words of a row for the calls that the code counted first: their number, then each. */
    openedRoom: 64,
    /** The bytes of lines that are read at once. */
    inputSize: 1 << 18,
    pidField,
    timeField: fields.absolute.bit,
    relativeField: fields.relative.bit,
    numberField: fields.number.bit,
    pointerField: fields.pointer.bit,
    /** noNumber: the call has no number; otherNumber: a number that no call has. */
    noNumber: -1,
    otherNumber: -2,
    /** unnamed: the pid of a line without one; noThread, instead of a pid: no line. */
    unnamed: -1,
    noThread: -2,
    /** noValue: the line shows no result or a negative one; unread: only the host can read it. Of a cutLine, the place of the message. */
    noValue: -1,
    unread: -2,
    /** noCall: the thread is inside no call. */
    noCall: -1,
  },
  /** unopened, instead of a count: the call is none of those so far, and the code may count it. */
  u32: { unopened: 2 ** 31 },
  usize: { lineLimit, resultReach, cutReach },
  u8: {
    callLine: 0,
    unfinishedLine: 1,
    resumedLine: 2,
    /** A call that a message of strace cuts; its rest follows in a line with no start of its own. */
    cutLine: 3,
    signalLine: 4,
    exitLine: 5,
    restLine: 6,
    attachedLine: 7,
    /** Added to the kind: the host reads the text. */
    withText: 8,
    /** Instead of a kind. endOfInput: there is no further line; slow: only the TypeScript code can read the line. */
    endOfInput: 16,
    slow: 17,
    /** By name of a call. alwaysSlow: all its lines are slow; needsText: the host reads the text of its lines. */
    alwaysSlow: 1,
    needsText: 2,
  },
} as const

/** What read() found: counts of the lines that it took, then the line that it stopped at. Words of four bytes. */
export const foundWords = [
  'lines', 'calls', 'last', 'bracketed', 'succeeded', 'cut', 'at', 'next', 'pid', 'call', 'open', 'value', 'number',
] as const // prettier-ignore
