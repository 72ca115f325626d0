// Follows the containers of pods for a watch: which cgroups are theirs, what they are called, and when they are over.
import { processesIn } from '../cgroups.ts'
import { ContainerGroups } from '../collect/groups.ts'
import { podsCgroup } from '../collect/index.ts'
import { PodSearch, queryText, type FoundContainer } from '../cri/find.ts'
import type { CriContainer } from '../cri/runtime.ts'
import { MadeCgroups } from '../ebpf/made-cgroups.ts'
import { commonCgroup } from '../pods.ts'
import type { PodQuery } from '../recording.ts'
import { namePatience, type Subject, type WatchSettings } from './settings.ts'

/** How often the runtime is asked. Milliseconds. */
const askPace = 1000

export async function ofPods(query: PodQuery, settings: WatchSettings, cri?: string): Promise<Subject> {
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
