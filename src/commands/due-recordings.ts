// Decides what is kept of recordings that their place does not accept. Recordings of running containers replace
// themselves, so only those of ended containers pile up. Beyond a limit, those of one workload are merged, which loses
// nothing: `observe` merges them in any case. If they are still too many, those of the fewest containers are dropped, the
// oldest first, and counted. A recording that the place kept although its answer was lost counts twice if it is merged.
// Authority: src/observe/workload.ts, for what one workload is; the laws of merging, which tests hold.
import { mergeObservations, workloadOf, type Observations } from '../observe/index.ts'

export interface ContainerRecording {
  readonly id: string
  readonly name: string
  /** The container existed when the recording began. */
  readonly wasThere: boolean
  readonly observations: Observations
}

export interface DueRecording extends ContainerRecording {
  /** The container has ended, or nothing more will be recorded. */
  readonly isFinal: boolean
  /** The number of containers in it. */
  readonly containers: number
}

/** The most recordings that wait. One takes 3 to 100 kB. */
export const mostDue = 500

export class DueRecordings {
  readonly #all = new Map<string, DueRecording>()
  /** The containers whose recordings are on their way to the place. */
  readonly #moving = new Set<string>()
  #dropped = 0

  /** Replaces what was due of the container. It becomes the last in the order. */
  set(recording: DueRecording): void {
    this.#all.delete(recording.id)
    this.#all.set(recording.id, recording)
  }

  get(id: string): DueRecording | undefined {
    return this.#all.get(id)
  }

  delete(id: string): void {
    this.#all.delete(id)
  }

  all(): readonly DueRecording[] {
    return [...this.#all.values()]
  }

  /** The number of containers with something due, and of those whose recordings were dropped. */
  get containers(): number {
    return this.all().reduce((sum, each) => sum + each.containers, this.#dropped)
  }

  get dropped(): number {
    return this.#dropped
  }

  /** Keeps a recording as it is while it is on its way. */
  async moving<T>(id: string, move: () => Promise<T>): Promise<T> {
    this.#moving.add(id)
    try {
      return await move()
    } finally {
      this.#moving.delete(id)
    }
  }

  /**
   * Merges and drops until the limit is kept. `isThere`: the place has an earlier recording of the container, which only
   * a recording under the same name replaces. Returns the containers without a recording of their own from now on.
   */
  bound(isThere: (id: string) => boolean): readonly string[] {
    if (this.#all.size <= mostDue) return []
    const merged = [...this.#byWorkload().values()].flatMap((ofOne) => this.#merge(ofOne, isThere))
    const ended = [...this.#ended()].sort((a, b) => a.containers - b.containers)
    const dropped = ended.slice(0, Math.max(0, this.#all.size - mostDue))
    for (const { id, containers } of dropped) {
      this.#dropped += containers
      this.#all.delete(id)
    }
    return [...merged, ...dropped.map(({ id }) => id)]
  }

  #ended(): readonly DueRecording[] {
    return this.all().filter(({ id, isFinal }) => isFinal && !this.#moving.has(id))
  }

  #byWorkload(): ReadonlyMap<string, readonly DueRecording[]> {
    const all = new Map<string, DueRecording[]>()
    for (const each of this.#ended()) {
      const workload = workloadOf(each.name)
      const before = all.get(workload)
      if (before === undefined) all.set(workload, [each])
      else before.push(each)
    }
    return all
  }

  #merge(ofOne: readonly DueRecording[], isThere: (id: string) => boolean): readonly string[] {
    const into = ofOne.find(({ id }) => isThere(id)) ?? ofOne[0]
    const others = ofOne.filter((each) => each !== into && !isThere(each.id))
    if (into === undefined || others.length === 0) return []
    const all = [into, ...others]
    for (const { id } of others) this.#all.delete(id)
    this.#all.set(into.id, {
      ...into,
      observations: mergeObservations(...all.map(({ observations }) => observations)),
      containers: all.reduce((sum, { containers }) => sum + containers, 0),
    })
    return others.map(({ id }) => id)
  }
}
