// What the compiled reader of lines (assembly/lines.ts) and its host (compiled-lines.ts) say alike: sizes, kinds of lines,
// what stands for nothing. scripts/make-compiled.ts writes it into the compiled code, by type.
import { lineLimit } from '../text.ts'
import { resultReach } from './completion.ts'
import { numberField, pidField, pointerField, relativeField, timeField } from './parse-line.ts'

export const layout = {
  i32: {
    /** Bytes of a name in the table, a parenthesis and zeros included; how many it has room for, and places by hash. */
    nameSize: 32,
    nameRoom: 1024,
    slotBits: 12,
    /** Rows of counts, and threads whose calls are counted in them. */
    rowRoom: 32,
    threadRoom: 1024,
    /** Bytes of lines at once. */
    inputSize: 1 << 18,
    pidField,
    timeField,
    relativeField,
    numberField,
    pointerField,
    /** The number of a call that has none, and one that no call has. */
    noNumber: -1,
    otherNumber: -2,
    /** The pid of a line that names none; instead of a pid, no line. */
    unnamed: -1,
    noThread: -2,
    /** The result of a line that shows none, or one below 0; what a thread is inside of that is inside no call. */
    noValue: -1,
    noCall: -1,
  },
  usize: { lineLimit, resultReach },
  u8: {
    callLine: 0,
    unfinishedLine: 1,
    resumedLine: 2,
    signalLine: 3,
    exitLine: 4,
    /** Beside the kind: the host reads the text. */
    withText: 8,
    /** Instead of a kind: there is no further line; or only the careful reader can tell what it is. */
    endOfInput: 16,
    slow: 17,
    /** By name of a call: every line of it is slow; or its text is read by the host. */
    alwaysSlow: 1,
    needsText: 2,
  },
} as const

/** What is found of a line and before it, in words of four bytes. */
export const foundWords = [
  'lines', 'calls', 'last', 'bracketed', 'at', 'next', 'pid', 'call', 'open', 'value', 'number',
] as const // prettier-ignore
