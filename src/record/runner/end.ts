// Ends the recorded workload: when the time is up, when a filter refuses the same call without end, or at once.
import { setTimeout as wait } from 'node:timers/promises'
import type { Following, Launch } from '../recorder.ts'
import type { Suspect } from '../refusals.ts'
import { signalProcess } from './processes.ts'
import { commandOf } from './signals.ts'

/** How often we check whether a workload has ended. Milliseconds. */
const pause = 150
/** How long a container may take to end after a signal before we say what a second one does. Milliseconds. */
const patience = 2000
/** How long a workload may take to end after SIGTERM. Milliseconds. */
const grace = 10_000

/** Stops the command as production does: a container by its engine, another command by SIGTERM. */
export async function stopWorkload(
  { container }: Launch,
  following: Following,
  child: () => number,
  over: AbortSignal,
): Promise<void> {
  const command = await commandOf(following, child, over)
  following.askedToEnd?.()
  if (command === undefined || (await container?.stop()) === true) return
  await endWorkload(command, following.members, over)
}

/** Sends SIGTERM to the command, then to processes it left behind. After the grace time SIGKILL ends the rest. */
async function endWorkload(
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

/**
 * Whether a second signal stops the workload. The first program of a container ignores a signal that it does not handle
 * (pid_namespaces(7)). Another command may have its own use for many signals, such as a shell.
 */
const stopsAtSecond = ({ container, options }: Launch): boolean =>
  container !== undefined && options.kill === undefined

/** Says that a second signal stops the container, if the first one did not end it. */
export async function tellAgain(launch: Launch, over: AbortSignal): Promise<void> {
  if (!stopsAtSecond(launch)) return
  await wait(patience, undefined, { signal: over }).catch(() => undefined)
  if (!over.aborted) launch.options.notice?.({ code: 'second-signal-stops' })
}

/**
 * Stops the command when the time is up, the caller aborts `stop`, or a second signal comes (`again`) where it does so.
 * Returns whether it stopped the command.
 */
export async function endInTime(
  launch: Launch,
  following: Following,
  child: () => number,
  over: AbortSignal,
  again: AbortSignal,
): Promise<boolean> {
  const due = new AbortController()
  const { stop, for: time } = launch.options
  const stopping = [stop, stopsAtSecond(launch) ? again : undefined].filter((each) => each !== undefined)
  if (stopping.length === 0 && time === undefined) return false
  for (const each of stopping) {
    if (each.aborted) due.abort()
    each.addEventListener('abort', () => due.abort(), { signal: over })
  }
  if (time !== undefined) void timeUp(time, following, over).then(() => due.abort())
  const asked = AbortSignal.any([due.signal, over])
  if (!asked.aborted) await new Promise((resolve) => asked.addEventListener('abort', resolve, { once: true }))
  if ((await commandOf(following, child, over)) === undefined) return false
  await stopWorkload(launch, following, child, over)
  return true
}

/** Waits for `time`, which starts when a container's program does: its setup takes time and is not recorded. */
async function timeUp(time: number, following: Following, over: AbortSignal): Promise<void> {
  const sleep = (milliseconds: number) =>
    wait(milliseconds, undefined, { signal: over }).catch(() => undefined)
  while (following.hasBegun?.() === false && !over.aborted) await sleep(50)
  await sleep(time)
}

/** How often a filter's refusals are counted. Milliseconds. */
const interval = 1000
/**
 * Only a loop that another answer would end makes this many refusals of one call in each of this many consecutive
 * intervals. A thread whose exit is refused makes a million a second, or twenty thousand if strace stops it at each.
 */
const endless = { calls: 5000, intervals: 3 } as const

/** Ends a command whose filter refuses the same call without end. Returns that call. */
export async function endEndless(
  { watch }: Launch,
  following: Following,
  child: () => number,
  over: AbortSignal,
): Promise<Suspect | undefined> {
  const { suspects } = following
  if (watch === undefined || suspects === undefined) return undefined
  let counts = new Map<string, number>()
  let streaks = new Map<string, number>()
  for (;;) {
    await wait(interval, undefined, { signal: over }).catch(() => undefined)
    if (over.aborted) return undefined
    const now = byCall(suspects())
    const grown = [...now].filter(([call, { count }]) => count - (counts.get(call) ?? 0) >= endless.calls)
    streaks = new Map(grown.map(([call]) => [call, (streaks.get(call) ?? 0) + 1]))
    counts = new Map([...now].map(([call, { count }]) => [call, count]))
    const [found] = [...streaks].find(([, intervals]) => intervals >= endless.intervals) ?? []
    if (found === undefined) continue
    const command = await commandOf(following, child, over)
    if (command !== undefined) await endWorkload(command, following.members, over)
    return now.get(found)
  }
}

function byCall(suspects: readonly Suspect[]): ReadonlyMap<string, Suspect> {
  const sums = new Map<string, Suspect>()
  for (const suspect of suspects) {
    const { architecture, number, result, count } = suspect
    const call = [architecture, number, result].join(' ')
    const before = sums.get(call)
    sums.set(call, { ...(before ?? suspect), count: (before?.count ?? 0) + count })
  }
  return sums
}

/** Kills all recorded processes when the caller aborts `kill`. */
export async function endAtOnce(
  { options: { kill } }: Launch,
  following: Following,
  child: () => number,
  over: AbortSignal,
): Promise<void> {
  if (kill === undefined) return
  const asked = AbortSignal.any([kill, over])
  if (!asked.aborted) await new Promise((resolve) => asked.addEventListener('abort', resolve, { once: true }))
  while (!over.aborted) {
    const members = await following.members()
    // The client of an engine ends with its container, so it is killed only if no process is recorded.
    const command = following.command === undefined ? child() : following.command()
    for (const pid of members.length > 0 ? members : [command ?? 0])
      if (pid > 0) signalProcess(pid, 'SIGKILL')
    await wait(pause, undefined, { signal: over }).catch(() => undefined)
  }
}
