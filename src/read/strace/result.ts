// How a line of a call ends: with its result, cut off until later, or not at all because foreign text got between.
// Authority: syscall_exiting_trace() and line_ended() in strace; facts: log-formats.md sections 2 and 3.
import { splitArguments } from './arguments.ts'

export type Ending =
  /** ` = …`: the call came back (or `= ?`: it did not, and will not). */
  | {
      readonly kind: 'returned'
      readonly enosys: boolean
      readonly value: bigint | undefined
      readonly injected: boolean
    }
  /** ` <unfinished ...>`: the rest follows in a line of its own. */
  | { readonly kind: 'unfinished' }
  /** strace let go of the process, or followed it to another pid: no rest will follow here. */
  | { readonly kind: 'abandoned' }
  /** Neither: the line was cut by text that is not strace's, or by the end of the source. */
  | { readonly kind: 'open' }

const unfinished = /<unfinished \.\.\.>\s*$/
const abandoned =
  /<(?:detached \.\.\.|pid changed to \d+ \.\.\.|Cannot restart pid .*|unfinished \.\.\. exit status -?\d+)>\s*$/
const result = /^ *= (-?\d+|0x[0-9a-f]+|\?)?/
const enosys = /^ *= -1 (?:ENOSYS\b|\(errno 38\))/

/** The ending of the call whose parenthesis opens before `open`. */
export function endingOf(text: string, open: number): Ending {
  if (text.endsWith('>')) {
    if (unfinished.test(text)) return { kind: 'unfinished' }
    if (abandoned.test(text)) return { kind: 'abandoned' }
  }
  const { end, inside } = splitArguments(text, open)
  if (end !== undefined) return resultAt(text, end)
  // A string cut in the middle swallows the parenthesis: take the last one that is followed by a result.
  const last = inside ? text.lastIndexOf(') ') : -1
  return last === -1 ? { kind: 'open' } : resultAt(text, last + 1)
}

function resultAt(text: string, at: number): Ending {
  const rest = text.slice(at)
  const found = result.exec(rest)
  if (found === null) return { kind: 'open' }
  const injected = rest.includes('(INJECTED')
  const number = found[1]
  return {
    kind: 'returned',
    enosys: enosys.test(rest) && !injected,
    injected,
    value: number === undefined || number === '?' ? undefined : BigInt(number),
  }
}

/** Whether a line without a start of its own can be the second half of a cut call: `…) = 3`. */
export function closesCall(text: string): boolean {
  return /\) +=(?: |$)|<unfinished \.\.\.>$|<detached \.\.\.>$/.test(text)
}
