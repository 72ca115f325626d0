// Watches running workloads for refusals: a process and its children, a container of an engine, containers of pods, a
// cgroup, or everything under a filter on this machine. The cgroup of a call identifies its workload.
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { UserError } from '../errors.ts'
import { cgroupOfProcess, findCgroup, isPopulated, processesIn, unifiedMount } from './cgroups.ts'
import { ContainerGroups } from './collect/groups.ts'
import { MadeCgroups } from './ebpf/made-cgroups.ts'
import { podsCgroup } from './collect/index.ts'
import { processOfContainer } from './containers/index.ts'
import { PodSearch, queryText, type FoundContainer } from './cri/find.ts'
import type { CriContainer } from './cri/runtime.ts'
import { whyNoEbpf } from './ebpf/index.ts'
import { untilOver } from './ebpf/over.ts'
import { WatchSession, type Sighting } from './ebpf/watched/session.ts'
import type { Watched } from './ebpf/watched/programs.ts'
import { engineFirst } from './engine-first.ts'
import { commonCgroup } from './pods.ts'
import type { PodQuery, RecordNotice, RecordSettings } from './recording.ts'
import { startOf, withDescendants } from './runner/processes.ts'
import { Unfiltered } from './unfiltered.ts'

export type { Sighting } from './ebpf/watched/session.ts'

export type WatchTarget =
  | { readonly pid: number }
  | { readonly cgroup: string }
  | { readonly query: PodQuery; readonly cri?: string }
  | 'everything'

export interface WatchSettings extends Pick<RecordSettings, 'for' | 'stop' | 'signals' | 'env'> {
  readonly target: WatchTarget
  /** For pods: also watches containers that start later, until all have ended. */
  readonly wait?: boolean
  /** Called with each sighting, usually within a second. `where`: the container, cgroup or process. */
  readonly sighted: (where: string, sighting: Sighting) => void
  /** Called after each read of the kernel's counts. */
  readonly looked?: () => void
  readonly notice?: (notice: RecordNotice) => void
  /** Called once, when the watch has begun: every later refusal is seen. */
  readonly begun?: () => void
}

/** How often the kernel's counts are read. Milliseconds. */
const pace = 200
/** How often the runtime is asked. Milliseconds. */
const askPace = 1000
/** How long the owner of a call may stay unknown, because names come after the first calls. Milliseconds. */
const namePatience = 10_000

/** A watch target that has been looked up. */
interface Subject {
  readonly watched: Watched
  readonly processes: readonly number[]
  /** The text of the query, if none of its containers runs yet and the watch waits for them. */
  readonly waitingFor?: string
  /** Undefined: not known, perhaps not yet. Null: not watched. */
  readonly whereOf: (sighting: Sighting) => string | null | undefined
  readonly isOver: (session: WatchSession) => boolean
  /** The processes that run now and should have a filter. */
  readonly running: (session: WatchSession) => readonly number[]
  readonly close: () => void
}

/**
 * Watches until the target has ended, or until `for`, `stop` or a signal. Returns how many calls found no room. Throws
 * UserError (125) if the target cannot be watched.
 */
export async function watchRefusals(settings: WatchSettings): Promise<{ readonly lost: number }> {
  const { target, sighted, looked } = settings
  const isByProcess = target === 'everything' || 'pid' in target
  const why = await whyNoEbpf(isByProcess ? 'processes' : 'cgroup')
  if (why !== undefined) throw new UserError('ebpf-needed', { for: 'watch', why })
  const subject = await subjectOf(settings)
  try {
    const session = await WatchSession.start(subject.watched, subject.processes)
    settings.begun?.()
    if (subject.waitingFor !== undefined) settings.notice?.({ code: 'waiting', what: subject.waitingFor })
    const unfiltered = new Unfiltered(() => subject.running(session))
    const untold: { readonly since: number; readonly sighting: Sighting }[] = []
    const take = (): void => {
      for (const sighting of session.take()) untold.push({ since: performance.now(), sighting })
      for (const each of untold.splice(0)) {
        const where = subject.whereOf(each.sighting)
        if (typeof where === 'string') sighted(where, each.sighting)
        else if (where === undefined && performance.now() - each.since < namePatience) untold.push(each)
      }
      unfiltered.look()
      looked?.()
    }
    try {
      await untilOver(
        settings,
        () => {
          take()
          return subject.isOver(session)
        },
        pace,
      )
      take()
      const processes = unfiltered.names()
      if (processes.length > 0) settings.notice?.({ code: 'without-filter', processes })
      return { lost: session.lost() }
    } finally {
      session.close()
    }
  } finally {
    subject.close()
  }
}

async function subjectOf(settings: WatchSettings): Promise<Subject> {
  const { target, env = process.env } = settings
  if (target === 'everything')
    return {
      watched: 'everything',
      processes: [],
      whereOf: ({ pid }) => (pid === process.pid ? null : cgroupName(pid)),
      isOver: () => false,
      running: () => [],
      close: () => undefined,
    }
  if ('pid' in target) {
    const { pid } = target
    if (startOf(pid) === undefined) throw new UserError('no-such-process', { pid })
    return {
      watched: 'processes',
      processes: withDescendants(pid),
      whereOf: () => `process ${pid}`,
      isOver: (session) => session.members().length === 0,
      running: (session) => session.members(),
      close: () => undefined,
    }
  }
  if ('cgroup' in target) return ofCgroup(target.cgroup, target.cgroup)
  const { query, cri } = target
  const ofItsPods = () => ofPods(query, settings, cri)
  if (!('container' in query) || cri !== undefined) return ofItsPods()
  return engineFirst(async () => {
    const cgroup = cgroupOfProcess(await processOfContainer(query.container, env))
    return cgroup === undefined ? ofItsPods() : ofCgroup(cgroup, query.container)
  }, ofItsPods)
}

function ofCgroup(path: string, name: string): Subject {
  const found = findCgroup(path)
  let began = isPopulated(found.directory)
  return {
    watched: found,
    processes: [],
    whereOf: () => name,
    isOver: () => {
      const lives = isPopulated(found.directory)
      began ||= lives
      return !existsSync(found.directory) || (began && !lives)
    },
    running: () => processesIn(found.directory),
    close: () => undefined,
  }
}

async function ofPods(query: PodQuery, settings: WatchSettings, cri?: string): Promise<Subject> {
  const { wait = false, env = process.env } = settings
  const search = await PodSearch.open(query, { cri, env, wait })
  const running = await runningNow(search)
  const root = wait ? podsCgroup() : commonCgroup(running)
  const made = await MadeCgroups.start()
  const groups = new ContainerGroups(root.directory, { made: () => made?.take() ?? [] })
  const names = new Map<string, string>()
  // With `wait`, the end of containers that ran before does not end the watch, because new containers may come.
  const before = new Set(wait ? (await search.all().catch(() => [])).map(({ id }) => id) : [])
  const keepNames = (all: readonly CriContainer[]): void => {
    const there = new Set([...all, ...groups.all()].map(({ id }) => id))
    for (const id of names.keys()) if (!there.has(id)) names.delete(id)
    for (const { id, pod, name } of all) names.set(id, `${pod}/${name}`)
  }
  let [isOver, isMet] = [false, false]
  const learn = async (): Promise<void> => {
    const all = await search.all().catch(() => undefined)
    if (all !== undefined) keepNames(all)
    isMet ||= all?.some(({ id }) => !before.has(id)) === true
    isOver = all !== undefined && isMet && (await search.isOver(all, settings.for !== undefined))
  }
  await learn()
  groups.onNew = () => void learn()
  const free = freeing(groups)
  let asked = performance.now()
  return {
    watched: root,
    processes: [],
    ...(wait && running.length === 0 && { waitingFor: queryText(query) }),
    whereOf: ({ cgroup }) => {
      groups.refresh()
      const id = groups.ofCgroup(cgroup)?.id
      return id === undefined ? undefined : names.get(id)
    },
    isOver: () => {
      if (performance.now() - asked > askPace) {
        asked = performance.now()
        free()
        void learn()
      }
      return isOver
    },
    running: () =>
      groups
        .all()
        .flatMap(({ id, ended, directory }) => (!ended && names.has(id) ? processesIn(directory) : [])),
    close: () => {
      groups.close()
      made?.close()
      search.close()
    },
  }
}

async function runningNow(search: PodSearch): Promise<readonly FoundContainer[]> {
  const all = await search.running().catch(() => [])
  const described = await Promise.all(all.map((each) => search.described(each).catch(() => undefined)))
  return described.filter((each) => each !== undefined)
}

/** Frees what is known of containers that ended a while ago: a watch may last for months. */
function freeing(groups: ContainerGroups): () => void {
  const endedSince = new Map<string, number>()
  return () => {
    const now = performance.now()
    for (const { id, ended } of groups.all()) if (ended && !endedSince.has(id)) endedSince.set(id, now)
    const gone = [...endedSince].filter(([, since]) => now - since > namePatience).map(([id]) => id)
    groups.forget(new Set(gone))
    for (const id of gone) endedSince.delete(id)
  }
}

/** The path of a process's cgroup below the root; the process id if the cgroup is not known. */
function cgroupName(pid: number): string {
  const directory = cgroupOfProcess(pid)
  return directory === undefined ? `process ${pid}` : `/${relative(unifiedMount(), directory)}`
}
