// Passes each signal that reached us on to the recorded command, once.
import { setTimeout as wait } from 'node:timers/promises'
import type { EndingSignal } from '../recording.ts'
import type { Following, Launch } from '../recorder.ts'
import { signalProcess } from './processes.ts'

/** How often we look for the command's process. Milliseconds. */
const pause = 150

/** Waits for the command's process; undefined if everything is over before. */
export async function commandOf(
  following: Following,
  child: () => number,
  over: AbortSignal,
): Promise<number | undefined> {
  for (;;) {
    const pid = following.command === undefined ? child() : following.command()
    if (over.aborted) return undefined
    if (pid !== undefined && pid > 0) return pid
    await wait(pause, undefined, { signal: over }).catch(() => undefined)
  }
}

/** Passes a signal on, unless the command received it too: Ctrl-C, or a supervisor that signals the group. */
export async function pass(
  signal: EndingSignal,
  { passesNothing }: Launch,
  following: Following,
  child: () => number,
  over: AbortSignal,
): Promise<void> {
  const came = performance.now()
  await wait(following.echo, undefined, { signal: over }).catch(() => undefined)
  const command = await commandOf(following, child, over)
  // The recorder may be closed by now, and the command may have ended.
  if (over.aborted || command === undefined || following.reached(signal, came)) return
  following.askedToEnd?.()
  const sent = await send(signal, command, following, passesNothing === true)
  if (sent && !over.aborted) following.reached(signal, performance.now())
}

async function send(
  signal: EndingSignal,
  command: number,
  following: Following,
  passesNothing: boolean,
): Promise<boolean> {
  const below = passesNothing ? (await following.members()).filter((pid) => pid !== command) : []
  for (const pid of below) signalProcess(pid, signal)
  if (below.length > 0 || signalProcess(command, signal)) return true
  for (const pid of await following.members()) signalProcess(pid, signal)
  return false
}
