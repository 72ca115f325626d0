// What a trace tells, in its order, once lines that were cut or torn apart are put together (interleave.ts). The ledger
// counts it; whoever else wants calls one by one subscribes to the ledger.
import type { Completion } from './completion.ts'
import type { ModeName, Prefix, TrappedCall } from './parse-line.ts'

/** The text of a call, or of the rest of one. */
export interface CallText {
  readonly text: string
  readonly line: number
  readonly prefix: Prefix
  /** As printed; of a rest without a name, empty. */
  readonly name: string
  /** The place of the first argument. */
  readonly open: number
  readonly completion: Completion
}

export interface Entered {
  readonly kind: 'entered'
  readonly call: CallText
}

/** The rest of a call: in the line of its entry, under `<... name resumed>`, or in a line of no form of its own. */
export interface Returned {
  readonly kind: 'returned'
  readonly half: 'at once' | 'resumed' | 'rest'
  readonly call: CallText
}

/** No rest of the call that the thread is in will follow here: strace let go of it, or follows it under another pid. */
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
  /** execve in thread `by` made this pid that thread's. */
  readonly by?: number
}

export interface Mode {
  readonly kind: 'mode'
  /** Undefined for lines that name no thread. */
  readonly pid: number | undefined
  /** The pid that the message names. */
  readonly named: number
  readonly mode: ModeName
}

/** strace traces one more thread. */
export interface Attached {
  readonly kind: 'attached'
  readonly pid: number
}

export type Event = Entered | Returned | Lost | Signal | Exit | Mode | Attached
