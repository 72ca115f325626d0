// The events of a trace, in its order, after interleave.ts has joined the lines that were cut. The ledger counts the
// events; others subscribe to the ledger to get calls one by one.
import type { Completion } from './completion.ts'
import type { ModeName, Prefix, TrappedCall } from './parse-line.ts'

/** The text of a call, or of the rest of one. */
export interface CallText {
  readonly text: string
  readonly line: number
  readonly prefix: Prefix
  /** As printed; empty for a rest without a name. */
  readonly name: string
  /** The place of the first argument in `text`. */
  readonly open: number
  readonly completion: Completion
}

export interface Entered {
  readonly kind: 'entered'
  readonly call: CallText
}

/** The rest of a call: in the line of its entry, after `<... name resumed>`, or in a line with no start of its own. */
export interface Returned {
  readonly kind: 'returned'
  readonly half: 'at once' | 'resumed' | 'rest'
  readonly call: CallText
}

/** The thread's call will get no rest: strace detached from the thread, or follows it under another pid. */
export interface Lost {
  readonly kind: 'lost'
  readonly pid: number | undefined
  readonly changedTo: number | undefined
}

export interface Signal {
  readonly kind: 'signal'
  readonly pid: number | undefined
  readonly line: number
  /** SIGSYS came for the thread's last call. */
  readonly isTrap: boolean
  readonly refusal: TrappedCall | undefined
}

export interface Exit {
  readonly kind: 'exit'
  readonly pid: number | undefined
  readonly line?: number
  readonly how: 'exited' | 'killed' | 'killed by a filter'
  readonly signal?: string | undefined
  /** Thread `by` called execve and took this pid. */
  readonly by?: number
}

export interface Mode {
  readonly kind: 'mode'
  /** Undefined for lines without a pid. */
  readonly pid: number | undefined
  /** The pid in the message. */
  readonly named: number
  readonly mode: ModeName
}

/** strace attached to one more thread. */
export interface Attached {
  readonly kind: 'attached'
  readonly pid: number
}

export type Event = Entered | Returned | Lost | Signal | Exit | Mode | Attached
