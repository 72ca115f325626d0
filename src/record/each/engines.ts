// Decides whether a container belongs to the command, and what it is called. The engines of the command's clients are
// asked, each with the options and the environment of its client. A container that no engine knows belongs to somebody
// else, unless the command started ctr, crictl or kubectl, whose containers we cannot ask for.
// Authority: docker container inspect, docker events, and the same of podman and nerdctl.
import { execa } from 'execa'
import { basename } from 'node:path'
import { clientIn, containerClients, runsContainer } from '../command/clients.ts'
import { commandAfter } from '../command/grammar.ts'
import { nameOfImage } from '../file-name.ts'
import { containerIdIn } from '../cri/cgroup-path.ts'
import type { StartedClient } from '../recorder.ts'
import type { CommandOptions } from '../recording.ts'
import { textOf } from '../runner/processes.ts'
import { spawnEnvironmentOf } from '../runner/spawn-environment.ts'

export interface Described {
  readonly engine: string
  /** The name that the user gave, or the image's. */
  readonly base: string
  /** The engine's name for the container, for messages. */
  readonly shown: string
  /** With compose: `project/service`. Containers of one service are recorded as one. */
  readonly service?: string
}

const engines = ['docker', 'podman', 'nerdctl']
/** Clients whose containers have no name, or whose engines keep it elsewhere. */
const unasked = ['ctr', 'crictl', 'kubectl']

/** How long we wait for an engine's answer. Milliseconds. */
const patience = 60_000

/** A name that an engine made up of two words. Authority: pkg/namesgenerator of moby, which Podman took over. */
const madeUp = /^[a-z]+_[a-z]+\d*$/

/** Undefined if the container is not the command's. `since`: when the command began, in milliseconds of the clock. */
export async function describe(
  id: string,
  clients: readonly StartedClient[],
  options: CommandOptions,
  since: number,
): Promise<Described | undefined> {
  const runtime = clients.find(({ words }) => isRuntime(words) && words.some((word) => names(id, word)))
  // An engine starts its runtime with the engine's own id of the container: that engine is asked below.
  if (runtime !== undefined && containerIdIn(id) === undefined)
    return { engine: basename(runtime.words[0] ?? ''), base: id, shown: id }
  for (const asker of askers(clients, options)) {
    const found =
      (await inspect(asker, id, options)) ??
      (isRemembered(asker, id, clients) ? await recall(asker, id, options, since) : undefined)
    if (found !== undefined) return described(asker.engine, found, clients)
  }
  const other = clients.find(({ words }) => unasked.includes(basename(words[0] ?? '')))
  if (other === undefined) return undefined
  const shown = id.slice(0, 12)
  return { engine: basename(other.words[0] ?? ''), base: shown, shown }
}

/** Podman's events cover all of its stores: a container is the command's only if its runtime ran below the command. */
function isRemembered({ engine }: Asker, id: string, clients: readonly StartedClient[]): boolean {
  if (engine !== 'podman') return true
  return clients.some(({ words }) => isRuntime(words) && words.some((word) => word.includes(id)))
}

/** The name of a container that a client has runc or crun run: its cgroup's directory is NAME or PREFIX-NAME.scope. */
export function runtimeContainer(directory: string, clients: readonly StartedClient[]): string | undefined {
  for (const { words } of clients) {
    if (!isRuntime(words) || !runsContainer(words, 0)) continue
    const id = words.findLast((word) => word !== '' && names(directory, word))
    if (id !== undefined) return id
  }
  return undefined
}

const isRuntime = ([program = '']: readonly string[]): boolean => ['runc', 'crun'].includes(basename(program))
const names = (directory: string, word: string): boolean =>
  directory === word || directory.endsWith(`-${word}.scope`)

interface Asker {
  readonly engine: string
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

function askers(clients: readonly StartedClient[], options: CommandOptions): readonly Asker[] {
  const { env } = spawnEnvironmentOf(options)
  const found = clients.flatMap(({ pid, words }): readonly Asker[] => {
    const at = clientIn(words)
    const engine = at === undefined ? '' : basename(words[at] ?? '').replace(/-compose$/, '')
    if (at === undefined || !engines.includes(engine)) return []
    const grammar = basename(words[at] ?? '') === engine ? containerClients[engine] : undefined
    const globals = grammar && commandAfter(words, at, grammar)
    const own = globals?.kind === 'at' ? words.slice(at + 1, globals.at) : []
    return [{ engine, words: [engine, ...own], env: environmentOf(pid) ?? env }]
  })
  // Without any client, a program may still speak to an engine itself.
  const all =
    clients.length > 0 ? found : ['docker', 'podman'].map((engine) => ({ engine, words: [engine], env }))
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()]
}

/** The environment of a running client, which may hold the engine's address. */
function environmentOf(pid: number): Readonly<Record<string, string>> | undefined {
  const text = textOf(pid, 'environ')
  if (text === undefined || text === '') return undefined
  return Object.fromEntries(
    text
      .split('\0')
      .filter((entry) => entry.includes('='))
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

interface Inspected {
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>> | null
}

const format = '{"name":{{json .Name}},"image":{{json .Config.Image}},"labels":{{json .Config.Labels}}}'

async function inspect(asker: Asker, id: string, options: CommandOptions): Promise<Inspected | undefined> {
  const said = await ask(asker, ['container', 'inspect', '--format', format, id], options)
  return said === undefined ? undefined : (parsed(said) as Inspected | undefined)
}

interface CreateEvent {
  /** From Docker. */
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> }
  /** From Podman, as the two members after it. */
  readonly Name?: string
  readonly Image?: string
  readonly Attributes?: Readonly<Record<string, string>>
}

/** Reads a container from the engine's events, if it was removed before the engine was asked. */
async function recall(
  asker: Asker,
  id: string,
  options: CommandOptions,
  since: number,
): Promise<Inspected | undefined> {
  const seconds = (milliseconds: number): string => String(Math.floor(milliseconds / 1000))
  // Podman 4 returns nothing with --until. Without it, --stream=false makes Podman end.
  const podman = ['--stream=false', '--format', 'json']
  const docker = ['--until', seconds(Date.now() + 1000), '--format', '{{json .}}']
  const filters = ['--since', seconds(since), '--filter', `container=${id}`, '--filter', 'event=create']
  const form = asker.engine === 'podman' ? podman : docker
  const said = await ask(asker, ['events', ...filters, ...form], options)
  const event = parsed(said?.split('\n')[0] ?? '') as CreateEvent | undefined
  const labels = event?.Actor?.Attributes ?? event?.Attributes ?? {}
  const [name, image] = [event?.Name ?? labels['name'], event?.Image ?? labels['image']]
  return name === undefined || image === undefined ? undefined : { name, image, labels }
}

async function ask(
  { words: [client = '', ...own], env }: Asker,
  words: readonly string[],
  options: CommandOptions,
): Promise<string | undefined> {
  const asked = await execa(client, [...own, ...words], {
    ...spawnEnvironmentOf({ ...options, env }),
    reject: false,
    stdin: 'ignore',
    timeout: patience,
  })
  return asked.failed ? undefined : asked.stdout
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function described(engine: string, found: Inspected, clients: readonly StartedClient[]): Described {
  const name = found.name.replace(/^\//, '')
  const label = (key: string): string | undefined =>
    found.labels?.[`com.docker.compose.${key}`] ?? found.labels?.[`io.podman.compose.${key}`]
  const [service, project] = [label('service'), label('project') ?? '']
  if (service !== undefined) return { engine, base: service, shown: name, service: `${project}/${service}` }
  const isGiven = clients.some(({ words }) =>
    words.some((word) => word === name || word === `--name=${name}`),
  )
  return { engine, base: isGiven || !madeUp.test(name) ? name : nameOfImage(found.image), shown: name }
}
