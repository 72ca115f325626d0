// Whose a container is: the engines that the command's clients speak to are asked, each as its client was told to speak to
// it (its own options, its own environment). What none of them knows is somebody else's, but for what clients start that
// cannot be asked. Authority: docker container inspect, docker events, and the same of podman and nerdctl.
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
  /** The name that the user gave it, or its image's. */
  readonly base: string
  /** For people: as its engine calls it. */
  readonly shown: string
  /** Of compose: containers of one service are one. */
  readonly service?: string
}

const engines = ['docker', 'podman', 'nerdctl']
/** They start containers of engines that have no name for them, or keep it elsewhere. */
const unasked = ['ctr', 'crictl', 'kubectl']

/** An engine that does not answer in this time is not waited for. Milliseconds. */
const patience = 60_000

/** How an engine makes a name up: two words. Authority: pkg/namesgenerator of moby, which Podman took over. */
const madeUp = /^[a-z]+_[a-z]+\d*$/

/** Undefined for a container that is not the command's. `since`: when the command began, in milliseconds of the clock. */
export async function describe(
  id: string,
  clients: readonly StartedClient[],
  options: CommandOptions,
  since: number,
): Promise<Described | undefined> {
  const runtime = clients.find(({ words }) => isRuntime(words) && words.some((word) => names(id, word)))
  // An engine's own id stands in the words of the runtime that it starts.
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

/** What Podman remembers is of all its stores together: of ours is what its runtime was started for below the command. */
function isRemembered({ engine }: Asker, id: string, clients: readonly StartedClient[]): boolean {
  if (engine !== 'podman') return true
  return clients.some(({ words }) => isRuntime(words) && words.some((word) => word.includes(id)))
}

/** A container of runc or crun that a client was told to run, by the directory of its cgroup: its name, or NAME.scope. */
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
  // A program may speak to an engine without a client.
  const all =
    clients.length > 0 ? found : ['docker', 'podman'].map((engine) => ({ engine, words: [engine], env }))
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()]
}

/** While it runs: an engine's address may stand there. */
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
  /** Docker's. */
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> }
  /** Podman's. */
  readonly Name?: string
  readonly Image?: string
  readonly Attributes?: Readonly<Record<string, string>>
}

/** A container that was removed before the engine was asked: its engine remembers that it was made. */
async function recall(
  asker: Asker,
  id: string,
  options: CommandOptions,
  since: number,
): Promise<Inspected | undefined> {
  const seconds = (milliseconds: number): string => String(Math.floor(milliseconds / 1000))
  // Podman 4 gives nothing at all with --until, and ends without it where it is told not to stream.
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
