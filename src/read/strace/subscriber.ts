// Those who want the ledger's calls one by one, with the thread that each is of.
import type { CameBack } from './completion.ts'
import type { CallText } from './events.ts'
import type { Thread } from './thread.ts'

export interface Subscriber {
  entered?(thread: Thread, call: CallText): void
  /** The call `name` of the thread came back, in this line; `child` is the thread that it made. */
  returned?(thread: Thread, name: string, result: CameBack, child: number | undefined, line: string): void
  /** The thread runs another program. */
  replaced?(thread: Thread): void
  /** execve in this thread makes it go on under the pid of its process. */
  renamed?(thread: Thread, to: number): void
  /** SIGSYS came: the thread's last call was not carried out; or ended the thread. */
  trapped?(thread: Thread): void
  endedByFilter?(thread: Thread): void
}
