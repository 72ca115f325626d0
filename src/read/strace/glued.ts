// Finds strace's text behind text of the program without a line end: `foowrite(2, "foo", 3) = 3`. Text that certainly
// is strace's is read. A call that may be the program's is only reported. Authority: strace 4.5 to 7.2 write a line at
// once when it is whole (setvbuf() in strace.c), so the text of a write stands before its own line.
import { latin1 } from '../byte-text.ts'
import { isInSharedLog } from '../log-prefixes.ts'
import { unescapedBytes } from './context/texts.ts'
import { closesCall, completionOf, holdsResult } from './completion.ts'
import type { Names } from './names.ts'
import { pidField } from './lines.ts'
import { parseLine } from './parse-line.ts'

/** How many parentheses of a line are checked, how long the name before one can be, and how long its prefix. */
const gluedLimit = 64
const nameLimit = 40
const prefixLimit = 96

/** The places of finished or unfinished calls of known names, except at the very start. */
function* callsIn(text: string, names: Names): Generator<{ readonly at: number; readonly open: number }> {
  let open = text.indexOf('(', 1)
  for (let tried = 0; open !== -1 && tried < gluedLimit; tried++, open = text.indexOf('(', open + 1)) {
    const before = /[a-z0-9_]+$/.exec(text.slice(Math.max(1, open - nameLimit), open))?.[0] ?? ''
    for (let from = 0; from < before.length; from++)
      if (names.isKnown(before.slice(from))) {
        yield { at: open - before.length + from, open: open + 1 }
        break
      }
  }
}

/** Whether a finished call follows other text. */
export function isGlued(text: string, names: Names): boolean {
  return holdsResult(text) && !callsIn(text, names).next().done
}

/**
 * The place where strace's own line starts behind text of the program; undefined if it is not certain. `fields`: the
 * prefix fields of the run.
 */
export function ownStart(text: string, names: Names, fields: number): number | undefined {
  // The program does not write to strace's own file (-o). In a shared log, another writer wrote the line.
  if ((fields & pidField) !== 0 || isInSharedLog(text)) return undefined
  const tagged = behindTag(text, names)
  if (tagged !== undefined || !closesCall(text)) return tagged
  for (const { at, open } of callsIn(text, names)) {
    if (!isFinished(text, open)) continue
    if (fields !== 0) {
      const own = behindFields(text, at, names, fields)
      if (own !== undefined) return own
    } else if (isLetters(text.slice(0, at)) || isWritten(text, at, open)) return at
  }
  return undefined
}

/** Where a prefix with the fields of the run starts, before the call at `at`. */
function behindFields(text: string, at: number, names: Names, fields: number): number | undefined {
  for (let from = Math.max(1, at - prefixLimit); from < at; from++)
    if (parseLine(text.slice(from)).prefix.fields === fields && startsCall(text, from, names)) return from
  return undefined
}

/** Whether a word is directly before the call. An underscore may belong to the name of a call that no table has. */
function isLetters(text: string): boolean {
  return /^[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*$/.test(text)
}

/** `[pid N] ` in the middle of a line starts a line of strace. */
function behindTag(text: string, names: Names): number | undefined {
  for (let at = text.indexOf('[pid ', 1), tried = 0; at !== -1 && tried < gluedLimit; tried++) {
    const { prefix, shape } = parseLine(text.slice(at))
    const { kind } = shape
    const isOwn = kind === 'resumed' || kind === 'exit' || kind === 'signal' || kind === 'superseded'
    if (prefix.bracketed && (isOwn || startsCall(text, at, names))) return at
    at = text.indexOf('[pid ', at + 1)
  }
  return undefined
}

function startsCall(text: string, from: number, names: Names): boolean {
  const { shape } = parseLine(text.slice(from))
  return shape.kind === 'call' && names.isKnown(shape.name) && isFinished(text, from + shape.open)
}

function isFinished(text: string, open: number): boolean {
  const { kind } = completionOf(text, open)
  return kind === 'returned' || kind === 'unfinished'
}

/** The strings that a writing call gets: one, or a list. */
const texts = /"((?:[^"\\]|\\.)*)"(\.\.\.)?/g
const writes = /^p?write(?:v2?|64)?\(|^send(?:to|msg)?\(/

/** Whether the text before the call is what the call wrote, or wrote after the last line end. */
function isWritten(text: string, at: number, open: number): boolean {
  if (!writes.test(text.slice(at, open))) return false
  const shown = [...text.slice(open).matchAll(texts)]
  const isCut = shown.at(-1)?.[2] !== undefined
  const written = shown.map(([, each = '']) => latin1(unescapedBytes(each))).join('')
  const before = text.slice(0, at)
  if (before === '' || written === '') return false
  return isCut ? before.startsWith(written) : written.slice(written.lastIndexOf('\n') + 1) === before
}
