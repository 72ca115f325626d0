// Waits for the end of a recording whose processes seccomp-gen did not start.
import { setTimeout as wait } from 'node:timers/promises'
import { stopSignals, type RecordSettings } from '../recording.ts'

/** Waits until `isOver` is true, or until `for`, `stop` or a signal ends it. `pace`: milliseconds between questions. */
export async function untilOver(
  settings: Pick<RecordSettings, 'for' | 'stop' | 'signals'>,
  isOver: () => boolean | Promise<boolean>,
  pace = 100,
): Promise<void> {
  const signalled = new AbortController()
  const silence = settings.signals?.(() => signalled.abort())
  // The loop asks each signal: in Node 20 AbortSignal.any does not protect a timeout from garbage collection.
  const stops = [signalled.signal, ...stopSignals(settings)]
  const stop = AbortSignal.any(stops)
  try {
    while (!stops.some(({ aborted }) => aborted) && !(await isOver()))
      await wait(pace, undefined, { signal: stop }).catch(() => undefined)
  } finally {
    silence?.()
  }
}
