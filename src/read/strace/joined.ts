// Separates lines of strace that stand on one line because a logger or a paste lost their line ends. Every part must be
// a whole line of strace's: nothing else tells one from text of the program. Authority: printleader(),
// syscall_exiting_trace() and line_ended() in strace: a line ends with a result, a mark, an exit, a signal or a message.
import { endOfDecoration, splitArguments } from './arguments.ts'
import { endings, joints } from './lines.ts'
import type { Names } from './names.ts'
import { isLine, parseLine } from './parse-line.ts'

/** Whether another line may begin in this text: most lines contain nothing that one could begin with. */
export function mayBeLines(text: string): boolean {
  const first = text.search(joints.end.pattern)
  if (first === -1) return false
  const { pattern } = joints.more
  pattern.lastIndex = first + 1
  return pattern.test(text)
}

/** The lines in this text; undefined if another line may begin in it, and not all of the text is lines. */
export function linesIn(text: string, names: Names): readonly string[] | undefined {
  if (!mayBeLines(text)) return [text]
  const lines: string[] = []
  for (let rest = text; ;) {
    const end = endOfLine(rest, names)
    // Behind the first line, text that begins none is a note of its own, as a newer strace may add.
    if (end === undefined)
      return lines.length === 0 || (lines.length === 1 && !isLine(rest)) ? [text] : undefined
    lines.push(rest.slice(0, end))
    const next = rest.slice(end).search(/[^ ]/)
    if (next === -1) return lines
    if (next === 0) return lines.length === 1 ? [text] : undefined
    rest = rest.slice(end + next)
  }
}

/** Where strace's line ends with which the text begins; undefined if it is none, or goes on. */
function endOfLine(text: string, names: Names): number | undefined {
  const { prefix, shape } = parseLine(text)
  switch (shape.kind) {
    case 'call':
      return names.isKnown(shape.name) ? endOfCall(text, shape.open) : undefined
    case 'resumed':
      return endOfCall(text, shape.open)
    case 'exit':
    case 'superseded':
      return behind(joints.exit.pattern, text, prefix.length)
    case 'signal':
      return behind(joints.signal.pattern, text, prefix.length)
    case 'attached':
      return behind(joints.attached.pattern, text, 0)
    default:
      return undefined
  }
}

function endOfCall(text: string, open: number): number | undefined {
  const { pattern } = joints.unfinished
  pattern.lastIndex = open
  const mark = pattern.exec(text)
  const before = splitArguments(mark === null ? text : text.slice(0, mark.index), open)
  if (before.end !== undefined) return endOfResult(text, before.end)
  if (mark === null) return undefined
  if (!before.inside) return mark.index + mark[0].length
  // A string or a path contains the mark.
  const { end } = splitArguments(text, open)
  return end === undefined ? undefined : endOfResult(text, end)
}

function endOfResult(text: string, closed: number): number | undefined {
  const value = behind(endings.value.pattern, text, closed)
  if (value === undefined) return undefined
  const path = text.charAt(value) === '<' ? endOfDecoration(text, value) + 1 : value
  let at = behind(joints.error.pattern, text, path) ?? path
  while (text.startsWith(' (', at)) {
    const { end } = splitArguments(text, at + 2)
    if (end === undefined) return undefined
    at = end
  }
  return behind(joints.time.pattern, text, at) ?? at
}

function behind(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}
