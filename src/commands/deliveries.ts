// Holds the recordings of `collect` that are due until their place accepts them. If a registry is unreachable for a
// while, the recordings stay here, also those of containers that have ended. due-recordings.ts bounds them.
import { UserError } from '../errors.ts'
import { countCalls, printObservations, type Observations } from '../observe/index.ts'
import { digestOf } from '../registry/index.ts'
import { plural } from '../report/account.ts'
import type { CollectPlace } from './collect-places.ts'
import { DueRecordings, mostDue, type ContainerRecording, type DueRecording } from './due-recordings.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export type { ContainerRecording } from './due-recordings.ts'

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
  readonly #due = new DueRecordings()
  /** The containers whose last recording has not been accepted. */
  readonly #met = new Set<string>()
  /** The number of the others, whose data is freed. */
  #finished = 0
  #pause = 0
  #looks = 0
  /** Why the place did not accept the last recordings. */
  #why = ''
  /** Ends deliveries at once, and what is on its way. */
  readonly #abandoned: AbortSignal | undefined

  constructor(place: CollectPlace, world: World, abandoned?: AbortSignal) {
    this.#place = place
    this.#world = world
    this.#abandoned = abandoned
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
    const containers = this.#due.get(id)?.containers ?? 1
    this.#due.set({ ...recording, isFinal, containers })
    this.#bound()
  }

  /** Keeps the recordings that wait within their bound. */
  #bound(): void {
    const before = this.#due.dropped
    for (const id of this.#due.bound((each) => this.#accepted.has(each))) this.#finish(id)
    if (before === 0 && this.#due.dropped > 0)
      say(
        this.#world,
        `more than ${mostDue} recordings of ended containers wait: from now on some are dropped`,
      )
  }

  /** Frees the data of a container whose recording is given, or no longer kept by itself. */
  #finish(id: string): void {
    this.#finished++
    for (const each of [this.#met, this.#content, this.#accepted]) each.delete(id)
  }

  /** Sends due recordings, eight in parallel: a registry may be far away, and a pod has limited time to end. */
  async deliver(last: boolean): Promise<void> {
    const due = this.#due.all()
    if (due.length === 0 || (!last && this.#looks++ < this.#pause)) return
    const reasons: string[] = []
    const rest = due.values()
    const most = failuresAt[last ? 'last' : 'once']
    const worker = async (): Promise<void> => {
      let failures = 0
      for (const { id } of rest) {
        const each = this.#due.get(id)
        if (each === undefined) continue
        if (this.#abandoned?.aborted === true) return
        const why = await this.#failureOf(each)
        failures = why === undefined ? 0 : failures + 1
        if (why !== undefined) reasons.push(why)
        if (failures === most) return
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    if (this.#abandoned?.aborted === true) {
      this.#why = 'a second signal ended the requests'
      return
    }
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
      await this.#due.moving(recording.id, () => this.#give(recording))
      return undefined
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      this.#due.set(this.#due.get(recording.id) ?? recording)
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
    if (recording.isFinal) this.#finish(id)
  }

  /** @throws UserError if some recordings were never accepted. */
  end(): void {
    const { containers } = this.#due
    if (containers > 0)
      throw new UserError('recordings-left', {
        recordings: plural(containers, 'recording'),
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
