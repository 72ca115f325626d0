// The rare paths of companions.ts. Reasons name them, and report/ has a sentence for each.
export type CompanionWhy =
  | 'thread' // a thread ends, waits, is cancelled, gives its stack back
  | 'child' // a process that was started is ended and waited for
  | 'abort' // an assertion fails, the heap is found corrupted
  | 'handler' // a signal handler raises the signal again
  | 'heap' // the heap grows in another way, or shrinks
  | 'message' // a message is written, a stream is closed
  | 'terminal' // a stream asks whether it writes to a terminal
  | 'resolver' // a name is looked up again, over TCP, with addresses of another family
  | 'timer' // a timer of a thread fires
  | 'identity' // every thread changes its user or group
