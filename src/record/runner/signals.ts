// Signals to what is recorded: those that reached us are passed on, once, and when the time is over all of it is ended.
import { setTimeout as wait } from 'node:timers/promises'
import { stopSignals, type EndingSignal } from '../recording.ts'
import type { Following, Launch } from '../recorder.ts'
import { signalProcess } from './processes.ts'

/** How often it is looked whether a workload has ended. Milliseconds. */
const pause = 150
/** How long a workload has to end after SIGTERM. Milliseconds. */
const grace = 10_000

/** SIGTERM to the command, then to what it leaves behind; SIGKILL to whatever is left when the grace is over. */
export async function endWorkload(
  command: number,
  left: () => readonly number[] | Promise<readonly number[]>,
  over: AbortSignal,
): Promise<void> {
  const late = performance.now() + grace
  let told = signalProcess(command, 'SIGTERM') ? [command] : []
  for (;;) {
    await wait(pause, undefined, { signal: over }).catch(() => undefined)
    if (over.aborted) return
    if (performance.now() > late) for (const pid of await left()) signalProcess(pid, 'SIGKILL')
    else if (!signalProcess(command, 0)) {
      const others = (await left()).filter((pid) => !told.includes(pid))
      for (const pid of others) signalProcess(pid, 'SIGTERM')
      told = [...told, ...others]
    }
  }
}

/** The command's process, once it is there; undefined where all is over before. */
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

/** Passes a signal on, unless the command was sent it as well: Ctrl-C, a supervisor that signals the group. */
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
  // What follows may be closed by now, and nobody is left to be told.
  if (over.aborted || command === undefined || following.reached(signal, came)) return
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

/** When the time is up, or the caller says so. */
export async function endInTime(
  { options }: Launch,
  following: Following,
  child: () => number,
  over: AbortSignal,
): Promise<void> {
  const due = stopSignals(options)
  if (due.length === 0) return
  const asked = AbortSignal.any([...due, over])
  if (!asked.aborted) await new Promise((resolve) => asked.addEventListener('abort', resolve, { once: true }))
  const command = await commandOf(following, child, over)
  if (command !== undefined) await endWorkload(command, following.members, over)
}
