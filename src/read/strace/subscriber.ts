// Receives the ledger's calls one by one, each with its thread.
import type { CameBack } from './completion.ts'
import type { CallText } from './events.ts'
import type { Thread } from './thread.ts'

export interface Subscriber {
  entered?(thread: Thread, call: CallText): void
  /** The call `name` of the thread came back in `line`. `child`: the pid of the process or thread that it made. */
  returned?(thread: Thread, name: string, result: CameBack, child: number | undefined, line: string): void
  /** The thread executed another program. */
  replaced?(thread: Thread): void
  /** An execve in `by` ended the leader of its process. The leader goes on with the call that `by` is inside. */
  superseded?(leader: Thread, by: Thread): void
  /** This thread called execve and continues under the pid of its process, `to`. */
  renamed?(thread: Thread, to: number): void
  /** SIGSYS ended the thread. */
  endedByFilter?(thread: Thread): void
}

/** What a subscriber knows of `by` it now knows of the leader, whose own call never returns. */
export function inherit<Value>(known: WeakMap<Thread, Value>, leader: Thread, by: Thread): void {
  const value = known.get(by)
  known.delete(by)
  if (value === undefined) known.delete(leader)
  else known.set(leader, value)
}
