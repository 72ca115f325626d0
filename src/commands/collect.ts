// `collect`: records the containers of a node, each by itself and from its first call, until it is stopped. The
// observations of a container go to a file, a registry or stdout; `generate` and `observe` merge them.
import { Option } from 'commander'
import { stat } from 'node:fs/promises'
import { UserError } from '../errors.ts'
import {
  Collector,
  criSockets,
  findCgroup,
  logDirectory,
  namesFromLogs,
  namesFromRuntime,
  podsCgroup,
  untilOver,
  whyNoEbpf,
  type ContainerNames,
} from '../record/index.ts'
import { parseReference } from '../registry/index.ts'
import { duration } from './options.ts'
import { Collection } from './collection.ts'
import { Deliveries } from './deliveries.ts'
import { directoryPlace, repositoryPlace, stdoutPlace, type CollectPlace } from './collect-places.ts'
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
