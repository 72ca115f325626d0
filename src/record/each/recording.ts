// Records `trace --each`: a command, such as a script, `sh -c` or make, that has engines start containers. The cgroup
// of each container that starts meanwhile identifies it, and its calls under its filter are counted separately. The
// command's own calls, and those of the engines' clients, go into no profile.
import { UserError } from '../../errors.ts'
import { mergeObservations } from '../../observe/index.ts'
import { cgroupOfProcess, wholeHierarchy } from '../cgroups.ts'
import { Collector, type Collected } from '../collect/index.ts'
import { containerIdIn } from '../cri/cgroup-path.ts'
import { untilOver } from '../ebpf/over.ts'
import type { StartedClient } from '../recorder.ts'
import { recorders } from '../recorders.ts'
import type { CommandOptions, RecordedContainer, Recording } from '../recording.ts'
import { run } from '../runner/index.ts'
import { statusOf } from '../runner/processes.ts'
import { describe, runtimeContainer, type Described } from './engines.ts'
import { fileNames } from './names.ts'

/** Throws UserError (125) if no container was recorded. */
export async function recordEach(name: string, options: CommandOptions): Promise<Recording> {
  let clients: () => readonly StartedClient[] = () => []
  const asked = new Map<string, Promise<Described | undefined>>()
  // The whole hierarchy: nobody knows beforehand where an engine puts its containers.
  const collector = await Collector.start(wholeHierarchy(), {
    asked: options.arguments,
    contexts: true,
    idOf: (directory) => containerIdIn(directory) ?? runtimeContainer(directory, clients()),
  })
  const since = Date.now()
  // We ask at once, because an engine forgets a container that it removes.
  collector.onNew((id) => asked.set(id, describe(id, clients(), options, since)))
  const begun = performance.now()
  let told = false
  const heard = (listener: Parameters<NonNullable<CommandOptions['signals']>>[0]) =>
    options.signals?.((signal) => {
      told = true
      listener(signal)
    }) ?? (() => undefined)
  try {
    const recording = await run(recorders.ebpf, {
      name,
      options: { ...options, signals: heard },
      scope: 'tree',
      awaits: isOwn,
      clients: (tell) => (clients = tell),
    })
    const known = async (): Promise<ReadonlyMap<string, Described>> => {
      const all = await Promise.all([...asked].map(async ([id, one]) => [id, await one] as const))
      return new Map(all.flatMap(([id, found]) => (found === undefined ? [] : [[id, found]])))
    }
    const { ending } = recording
    if (!told && !('byUs' in ending && ending.byUs === true))
      await containersEnd(collector, known, options, performance.now() - begun)
    const each = recordedContainers(collector, await known(), asked.size, options)
    return {
      observations: mergeObservations(...each.map(({ observations }) => observations)),
      ending,
      each,
    }
  } finally {
    collector.close()
  }
}

/** False for containers of a daemonless engine and for their conmon: both are children of the engine's client. */
function isOwn(pid: number): boolean {
  return cgroupOfProcess(pid) === cgroupOfProcess('self') && statusOf(pid, 'Name') !== 'conmon'
}

/** Waits for the containers that the command left running: they are recorded until they end, and we do not end them. */
async function containersEnd(
  collector: Collector,
  known: () => Promise<ReadonlyMap<string, Described>>,
  { for: time, signals, stop, notice }: CommandOptions,
  past: number,
): Promise<void> {
  let isTold = false
  await untilOver(
    {
      ...(time !== undefined && { for: Math.max(0, Math.round(time - past)) }),
      ...(signals && { signals }),
      ...(stop && { stop }),
    },
    async () => {
      const all = await known()
      const running = collector.containers().filter(({ id, ended }) => !ended && all.has(id))
      if (running.length > 0 && !isTold)
        notice?.({
          code: 'containers-running',
          containers: running.map(({ id }) => all.get(id)?.shown ?? id),
        })
      isTold ||= running.length > 0
      return running.length === 0
    },
  )
}

function recordedContainers(
  collector: Collector,
  known: ReadonlyMap<string, Described>,
  came: number,
  { notice }: CommandOptions,
): readonly RecordedContainer[] {
  const names = fileNames([...known])
  const all = collector.read((id) => {
    const [file, of] = [names.get(id), known.get(id)]
    return file === undefined || of === undefined ? undefined : `${of.engine}:${file}`
  })
  const theirs = all.filter(({ id }) => known.has(id))
  const shown = ({ id }: Collected): string => known.get(id)?.shown ?? id
  const without = theirs.filter(({ observations }) => observations === undefined)
  if (without.length > 0) notice?.({ code: 'without-filter', processes: without.map(shown) })
  const failed = theirs.filter(({ observations, started }) => observations !== undefined && !started)
  if (failed.length > 0) notice?.({ code: 'never-started', containers: failed.map(shown) })
  const others = came - known.size
  if (others > 0) notice?.({ code: 'others-left-out', containers: others })
  const nameless = collector.nameless()
  if (nameless > 0) notice?.({ code: 'cgroups-nameless', cgroups: nameless })
  const byFile = new Map<string, RecordedContainer>()
  for (const { id, observations, started } of theirs) {
    const file = names.get(id)
    if (file === undefined || observations === undefined || !started) continue
    const before = byFile.get(file)
    byFile.set(file, {
      name: file,
      observations:
        before === undefined ? observations : mergeObservations(before.observations, observations),
    })
  }
  if (byFile.size === 0) throw new UserError('no-container-recorded')
  return [...byFile.values()]
}
