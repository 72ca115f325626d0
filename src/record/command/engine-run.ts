// Reads `docker run`, `podman run` and `nerdctl run` from the user's words: where a filter and a cgroup can be added,
// and which options prevent recording. No word is removed or moved: an option is kept, or the command is refused.
import { architectureOf, hostOfNode } from '../../abi/architectures.ts'
import { basename } from 'node:path'
import { UserError } from '../../errors.ts'
import type { Obstacle } from '../../errors/recording.ts'
import { containerClients } from './clients.ts'
import { commandAfter } from './grammar.ts'
import { runGrammars } from './run-grammars.ts'

/** A `run` that can be recorded. */
export interface EngineRun {
  readonly kind: 'engine'
  readonly engine: string
  /** The user's name for the container, else its image. */
  readonly container: string
  /** The client with its options and the words before it, for questions to the same engine. */
  readonly client: readonly string[]
  /** New words go before this index, directly after `run`. */
  readonly insertAt: number
  /** As given with --security-opt; undefined if it is not given. */
  readonly noNewPrivileges: boolean | undefined
  /** As given with --read-only; undefined if it is not given. */
  readonly readOnly: boolean | undefined
  /** As given with --group-add. */
  readonly groups: readonly string[]
  /** As given with --sysctl: NAME=VALUE. */
  readonly sysctls: readonly string[]
  /** As given with --cap-add and --cap-drop. */
  readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] }
  /** As given with --user. */
  readonly user: string | undefined
  /** With --init: the engine's own program starts the container's. */
  readonly init: boolean
  /** With -t: the program has a terminal. */
  readonly terminal: boolean
  /** With --rm: the engine removes the container after it has ended. */
  readonly removed: boolean
  /** As given with --cidfile. */
  readonly idFile: string | undefined
  /** As given with --runtime after `run`. Podman takes its --runtime before `run`. */
  readonly runtime: string | undefined
  readonly started: StartedImage
}

/** What is started, as far as the words say. The image defines the rest. */
export interface StartedImage {
  readonly image: string
  /** Empty if --entrypoint removes the image's entrypoint. */
  readonly entrypoint?: readonly string[]
  /** The words after the image. */
  readonly command: readonly string[]
  readonly workingDirectory?: string
  /** Directories and files of this machine that are mounted in the container. */
  readonly mounts: readonly { readonly source: string; readonly target: string }[]
}

/** Reads the client at `words[at]`. Undefined if the words are not a `run` that we can read. Throws UserError (125). */
export function readEngineRun(
  words: readonly string[],
  at: number,
  env: Readonly<Record<string, string | undefined>>,
): EngineRun | undefined {
  const engine = basename(words[at] ?? '')
  const [client, grammar] = [containerClients[engine], runGrammars[engine]]
  if (client === undefined || grammar === undefined) return undefined
  const globals = commandAfter(words, at, client)
  if (globals.kind === 'unread') return undefined
  const grouped = words[globals.at] === 'container' ? 1 : 0
  const verb = globals.at + grouped
  if (words[verb] !== 'run') return undefined
  refuseElsewhere(engine, globals.options, env)
  const run = commandAfter(words, verb, grammar)
  if (run.kind === 'unread') {
    throw new UserError('unknown-engine-option', { engine })
  }
  const given = words.slice(verb + 1, run.at)
  const security = run.options.get('security-opt') ?? []
  refuse(engine, given, run.options, security)
  return {
    kind: 'engine',
    engine,
    container: run.options.get('name')?.at(-1) ?? words[run.at] ?? engine,
    client: words.slice(0, globals.at),
    insertAt: verb + 1,
    noNewPrivileges: lastOf(security, 'no-new-privileges'),
    readOnly: lastOf(given, '--read-only'),
    groups: run.options.get('group-add') ?? [],
    sysctls: run.options.get('sysctl') ?? [],
    capabilities: { add: run.options.get('cap-add') ?? [], drop: run.options.get('cap-drop') ?? [] },
    user: (run.options.get('user') ?? run.options.get('u'))?.at(-1),
    init: isSet(given, run.options, 'init'),
    terminal: isSet(given, run.options, 'tty') || run.options.has('t'),
    removed: isSet(given, run.options, 'rm'),
    idFile: run.options.get('cidfile')?.at(-1),
    runtime: run.options.get('runtime')?.at(-1),
    started: startedImage(words.slice(run.at), run.options),
  }
}

function startedImage([image = '', ...command]: readonly string[], options: OptionValues): StartedImage {
  const last = (...names: readonly string[]): string | undefined =>
    names.flatMap((each) => options.get(each) ?? []).at(-1)
  const entrypoint = last('entrypoint')
  const workingDirectory = last('workdir', 'w')
  const volumes = ['volume', 'v'].flatMap((each) => options.get(each) ?? [])
  return {
    image,
    ...(entrypoint !== undefined && { entrypoint: entrypointOf(entrypoint) }),
    command,
    ...(workingDirectory !== undefined && { workingDirectory }),
    mounts: [
      ...volumes.map((each) => each.split(':')).map(([source = '', target = '']) => ({ source, target })),
      ...(options.get('mount') ?? []).map(bindMount),
    ].filter(({ source, target }) => source.startsWith('/') && target.startsWith('/')),
  }
}

/** Podman also takes a JSON list. */
function entrypointOf(word: string): readonly string[] {
  if (word === '') return []
  if (!word.startsWith('[')) return [word]
  try {
    return (JSON.parse(word) as readonly unknown[]).map(String)
  } catch {
    return [word]
  }
}

function bindMount(text: string): { source: string; target: string } {
  const fields = new Map(text.split(',').map((each) => each.split('=', 2) as [string, string | undefined]))
  const first = (...names: readonly string[]): string =>
    names.map((each) => fields.get(each)).find((each) => each !== undefined) ?? ''
  return fields.get('type') === 'bind'
    ? { source: first('source', 'src'), target: first('target', 'destination', 'dst') }
    : { source: '', target: '' }
}

type OptionValues = ReadonlyMap<string, readonly string[]>

/** Throws UserError if the engine is on another machine: only our own kernel can count the container's calls. */
export function refuseElsewhere(
  engine: string,
  options: OptionValues,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const hosts = [
    ...(options.get('H') ?? []),
    ...(options.get('host') ?? []),
    ...(options.get('url') ?? []),
    ...(engine === 'docker' ? [env['DOCKER_HOST']] : [env['CONTAINER_HOST']]),
  ].filter((host): host is string => host !== undefined && host !== '')
  const far = hosts.find((host) => !/^(?:unix:\/\/|\/)/.test(host))
  const remote = ['r', 'remote', 'c', 'connection', 'context'].find(
    (name) => options.has(name) && (engine === 'podman' || name === 'context'),
  )
  if (far === undefined && remote === undefined) return
  throw new UserError('engine-elsewhere', { engine, place: far ?? `--${remote}` })
}

/** Whether a flag is given and its last occurrence does not turn it off. */
function isSet(given: readonly string[], options: OptionValues, flag: string): boolean {
  return options.has(flag) && lastOf(given, `--${flag}`) !== false
}

/** The last of `WORD`, `WORD=VALUE` and `WORD:VALUE`; values are those of Go's strconv.ParseBool. */
function lastOf(given: readonly string[], word: string): boolean | undefined {
  const last = given.findLast(
    (each) => each === word || (/^[:=]/.test(each.slice(word.length)) && each.startsWith(word)),
  )
  return last === undefined ? undefined : !/^(?:0|f|F|false|False|FALSE)$/.test(last.slice(word.length + 1))
}

function refuse(
  engine: string,
  given: readonly string[],
  options: OptionValues,
  security: readonly string[],
): void {
  const because = (option: string, obstacle: Obstacle): UserError =>
    new UserError('engine-option', { engine, option, because: obstacle })
  const profile = security.find((each) => /^seccomp[=:]/.test(each))
  if (profile !== undefined) throw because(`--security-opt ${profile}`, 'filter')
  if (isSet(given, options, 'privileged')) throw because('--privileged', 'privileged')
  for (const platform of [...(options.get('platform') ?? []), ...(options.get('arch') ?? [])]) {
    if (!isNative(platform)) throw because(`--platform ${platform}`, 'emulated')
  }
  const restart = options.get('restart')?.at(-1)
  if (restart !== undefined && restart !== 'no') throw because(`--restart ${restart}`, 'restart')
  for (const option of ['cgroup-parent', 'cgroups', 'pod', 'pod-id-file']) {
    if (options.has(option)) throw because(`--${option}`, 'cgroup')
  }
}

export function isNative(platform: string): boolean {
  const words = platform.toLowerCase().split('/')
  const wanted = words.length === 1 ? words[0] : words[1]
  if (wanted === undefined || wanted === 'linux') return true
  const host = hostOfNode(process.arch)
  return host !== undefined && architectureOf(wanted) === host
}
