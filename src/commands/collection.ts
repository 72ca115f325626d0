// Follows the containers of `collect` from look to look: which have a name and are chosen, what is recorded of each, when a
// container is done, and what is told of those that cannot be recorded.
import { dirname } from 'node:path'
import { UserError } from '../errors.ts'
import { isSelected, type Collected, type Collector, type ContainerNames } from '../record/index.ts'
import { plural } from '../report/account.ts'
import { gapsOf, watchedLine } from '../report/watched.ts'
import { RefusedCalls } from '../watch/index.ts'
import type { Deliveries } from './deliveries.ts'
import { NamelessContainers } from './nameless-containers.ts'
import { RefusalStream } from './refusal-stream.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export interface CollectionOptions {
  /** Patterns of names; none chooses all. */
  readonly select?: readonly string[]
  /** Also tells what the filters of the containers refuse. */
  readonly refusals?: boolean
}

/** How many looks to wait for the name of an ended container, because the kubelet can be late. */
const patience = 30

export class Collection {
  readonly #collector: Collector
  readonly #names: ContainerNames
  readonly #select: readonly string[]
  readonly #tellsRefusals: boolean
  readonly #deliveries: Deliveries
  readonly #world: World
  readonly #known = new Map<string, string>()
  /** The containers whose names were there when the names were last read. */
  #listed: ReadonlySet<string> = new Set()
  readonly #late = new Map<string, number>()
  readonly #unfiltered = new Set<string>()
  readonly #nameless: NamelessContainers
  readonly #refused: RefusalStream
  /** The number of failed calls under filters that the kernel does not keep. */
  #untold = 0

  constructor(
    collector: Collector,
    names: ContainerNames,
    options: CollectionOptions,
    deliveries: Deliveries,
    world: World,
  ) {
    this.#collector = collector
    this.#names = names
    this.#select = options.select ?? []
    this.#tellsRefusals = options.refusals ?? false
    this.#deliveries = deliveries
    this.#world = world
    this.#nameless = new NamelessContainers((id) => collector.programsIn(id))
    this.#refused = new RefusalStream((row) => say(world, watchedLine(row)))
    collector.onNew(() => void this.#learn())
  }

  async #learn(): Promise<void> {
    const names = await this.#names.known().catch(() => undefined)
    for (const [id, name] of names ?? []) this.#known.set(id, name)
    if (names !== undefined) this.#listed = new Set(names.keys())
  }

  /** Delivers the recordings that have grown. `last`: delivers all of them as final. */
  async look(last: boolean): Promise<void> {
    this.#collector.refresh()
    await this.#learn()
    const done = new Set<string>()
    const pods = new Set<string>()
    for (const each of this.#collector.read((id) => this.#chosen(id))) {
      this.#take(each, last)
      const isDone = each.ended && this.#isDone(each.id)
      if (isDone) done.add(each.id)
      else pods.add(dirname(each.directory))
      if ((isDone || last) && each.started && !this.#known.has(each.id)) this.#nameless.add(each)
    }
    await this.#deliveries.deliver(last)
    // Refusals come first: afterwards nobody knows whose cgroups they were in.
    if (this.#tellsRefusals) this.#tellRefusals(last)
    this.#forget(done, last ? new Set() : pods)
  }

  /** Frees the data of containers that are done. `pods`: those that have other containers. */
  #forget(done: ReadonlySet<string>, pods: ReadonlySet<string>): void {
    this.#collector.forget(done)
    for (const id of done) {
      this.#late.delete(id)
      this.#unfiltered.delete(id)
    }
    const there = new Set(this.#collector.containers().map(({ id }) => id))
    for (const id of this.#known.keys()) if (!this.#listed.has(id) && !there.has(id)) this.#known.delete(id)
    this.#nameless.forgetBut(pods)
  }

  #take({ id, observations, ended, wasThere, unfiltered }: Collected, last: boolean): void {
    const name = this.#chosen(id)
    if (name === undefined) return
    if (unfiltered && !this.#unfiltered.has(id)) {
      this.#unfiltered.add(id)
      say(this.#world, `${name}: runs without a seccomp filter, so no profile holds for it: not recorded`)
    }
    if (observations !== undefined) this.#deliveries.take({ id, name, wasThere, observations }, ended || last)
  }

  /** Prints the refusals since the last look. `last`: also those that RefusalStream still holds back, and the gaps. */
  #tellRefusals(last: boolean): void {
    const calls = new RefusedCalls()
    for (const { name, sighting } of this.#collector.refusals((id) => this.#chosen(id))) {
      const row = calls.add(name, sighting)
      if (row !== undefined) this.#refused.add(row)
    }
    this.#untold += calls.unknown
    this.#refused.flush(last)
    if (last)
      for (const sentence of gapsOf({ lost: this.#collector.lostRefusals(), unknown: this.#untold }))
        say(this.#world, sentence)
  }

  #chosen(id: string): string | undefined {
    const name = this.#known.get(id)
    return name !== undefined && isSelected(name, this.#select) ? name : undefined
  }

  #isDone(id: string): boolean {
    const late = (this.#late.get(id) ?? 0) + 1
    this.#late.set(id, late)
    return this.#known.has(id) || late > patience
  }

  /** The exit status: 1 if nothing was recorded. */
  end(): number {
    const unknown = this.#nameless.count + this.#collector.nameless()
    if (unknown > 0)
      say(
        this.#world,
        `${plural(unknown, 'container')} ended before the name could be read: what ran there is not written`,
      )
    say(this.#world, `${plural(this.#deliveries.count, 'container')} recorded`)
    if (this.#deliveries.count === 0) throw new UserError('nothing-collected')
    this.#deliveries.end()
    return 0
  }
}
