// Waits while something runs that we did not start.
import { setTimeout as wait } from 'node:timers/promises'
import { stopSignals, type RecordSettings } from '../recording.ts'

/** Until `isOver` is true, `for`, `stop` or a signal says so. `isOver` is asked every `pace` milliseconds. */
export async function untilOver(
  settings: Pick<RecordSettings, 'for' | 'stop' | 'signals'>,
  isOver: () => boolean | Promise<boolean>,
  pace = 100,
): Promise<void> {
  const signalled = new AbortController()
  const silence = settings.signals?.(() => signalled.abort())
  // Asked in the loop: in Node 20 AbortSignal.any does not keep a timeout from being collected.
  const stops = [signalled.signal, ...stopSignals(settings)]
  const stop = AbortSignal.any(stops)
  try {
    while (!stops.some(({ aborted }) => aborted) && !(await isOver()))
      await wait(pace, undefined, { signal: stop }).catch(() => undefined)
  } finally {
    silence?.()
  }
}
