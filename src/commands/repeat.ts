// `trace --repeat N`: makes N recordings one after the other and merges them. The observations count each run.
import { mergeObservations } from '../observe/index.ts'
import type { Exercise, Recording } from '../record/index.ts'
import { statusOf } from './ending.ts'
import type { World } from './world.ts'

/** Makes the recordings. Stops early if a program never started, or at a signal. */
export async function recordRuns(
  runs: number,
  record: (run: number) => Promise<Recording>,
  world: World,
): Promise<Recording> {
  const asked = new AbortController()
  const silence = world.signals(() => asked.abort())
  const recordings: Recording[] = []
  try {
    while (recordings.length < runs && !asked.signal.aborted) {
      const recording = await record(recordings.length + 1)
      if (recording.started === false) return recording
      recordings.push(recording)
    }
  } finally {
    silence()
  }
  const last = recordings.at(-1) as Recording
  const failed = recordings.find(({ ending }) => statusOf(ending) !== 0)
  const { noNewPrivileges, ...rest } = failed ?? last
  return {
    ...rest,
    exercise: exerciseOf(recordings),
    observations: mergeObservations(...recordings.map(({ observations }) => observations)),
    ...(recordings.some(({ each }) => each !== undefined) && { each: eachOf(recordings) }),
    ...(recordings.every((each) => each.noNewPrivileges) && noNewPrivileges && { noNewPrivileges }),
  }
}

/** For each container, by its name, the merged observations of all runs. */
function eachOf(recordings: readonly Recording[]): NonNullable<Recording['each']> {
  const all = recordings.flatMap(({ each = [] }) => each)
  const names = [...new Set(all.map(({ name }) => name))]
  return names.map((name) => ({
    name,
    observations: mergeObservations(
      ...all.flatMap((each) => (each.name === name ? [each.observations] : [])),
    ),
  }))
}

/** The signals and started programs of all runs, and the newest call of the last one. */
function exerciseOf(recordings: readonly Recording[]): Exercise {
  const all = recordings.flatMap(({ exercise }) => exercise ?? [])
  const newest = all.at(-1)?.newest
  const programs = all.reduce<number | undefined>(
    (sum, each) => (sum === undefined || each.programs === undefined ? undefined : sum + each.programs),
    0,
  )
  return {
    signals: all.flatMap(({ signals }) => signals),
    ...(newest && { newest }),
    ...(programs !== undefined && { programs }),
  }
}
