// Records pods: the containers that run in them, or those still to come, with one kernel program for all of them. The
// recording includes the filter that the runtime applied, because the workload ran under it.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { mergeObservations, type Observations } from '../observe/index.ts'
import { cgroupOfProcess, findCgroup, unifiedMount, type FoundCgroup } from './cgroups.ts'
import { chooseRecorder } from './choose.ts'
import { Collector, podsCgroup } from './collect/index.ts'
import { directoryOf } from './cri/cgroup-path.ts'
import { PodSearch, queryText, type FoundContainer } from './cri/find.ts'
import { runningIn } from './ebpf/cgroup.ts'
import { untilOver } from './ebpf/over.ts'
import type { PodOptions, Recording } from './recording.ts'

/** Throws UserError (125) if nothing was recorded. */
export async function recordPods(options: PodOptions): Promise<Recording> {
  const { query, cri, wait = false, env = process.env } = options
  const search = await PodSearch.open(query, { cri, env, wait })
  try {
    await chooseRecorder(options, { for: 'cgroup' })
    return await recordFound(search, options)
  } finally {
    search.close()
  }
}

async function recordFound(search: PodSearch, options: PodOptions): Promise<Recording> {
  const { query, wait = false } = options
  const chosen = new Map<string, FoundContainer>()
  const ended = (await search.all().catch(() => [])).filter(({ state }) => state === 'exited')
  const before = new Set(ended.map(({ id }) => id))
  /** Updates `chosen`. Returns whether the recording is over; false if the runtime gave no answer this time. */
  const learn = async (): Promise<boolean> => {
    const all = await search.all().catch(() => undefined)
    // A restarted or an ephemeral container is a new one.
    for (const each of all ?? []) {
      if (each.state === 'created' || chosen.has(each.id) || before.has(each.id)) continue
      const described = await search.described(each).catch(() => undefined)
      if (described !== undefined) chosen.set(each.id, described)
    }
    return all !== undefined && chosen.size > 0 && search.isOver(all, options.for !== undefined)
  }
  if (!wait) await learn()
  if (!wait && chosen.size === 0)
    throw new UserError('no-such-pod', { pod: queryText(query), sockets: [search.socket] })
  const root = wait ? podsCgroup() : commonCgroup([...chosen.values()])
  if (!wait) for (const each of chosen.values()) refuseUnfiltered(each)
  const collector = await Collector.start(root, { asked: options.arguments, contexts: true })
  collector.alreadyRunning(() => runningIn(root.directory))
  if (wait) options.notice?.({ code: 'waiting', what: queryText(query) })
  try {
    // With `wait`, containers that ran before are recorded too, and a diagnostic says that their start is missing.
    let isOver = false
    let asked: Promise<void> | undefined
    const ask = async (): Promise<void> => {
      isOver = await learn()
      asked = undefined
    }
    await untilOver(options, () => {
      asked ??= ask()
      return isOver
    })
    await asked
    await learn()
    const found = collector.read((id) => chosen.get(id)?.fullName)
    const recorded = found.flatMap(({ id, observations }) =>
      observations === undefined ? [] : [ofContainer(observations, chosen.get(id))],
    )
    if (recorded.length === 0) {
      for (const each of chosen.values()) refuseUnfiltered(each)
      throw new UserError('silent-cgroup', { cgroup: queryText(query) })
    }
    const unfiltered = [...chosen.values()].filter(isUnfiltered).map(({ fullName }) => fullName)
    if (unfiltered.length > 0) options.notice?.({ code: 'without-filter', processes: unfiltered })
    return {
      observations: merged(recorded),
      ending: { kind: 'released' },
      applied: [...chosen.values()].flatMap(({ fullName, seccomp }) =>
        seccomp === undefined ? [] : [{ container: fullName, profile: seccomp }],
      ),
      ...([...chosen.values()].every(({ noNewPrivileges }) => noNewPrivileges) && { noNewPrivileges: true }),
    }
  } finally {
    collector.close()
  }
}

const merged = (all: readonly Observations[]): Observations => {
  const [only, ...others] = all
  return only !== undefined && others.length === 0 ? only : mergeObservations(...all)
}

/** Adds the digest of the container's image, and names the context as the pod's manifest names the container. */
function ofContainer(observations: Observations, found: FoundContainer | undefined): Observations {
  if (found === undefined) return observations
  const { name, imageDigest: image = '' } = found
  const { sources, context } = observations
  return {
    ...observations,
    ...(image !== '' && { sources: sources.map((each) => ({ ...each, image })) }),
    ...(context && { context: context.map((each) => ({ ...each, name })) }),
  }
}

const isUnfiltered = ({ told, seccomp }: FoundContainer): boolean => told && seccomp === undefined

function refuseUnfiltered(container: FoundContainer): void {
  if (isUnfiltered(container)) throw new UserError('pod-without-filter', { container: container.fullName })
}

/** The cgroup of a container: the one that its runtime was told to make, else the one that its process is in. */
function cgroupOf({ cgroupsPath, pid, fullName }: FoundContainer): string {
  const told = cgroupsPath === undefined ? undefined : join(unifiedMount(), directoryOf(cgroupsPath))
  const directory =
    told !== undefined && existsSync(told) ? told : pid === undefined ? undefined : cgroupOfProcess(pid)
  if (directory === undefined)
    throw new UserError('no-such-cgroup', { cgroup: cgroupsPath ?? fullName, mount: unifiedMount() })
  return directory
}

/** The lowest cgroup above all of the containers. All containers of a pod lie in the pod's cgroup. */
export function commonCgroup(containers: readonly FoundContainer[]): FoundCgroup {
  const [first = '', ...others] = containers.map((each) => dirname(cgroupOf(each)))
  let common = first
  while (!others.every((each) => `${each}/`.startsWith(`${common}/`))) common = dirname(common)
  return findCgroup(common)
}
