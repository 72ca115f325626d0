// Reads `docker compose up` and `docker-compose up` from the user's words: where a file can be added, and which files
// compose reads otherwise. Authority: docker compose --help (2), docker-compose --help (1.29).
import { basename } from 'node:path'
import { composeGrammar, containerClients } from './clients.ts'
import { refuseElsewhere } from './engine-run.ts'
import { commandAfter } from './grammar.ts'

/** An `up` that can be recorded. */
export interface ComposeUp {
  readonly kind: 'compose'
  /** The command before `up`. Options are added after these words. */
  readonly before: readonly string[]
  /** The engine's client with its options, for questions to the engine. */
  readonly client: readonly string[]
  /** Whether the user names the files. */
  readonly namesFiles: boolean
  readonly directory: string | undefined
  /** The default names of compose files, in order of preference. */
  readonly defaults: readonly string[]
}

const second = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const first = ['docker-compose.yml', 'docker-compose.yaml', 'compose.yml', 'compose.yaml']

/**
 * Undefined if the words are not an `up` of Docker's compose. Throws UserError (125) for an engine on another machine.
 */
export function readComposeUp(
  words: readonly string[],
  at: number,
  env: Readonly<Record<string, string | undefined>>,
): ComposeUp | undefined {
  const program = basename(words[at] ?? '')
  const plugin = program === 'docker'
  const docker = containerClients['docker']
  if (docker === undefined || (!plugin && program !== 'docker-compose')) return undefined
  const globals = plugin ? commandAfter(words, at, docker) : undefined
  if (globals?.kind === 'unread' || (globals !== undefined && words[globals.at] !== 'compose'))
    return undefined
  // docker-compose 1 takes the engine's address itself.
  const grammar = plugin
    ? composeGrammar
    : {
        valued: [...composeGrammar.valued, ...docker.valued],
        flags: [...composeGrammar.flags, ...docker.flags],
      }
  const own = commandAfter(words, globals?.at ?? at, grammar)
  if (own.kind === 'unread' || words[own.at] !== 'up') return undefined
  const engine = globals ?? own
  refuseElsewhere('docker', engine.options, env)
  const hosts = ['H', 'host'].flatMap((name) => own.options.get(name) ?? [])
  return {
    kind: 'compose',
    before: words.slice(0, own.at),
    client: plugin
      ? words.slice(0, globals?.at)
      : [...words.slice(0, at), 'docker', ...hosts.flatMap((host) => ['-H', host])],
    namesFiles: own.options.has('f') || own.options.has('file'),
    directory: own.options.get('project-directory')?.at(-1),
    defaults: plugin ? second : first,
  }
}
