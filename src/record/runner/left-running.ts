// Processes that a command leaves in the background are recorded until they end, and a notice says so.
import { setTimeout as wait } from 'node:timers/promises'
import type { Following, Launch } from '../recorder.ts'

/** How long such a process runs before the notice. Milliseconds. */
const patience = 1000

/** After the command has ended, waits for the processes that it left behind. */
export async function theRest({ options }: Launch, { members }: Following): Promise<void> {
  const since = performance.now()
  for (let said = false, pause = 1; ; pause = Math.min(pause * 2, 100)) {
    const left = (await members()).length
    if (left === 0) return
    if (!said && performance.now() - since > patience) {
      said = true
      options.notice?.({ code: 'left-running', processes: left })
    }
    await wait(pause)
  }
}

/** Sends the notice if the child, a tracer, outlives the command until the processes left behind have ended. */
export async function tellLeftRunning(
  { options }: Launch,
  { hasEnded, members }: Following,
  over: AbortSignal,
): Promise<void> {
  if (hasEnded === undefined || options.notice === undefined) return
  const pause = () => wait(patience, undefined, { signal: over }).catch(() => undefined)
  while (!hasEnded() && !over.aborted) await pause()
  await pause()
  if (over.aborted) return
  const processes = (await members()).length
  if (processes > 0 && !over.aborted) options.notice({ code: 'left-running', processes })
}
