// Holds the recordings of `collect` that are due until their place accepts them. If a registry is unreachable for a
// while, no calls are lost: the recordings stay here, also those of containers that have ended.
import { UserError } from '../errors.ts'
import { countCalls, printObservations, type Observations } from '../observe/index.ts'
import { digestOf } from '../registry/index.ts'
import { plural } from '../report/account.ts'
import type { CollectPlace } from './collect-places.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export interface ContainerRecording {
  readonly id: string
  readonly name: string
  /** The container existed when the recording began. */
  readonly wasThere: boolean
  readonly observations: Observations
}

interface DueRecording extends ContainerRecording {
  /** The container has ended, or nothing more will be recorded. */
  readonly isFinal: boolean
}

/** The longest pause after failures, in looks. */
const longestPause = 32
/** How many failures in a row end a delivery. The last one tries more, since nothing comes after it. */
const failuresAt = { once: 1, last: 3 } as const

export class Deliveries {
  readonly #place: CollectPlace
  readonly #world: World
  /** By container, the digest of contentOf() for the recording that was due last. */
  readonly #content = new Map<string, string>()
  /** By container, the digest of the recording that the place has accepted. */
  readonly #accepted = new Map<string, string>()
  readonly #due = new Map<string, DueRecording>()
  /** The containers whose last recording has not been accepted. */
  readonly #met = new Set<string>()
  /** The number of the others, whose data is freed. */
  #finished = 0
  #pause = 0
  #looks = 0
  /** Why the place did not accept the last recordings. */
  #why = ''

  constructor(place: CollectPlace, world: World) {
    this.#place = place
    this.#world = world
  }

  /** The number of containers with a recording. */
  get count(): number {
    return this.#met.size + this.#finished
  }

  /** Makes a recording due if it is new. `isFinal`: the container has ended, or nothing more will be recorded. */
  take(recording: ContainerRecording, isFinal: boolean): void {
    const { id, observations } = recording
    this.#met.add(id)
    if (!isFinal && this.#place.onlyFinal) return
    const content = digestOf(contentOf(observations))
    if (!isFinal && this.#content.get(id) === content) return
    this.#content.set(id, content)
    this.#due.set(id, { ...recording, isFinal })
  }

  /** Sends due recordings, eight in parallel: a registry may be far away, and a pod has limited time to end. */
  async deliver(last: boolean): Promise<void> {
    if (this.#due.size === 0 || (!last && this.#looks++ < this.#pause)) return
    const reasons: string[] = []
    const rest = [...this.#due.values()].values()
    const most = failuresAt[last ? 'last' : 'once']
    const worker = async (): Promise<void> => {
      let failures = 0
      for (const each of rest) {
        const why = await this.#failureOf(each)
        failures = why === undefined ? 0 : failures + 1
        if (why !== undefined) reasons.push(why)
        if (failures === most) return
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    this.#looks = 0
    this.#pause = reasons.length === 0 ? 0 : Math.min(longestPause, Math.max(1, this.#pause * 2))
    const [why = ''] = reasons
    const isNew = why !== this.#why
    this.#why = why
    if (isNew && !last)
      say(this.#world, why === '' ? 'every recording is accepted again' : `${why}; trying again`)
  }

  /** Why the place does not accept a recording, which then goes behind the others; undefined if it does. */
  async #failureOf(recording: DueRecording): Promise<string | undefined> {
    try {
      await this.#give(recording)
      return undefined
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      const due = this.#due.get(recording.id) ?? recording
      this.#due.delete(recording.id)
      this.#due.set(recording.id, due)
      return error.message
    }
  }

  async #give(recording: DueRecording): Promise<void> {
    const { id, observations } = recording
    const text = printObservations(observations)
    const digest = digestOf(text)
    if (this.#accepted.get(id) !== digest) await this.#place.accept(recording, text)
    this.#accepted.set(id, digest)
    // A later recording may have become due meanwhile.
    if (this.#due.get(id) !== recording) return
    this.#due.delete(id)
    if (!recording.isFinal) return
    this.#finished++
    for (const each of [this.#met, this.#content, this.#accepted]) each.delete(id)
  }

  /** @throws UserError if some recordings were never accepted. */
  end(): void {
    if (this.#due.size > 0)
      throw new UserError('recordings-left', {
        recordings: plural(this.#due.size, 'recording'),
        why: this.#why,
      })
  }
}

/** The parts of a recording that make it due again if they change: calls, values, and the magnitude of the count. */
function contentOf({ architectures, unknown }: Observations): string {
  const calls = [architectures, unknown].flatMap((part) =>
    Object.entries(part).flatMap(([architecture, all]) =>
      Object.entries(all).map(([call, { args, refused }]) => [architecture, call, args, refused]),
    ),
  )
  return JSON.stringify([calls, Math.floor(Math.log2(countCalls({ architectures, unknown })))])
}
