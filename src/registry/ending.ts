// Ends requests: after a time, or all at once when the user does not want to wait. AbortSignal.any() would lose the
// time in Node 20, which lets the garbage collector take a timeout that only another signal refers to.

/** Aborts after milliseconds with a TimeoutError, or with `asked`. */
export function endingAfter(milliseconds: number, asked: AbortSignal | undefined): AbortSignal {
  const ending = new AbortController()
  const { signal } = ending
  setTimeout(() => ending.abort(new DOMException('no answer in time', 'TimeoutError')), milliseconds).unref()
  if (asked?.aborted === true) ending.abort(asked.reason)
  // Frees the listener when the time is over: `asked` may live for months.
  asked?.addEventListener('abort', () => ending.abort(asked.reason), { once: true, signal })
  return signal
}
