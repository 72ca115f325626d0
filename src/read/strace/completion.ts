// How a line of a call ends: with its result, cut off until later, or not at all because foreign text got between.
// The one place where results are read. Authority: syscall_exiting_trace() and line_ended() in strace; facts:
// log-formats.md sections 2 and 3.
import { errnoNumber } from '../../abi/errnos.ts'
import { failureOf, type Failure } from '../failures.ts'
import { splitArguments } from './arguments.ts'
import { endings } from './lines.ts'
import { messageAt } from './parse-line.ts'

export type Completion =
  /** ` = …`: the call came back. */
  | CameBack
  /** ` <unfinished ...>`, or a frame of -k at `at`: the rest follows under the name of the call. */
  | { readonly kind: 'unfinished'; readonly at?: number }
  /** strace let go of the process, or followed it to another pid: no rest will follow here. */
  | { readonly kind: 'abandoned'; readonly changedTo: number | undefined }
  /** Cut by a message of strace's own, which starts at `at`: what stands before it is whole. */
  | { readonly kind: 'interrupted'; readonly at: number }
  /** Cut by text that is not strace's, or by the end of the source. */
  | { readonly kind: 'open' }
  /** `close(fd);`: the parenthesis is closed and no result follows. That is C or prose, not strace. */
  | { readonly kind: 'none' }

export interface CameBack {
  readonly kind: 'returned'
  /** Undefined for `= ?`: it did not, and will not. */
  readonly value: bigint | undefined
  /** Of a failed call. */
  readonly errno: number | undefined
  /** The answer is strace's own (-e inject), not the kernel's. */
  readonly injected: boolean
}

/** The kernel's own answer that the call did nothing; undefined for every other result. */
export function failureIn({ value, errno, injected }: CameBack): Failure | undefined {
  return value === -1n && errno !== undefined && !injected ? failureOf(-errno) : undefined
}

/** How far from the end of its line a result may start that nothing behind it tells apart from another one. */
export const resultReach = 512

/** The ending of the call whose parenthesis opens before `open`. */
export function completionOf(text: string, open: number): Completion {
  // Before the result: `) = 3</a <unfinished ...>` shows none, for strace escapes angle brackets in a path.
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
  // Foreign text in the middle may hide the parenthesis, or show one: then it is the last that a result follows.
  const last = lastClosing(text, open)
  const late = last === undefined ? undefined : resultAt(text, last)
  return late ?? { kind: end === undefined ? 'open' : 'none' }
}

function wholeResult(text: string, open: number): CameBack | undefined {
  const found = endings.whole.pattern.exec(text.slice(Math.max(open, text.length - resultReach)))
  if (found === null) return undefined
  const [, value = '', name, aside] = found
  const number =
    name === undefined && aside !== undefined ? endings.errno.pattern.exec(aside)?.[1] : undefined
  return cameBack(value, name, number, aside !== undefined && endings.injected.pattern.test(aside))
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

function resultAt(text: string, at: number): CameBack | undefined {
  const { pattern } = endings.result
  pattern.lastIndex = at
  const found = pattern.exec(text)
  if (found === null) return undefined
  const [, value = '', name, number] = found
  return cameBack(value, name, number, endings.injected.pattern.test(text.slice(pattern.lastIndex)))
}

/** Whether a line without a start of its own can be the second half of a cut call: `…) = 3`. */
export function closesCall(text: string): boolean {
  return endings.rest.pattern.test(text)
}

/** Whether a parenthesis that a result follows stands in the text; at its start, where a line is nothing else. */
export function holdsResult(text: string): boolean {
  return text.search(endings.closed.pattern) !== -1
}

export function isBareResult(text: string): boolean {
  return text.search(endings.closed.pattern) === 0
}
