// `collect`: records the containers of a node, each by itself and from its first call, until it is stopped. The
// observations of a container go to a file, a registry or stdout; `generate` and `observe` merge them.
import { Option } from 'commander'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { UserError } from '../errors.ts'
import {
  Collector,
  criSockets,
  findCgroup,
  isSelected,
  logDirectory,
  namesFromLogs,
  namesFromRuntime,
  podsCgroup,
  untilOver,
  whyNoEbpf,
  type Collected,
  type ContainerNames,
} from '../record/index.ts'
import { parseReference } from '../registry/index.ts'
import { plural } from '../report/account.ts'
import { gapsOf, watchedLine } from '../report/watched.ts'
import { RefusedCalls } from '../watch/index.ts'
import { duration } from './options.ts'
import { Deliveries } from './deliveries.ts'
import { directoryPlace, repositoryPlace, stdoutPlace, type CollectPlace } from './collect-places.ts'
import { RefusalStream } from './refusal-stream.ts'
import { plainHttpOption, registryOf, type RegistryWords } from './registry.ts'
import { say } from './say.ts'
import type { Declare, World } from './world.ts'

interface CollectFlags extends RegistryWords {
  readonly root?: string
  readonly select?: readonly string[]
  readonly for?: number
  readonly cri?: string
  readonly refusals?: true
  readonly output?: string
  readonly push?: string
  readonly stdout?: true
}

/** The interval between looks at the recording. Milliseconds. */
const pace = 1000
/** How many looks to wait for the name of an ended container, because the kubelet can be late. */
const patience = 30

export const declare: Declare = (command, world, end) => {
  command
    .option('--root <cgroup>', 'record containers below this cgroup (default: kubepods)')
    .addOption(
      new Option(
        '--select <glob>',
        'NAMESPACE/POD/CONTAINER, later parts may be left out; repeatable',
      ).argParser((word: string, before: readonly string[] = []) => [...before, word]),
    )
    .addOption(new Option('--for <time>', 'end after 30s, 5m, 1h …').argParser(duration))
    .option('--cri <socket>', 'take names from the container runtime')
    .option('--refusals', 'also print what the filters of the containers refuse')
    .option('-o, --output <directory>', 'write a file for each container')
    .option('--push <repository>', 'push each container to REGISTRY/REPOSITORY with its own tag')
    .option('--stdout', 'print each container as one line when it has ended')
    .addOption(plainHttpOption())
    .addHelpText(
      'after',
      `
Records what containers call under their seccomp filter. Needs CAP_BPF and
CAP_PERFMON, and the cgroups of the host. Names come from ${logDirectory}.

Example:
  seccomp-gen collect --select 'shop/web-*' --for 1h -o observations/`,
    )
    .action(async (options: CollectFlags) => end(await collect(options, world)))
}

async function collect(options: CollectFlags, world: World): Promise<number> {
  if ([options.output, options.push, options.stdout].filter((each) => each !== undefined).length !== 1)
    throw new UserError('one-destination')
  const why = await whyNoEbpf('cgroup')
  if (why !== undefined) throw new UserError('ebpf-needed', { for: 'collect', why })
  const root = options.root === undefined ? podsCgroup() : findCgroup(options.root)
  const names = await namesFor(options, world)
  try {
    return await collectBelow(root, names, options, world)
  } finally {
    names.close()
  }
}

async function collectBelow(
  root: ReturnType<typeof findCgroup>,
  names: ContainerNames,
  options: CollectFlags,
  world: World,
): Promise<number> {
  let isEnding = false
  const abandoned = new AbortController()
  // Until the end a signal is ours alone: what is being written is finished. At the end another signal ends that too.
  const writing: World = {
    ...world,
    signals: (listener) => (isEnding ? world.signals(listener) : () => undefined),
  }
  const place = await placeOf(options, writing, abandoned.signal)
  const deliveries = new Deliveries(place, world, abandoned.signal)
  const collector = await Collector.start(root, { refusals: options.refusals ?? false })
  const collection = new Collection(collector, names, options, deliveries, world)
  say(world, `recording below ${root.directory}`)
  let signals = 0
  // The first signal asks for the end, which a registry that does not answer may delay. The second ends that too.
  const silence = world.signals(() => {
    if (++signals === 2) abandoned.abort()
  })
  try {
    const settings = { signals: world.signals, ...(options.for !== undefined && { for: options.for }) }
    await untilOver(
      settings,
      async () => {
        await collection.look(false)
        return false
      },
      pace,
    )
    isEnding = true
    await collection.look(true)
    return collection.end()
  } finally {
    silence()
    collector.close()
  }
}

/** Names come from the kubelet's log files, which need no socket, else from the runtime. */
async function namesFor({ cri }: CollectFlags, world: World): Promise<ContainerNames> {
  if (cri === undefined && (await stat(logDirectory).catch(() => undefined))?.isDirectory() === true)
    return namesFromLogs()
  const [socket] = criSockets(cri, world.env)
  if (socket === undefined) throw new UserError('no-names', { directory: logDirectory })
  const names = namesFromRuntime(socket)
  await names.known().catch((error: Error) => {
    throw new UserError('runtime-silent', { socket, why: error.message })
  })
  return names
}

/** Where the recordings go. A registry that denies pushes is an error before anything is recorded. */
async function placeOf(
  { output, push, plainHttp }: CollectFlags,
  world: World,
  signal: AbortSignal,
): Promise<CollectPlace> {
  if (output !== undefined) return directoryPlace(output, world)
  if (push === undefined) return stdoutPlace(world)
  const reference = parseReference(push)
  if (reference.tag !== undefined || reference.digest !== undefined)
    throw new UserError('push-needs-repository', { reference: push })
  return repositoryPlace(registryOf(reference, world, { plainHttp: plainHttp ?? false, signal }), world)
}

class Collection {
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
  /** By pod, the number of containers that ended without a name, as long as the pod has containers. */
  readonly #nameless = new Map<string, number>()
  /** The number of the others: a pod's first container is its sandbox, which has no name. */
  #namelessGone = 0
  readonly #refused: RefusalStream
  /** The number of failed calls under filters that the kernel does not keep. */
  #untold = 0

  constructor(
    collector: Collector,
    names: ContainerNames,
    options: CollectFlags,
    deliveries: Deliveries,
    world: World,
  ) {
    this.#collector = collector
    this.#names = names
    this.#select = options.select ?? []
    this.#tellsRefusals = options.refusals ?? false
    this.#deliveries = deliveries
    this.#world = world
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
      else pods.add(each.parent)
      if ((isDone || last) && each.started && !this.#known.has(each.id)) this.#loseName(each)
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
    for (const [pod, count] of this.#nameless) {
      if (pods.has(pod)) continue
      this.#namelessGone += count - 1
      this.#nameless.delete(pod)
    }
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

  #loseName({ parent }: Collected): void {
    // `podUID` or `kubepods-…-podUID.slice`. Containers outside pods have no name in the cluster.
    if (!/^(?:.+-)?pod[^/]+$/.test(basename(parent))) return
    this.#nameless.set(parent, (this.#nameless.get(parent) ?? 0) + 1)
  }

  #isDone(id: string): boolean {
    const late = (this.#late.get(id) ?? 0) + 1
    this.#late.set(id, late)
    return this.#known.has(id) || late > patience
  }

  /** The exit status: 1 if nothing was recorded. */
  end(): number {
    const unknown = this.#namelessGone + this.#collector.nameless()
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
