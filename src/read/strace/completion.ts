// Decides how the line of a call ends: with its result, unfinished, or cut by foreign text. Results are read only here.
// Authority: syscall_exiting_trace() and line_ended() in strace's syscall.c and strace.c.
import { errnoNumber } from '../../abi/errnos.ts'
import { failureOf, type Failure } from '../failures.ts'
import { splitArguments } from './arguments.ts'
import { endings } from './lines.ts'
import { messageAt } from './parse-line.ts'

export type Completion =
  /** ` = …`: the call came back. */
  | CameBack
  /** ` <unfinished ...>`, or a stack frame of -k at `at`: the rest follows in a line with the name of the call. */
  | { readonly kind: 'unfinished'; readonly at?: number }
  /** strace detached from the process, or followed it to another pid: no rest follows in this thread. */
  | { readonly kind: 'abandoned'; readonly changedTo: number | undefined }
  /** Cut by one of strace's own messages, which starts at `at`: the text before it is whole. */
  | { readonly kind: 'interrupted'; readonly at: number }
  /** Cut by text of the program, or by the end of the source. */
  | { readonly kind: 'open' }
  /** `close(fd);`: the parenthesis is closed and no result follows. This is C or prose, not strace. */
  | { readonly kind: 'none' }

export interface CameBack {
  readonly kind: 'returned'
  /** Undefined for `= ?`: the call did not return and never will. */
  readonly value: bigint | undefined
  /** The errno of a failed call. */
  readonly errno: number | undefined
  /** strace made up the result (-e inject). */
  readonly injected: boolean
}

/** The kernel's error that says that the call did nothing; undefined for every other result. */
export function failureIn({ value, errno, injected }: CameBack): Failure | undefined {
  return value === -1n && errno !== undefined && !injected ? failureOf(-errno) : undefined
}

/** How far from the end of its line a result may start for the pattern `whole` to read it. */
export const resultReach = 512

/** How the call ends whose parenthesis opens just before `open`. */
export function completionOf(text: string, open: number): Completion {
  // Checked first: `) = 3</a <unfinished ...>` has no result, because strace escapes angle brackets in paths.
  if (text.endsWith('>')) {
    if (endings.unfinished.pattern.test(text)) return { kind: 'unfinished' }
    const abandoned = endings.abandoned.pattern.exec(text)
    if (abandoned !== null)
      return {
        kind: 'abandoned',
        changedTo: abandoned[1] === undefined ? undefined : Number(abandoned[1]),
      }
  }
  if (text.includes(' > ')) {
    const frame = endings.frame.pattern.exec(text)
    if (frame !== null && frame.index >= open) return { kind: 'unfinished', at: frame.index }
  }
  const whole = wholeResult(text, open)
  if (whole !== undefined) return whole
  const { end } = splitArguments(text, open)
  const returned = end === undefined ? undefined : resultAt(text, end)
  if (returned !== undefined) return returned
  const at = messageAt(text)
  if (at !== undefined && at >= open) return { kind: 'interrupted', at }
  // Foreign text in the middle may hide the closing parenthesis or add one: take the last one that a result follows.
  const last = lastClosing(text, open)
  const late = last === undefined ? undefined : resultAt(text, last)
  return late ?? { kind: end === undefined ? 'open' : 'none' }
}

function wholeResult(text: string, open: number): CameBack | undefined {
  const found = endings.whole.pattern.exec(text.slice(Math.max(open, text.length - resultReach)))
  if (found === null) return undefined
  const [, value = '', name, aside, notes = ''] = found
  const number =
    name === undefined && aside !== undefined ? endings.errno.pattern.exec(aside)?.[1] : undefined
  return cameBack(value, name, number, endings.injected.pattern.test((aside ?? '') + notes))
}

function cameBack(
  value: string,
  name: string | undefined,
  number: string | undefined,
  injected: boolean,
): CameBack {
  const errno = name === undefined ? number && Number(number) : errnoNumber(name)
  return {
    kind: 'returned',
    value: value === '?' ? undefined : BigInt(value),
    errno: errno || undefined,
    injected,
  }
}

/** The place after the last parenthesis that is followed by ` = ` and a value. */
function lastClosing(text: string, open: number): number | undefined {
  for (let at = text.lastIndexOf(' = '); at > open; at = text.lastIndexOf(' = ', at - 1)) {
    if (!/[-?\d]/.test(text.charAt(at + 3))) continue
    let before = at
    while (text.charCodeAt(before - 1) === 0x20) before--
    if (before > open && text.charCodeAt(before - 1) === 0x29) return before
  }
  return undefined
}

function resultAt(text: string, at: number): CameBack | undefined {
  const { pattern } = endings.result
  pattern.lastIndex = at
  const found = pattern.exec(text)
  if (found === null) return undefined
  const [, value = '', name, number] = found
  return cameBack(value, name, number, endings.injected.pattern.test(text.slice(pattern.lastIndex)))
}

/** Whether a line without the start of a strace line can be the second half of a cut call: `…) = 3`. */
export function closesCall(text: string): boolean {
  return endings.rest.pattern.test(text)
}

/** Whether the text has a parenthesis that a result follows. `isBareResult`: whether the text starts with it. */
export function holdsResult(text: string): boolean {
  return text.search(endings.closed.pattern) !== -1
}

/** Whether the text is only the second half of a call: arguments, a parenthesis that no other opens, a result. */
export function isSecondHalf(text: string): boolean {
  const { end } = splitArguments(text, 0)
  return end !== undefined && resultAt(text, end) !== undefined
}

export function isBareResult(text: string): boolean {
  return text.search(endings.closed.pattern) === 0
}
