// Which clients of container engines a command starts while strace traces it, with their words: looked for now and then,
// because the trace holds no text. A client waits for its engine, and is there for longer than the pause.
import { setTimeout as wait } from 'node:timers/promises'
import { clientIn } from '../command/clients.ts'
import { textOf, tracedBy } from '../runner/processes.ts'

/** Milliseconds. */
const pause = 100

/** The words of each that was seen, until it is over. */
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
