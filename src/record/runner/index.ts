// Runs a launch to its end with a recorder. The command gets streams and signals as it would without us, and is
// ended in time. Processes that it leaves in the background are waited for.
import { execa } from 'execa'
import { UserError } from '../../errors.ts'
import type { EndingSignal, Exercise, NewestCall, Recording } from '../recording.ts'
import type { ChildEnd, Following, Launch, Recorder } from '../recorder.ts'
import type { Suspect } from '../refusals.ts'
import { tellLeftRunning, theRest } from './left-running.ts'
import { checkLoad, driveLoad } from './load.ts'
import { endAtOnce, endEndless, endInTime, tellAgain } from './end.ts'
import { pass } from './signals.ts'
import { spawnEnvironmentOf, streamsOf } from './spawn-environment.ts'

/** Throws UserError (125, 126, 127). */
export async function run(recorder: Recorder, launch: Launch): Promise<Recording> {
  checkLoad(launch.options)
  const over = new AbortController()
  let pid = 0
  const child = (): number => pid
  // We listen before the command exists: a signal that comes right after its start must not end us.
  const signals: EndingSignal[] = []
  let tell = (signal: EndingSignal): void => void signals.push(signal)
  const silence = launch.options.signals?.((signal) => tell(signal))
  let following: Following | undefined
  try {
    const made = await recorder.prepare(launch)
    let newest: NewestCall | undefined
    const prepared: Following = { ...made, askedToEnd: () => void (newest ??= made.newest?.()) }
    following = prepared
    if (made.newest !== undefined) launch.options.begun?.(made.newest)
    const again = new AbortController()
    let asked = 0
    tell = (signal) => {
      void pass(signal, launch, prepared, child, over.signal)
      if (++asked === 1) void tellAgain(launch, over.signal)
      else again.abort()
    }
    signals.forEach(tell)
    const { endless, ...end } = await follow(
      launch,
      following,
      over,
      again.signal,
      (started) => (pid = started),
    )
    const result = await following.result(end)
    const recording = { ...result, exercise: exerciseOf(prepared, result, newest) }
    return endless === undefined ? recording : { ...recording, endless }
  } finally {
    over.abort()
    silence?.()
    await following?.close()
  }
}

function exerciseOf(
  { signals, programs }: Following,
  recording: Pick<Recording, 'programs'>,
  newest: NewestCall | undefined,
): Exercise {
  const started = recording.programs ?? programs?.()
  return {
    signals: signals?.() ?? [],
    ...(newest && { newest }),
    ...(started !== undefined && { programs: started }),
  }
}

/** Starts the child and waits until the last recorded process has ended. */
async function follow(
  launch: Launch,
  following: Following,
  over: AbortController,
  again: AbortSignal,
  started: (pid: number) => void,
): Promise<ChildEnd & { readonly endless: Suspect | undefined }> {
  const { options, descriptors } = launch
  const [word, ...operands] = following.words
  const command = following.starting(() =>
    execa(following.file, operands, {
      ...spawnEnvironmentOf(options),
      ...streamsOf(options, descriptors),
      argv0: word,
      reject: false,
      cleanup: false,
    }),
  )
  const pid = command.pid ?? 0
  started(pid)
  launch.started?.(pid)
  const child = (): number => pid
  const watching = Promise.all([
    endInTime(launch, following, child, over.signal, again),
    endEndless(launch, following, child, over.signal),
    endAtOnce(launch, following, child, over.signal),
    tellLeftRunning(launch, following, over.signal),
  ])
  const ended = new AbortController()
  const loading = driveLoad(launch, following, child, ended.signal)
  const result = await command
  if (result.exitCode === undefined && result.signal === undefined) {
    const errno = (result.cause as NodeJS.ErrnoException | undefined)?.code
    throw new UserError('cannot-run', { program: word, errno, words: errno ?? result.shortMessage ?? '' })
  }
  await theRest(launch, following)
  ended.abort()
  const load = await loading
  over.abort()
  const [inTime, endless] = await watching
  const byUs = inTime || endless !== undefined || load?.kind === 'not-ready'
  return { status: result.exitCode, signal: result.signal, byUs, load, endless }
}
