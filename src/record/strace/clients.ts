// Finds the clients of container engines that a command starts while strace traces it, with their words. The trace has
// no text, so /proc is read at intervals. A client waits for its engine, so it lives longer than an interval.
import { setTimeout as wait } from 'node:timers/promises'
import { clientIn } from '../command/clients.ts'
import { textOf, tracedBy } from '../runner/processes.ts'

/** The interval. Milliseconds. */
const pause = 100

/** The words of each client that was seen until `over` aborts. */
export async function seenClients(
  tracer: () => number,
  over: AbortSignal,
): Promise<readonly (readonly string[])[]> {
  const found = new Map<number, readonly string[]>()
  for (; !over.aborted; await wait(pause, undefined, { signal: over }).catch(() => undefined)) {
    if (tracer() === 0) continue
    for (const pid of tracedBy(tracer())) {
      const words = textOf(pid, 'cmdline')?.replace(/\0$/, '').split('\0') ?? []
      if (clientIn(words) !== undefined) found.set(pid, words)
    }
  }
  return [...found.values()]
}
