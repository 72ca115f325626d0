// How a line of a call ends: with its result, cut off until later, or not at all because foreign text got between.
// Authority: syscall_exiting_trace() and line_ended() in strace; facts: log-formats.md sections 2 and 3.
import { splitArguments } from './arguments.ts'
import { failureNumbers, type Failure } from '../failures.ts'
import { messageAt } from './grammar.ts'

export type Ending =
  /** ` = …`: the call came back (or `= ?`: it did not, and will not). */
  | { readonly kind: 'returned'; readonly failure: Failure | undefined; readonly value: bigint | undefined }
  /** ` <unfinished ...>`: the rest follows in a line of its own. */
  | { readonly kind: 'unfinished' }
  /** strace let go of the process, or followed it to another pid: no rest will follow here. */
  | { readonly kind: 'abandoned' }
  /** Cut by a message of strace's own, which starts at `at`: what stands before it is whole. */
  | { readonly kind: 'interrupted'; readonly at: number }
  /** Cut by text that is not strace's, or by the end of the source. */
  | { readonly kind: 'open' }
  /** `close(fd);`: the parenthesis is closed and no result follows. That is C or prose, not strace. */
  | { readonly kind: 'none' }

const unfinished = /<unfinished \.\.\.>\s*$/
const abandoned =
  /<(?:detached \.\.\.|pid changed to \d+ \.\.\.|Cannot restart pid .*|unfinished \.\.\. exit status -?\d+)>\s*$/
const result = /^ *= (?:\?|(0x[0-9a-f]+|-?\d+))/
const failed = /^ *= -1 (?:(ENOSYS|EPERM|EACCES)\b|\(errno (38|1|13)\))/

/** How far from the end of its line a result may start that nothing behind it tells apart from another one. */
export const resultReach = 512

/**
 * A result as the end of the line: `) = 3`, `) = -1 ENOENT (No such file or directory)`, `) = 3</path> <0.000012>`.
 * No text of the program can stand behind it, so that a line that ends so is whole, whatever its arguments look like.
 */
const tail = /\) += (\?|0x[0-9a-f]+|-?\d+)(?:<[^]*>|( E[A-Z0-9]+)?( \([^()]*\))?)(?: <[\d.]+>)?$/

/** By the words of `tail`; where a kernel's errno has no name for strace, its number. */
const failures: Readonly<Record<string, Failure>> = Object.assign(
  Object.create(null) as object,
  ...(Object.keys(failureNumbers) as Failure[]).map((each) => ({
    [` ${each}`]: each,
    [` (errno ${failureNumbers[each]})`]: each,
  })),
)

/** The ending of the call whose parenthesis opens before `open`. */
export function endingOf(text: string, open: number): Ending {
  // Before the result: `) = 3</a <unfinished ...>` shows none, for strace escapes angle brackets in a path.
  if (text.endsWith('>')) {
    if (unfinished.test(text)) return { kind: 'unfinished' }
    if (abandoned.test(text)) return { kind: 'abandoned' }
  }
  const told = tailOf(text, open)
  if (told !== undefined) return told
  const { end } = splitArguments(text, open)
  const returned = end === undefined ? undefined : resultAt(text, end)
  if (returned !== undefined) return returned
  const at = messageAt(text)
  if (at !== undefined && at >= open) return { kind: 'interrupted', at }
  // Foreign text in the middle may hide the parenthesis, or show one: then it is the last that a result follows.
  const last = lastClosing(text, open)
  const late = last === undefined ? undefined : resultAt(text, last)
  return late ?? { kind: end === undefined ? 'open' : 'none' }
}

function tailOf(text: string, open: number): Ending | undefined {
  const found = tail.exec(text.slice(Math.max(open, text.length - resultReach)))
  if (found === null) return undefined
  const [, value = '', name, aside] = found
  const failure = value !== '-1' || aside === ' (INJECTED)' ? undefined : failures[name ?? aside ?? '']
  return {
    kind: 'returned',
    failure,
    value: value === '?' ? undefined : BigInt(value),
  }
}

/** The place after the last parenthesis that ` = ` and a value follow. */
function lastClosing(text: string, open: number): number | undefined {
  for (let at = text.lastIndexOf(' = '); at > open; at = text.lastIndexOf(' = ', at - 1)) {
    if (!/[-?\d]/.test(text.charAt(at + 3))) continue
    let before = at
    while (text.charCodeAt(before - 1) === 0x20) before--
    if (before > open && text.charCodeAt(before - 1) === 0x29) return before
  }
  return undefined
}

function resultAt(text: string, at: number): Ending | undefined {
  const rest = text.slice(at)
  const found = result.exec(rest)
  if (found === null) return undefined
  const value = found[1] === undefined ? undefined : BigInt(found[1])
  const [, name, number] = rest.includes('(INJECTED') ? [] : (failed.exec(rest) ?? [])
  return {
    kind: 'returned',
    failure: failures[name === undefined ? ` (errno ${number})` : ` ${name}`],
    value,
  }
}

/** Whether a line without a start of its own can be the second half of a cut call: `…) = 3`. */
export function closesCall(text: string): boolean {
  return /\) +=(?: |$)|<unfinished \.\.\.>$|<detached \.\.\.>$/.test(text)
}
