// Reads `runc run` and `crun run` in the user's words: where to add another bundle. Authority: runc-run(8), crun(1).
import { basename } from 'node:path'
import { containerClients } from './clients.ts'
import { commandAfter, letters, longs, type CommandGrammar } from './grammar.ts'

export interface RuntimeRun {
  readonly kind: 'runtime'
  readonly engine: 'runc' | 'crun'
  readonly client: readonly string[]
  /** The index of the container's name. Options added before it come after the user's, so they take precedence. */
  readonly insertAt: number
  readonly bundle: string
  /** The user's spelling of the option: runc refuses two spellings of one option. */
  readonly bundleOption: string
  readonly configOption: string
  /** The name of the configuration file, if the user gave crun one. */
  readonly config: string | undefined
}

const run: CommandGrammar = {
  valued: [...letters('bf'), ...longs('bundle config console-socket pid-file preserve-fds')],
  flags: [...letters('d'), ...longs('detach no-pivot no-new-keyring no-subreaper keep')],
}

/** Undefined if the words are not a `run` of a runtime that we can read. */
export function readRuntimeRun(words: readonly string[], at: number): RuntimeRun | undefined {
  const engine = basename(words[at] ?? '')
  if (engine !== 'runc' && engine !== 'crun') return undefined
  const client = containerClients[engine]
  if (client === undefined) return undefined
  const globals = commandAfter(words, at, client)
  if (globals.kind === 'unread' || words[globals.at] !== 'run') return undefined
  const after = commandAfter(words, globals.at, run)
  if (after.kind === 'unread' || words[after.at] === undefined) return undefined
  const last = (...names: readonly string[]): string | undefined =>
    names.flatMap((name) => after.options.get(name) ?? []).at(-1)
  return {
    kind: 'runtime',
    engine,
    client: words.slice(0, globals.at),
    insertAt: after.at,
    bundle: last('b', 'bundle') ?? '.',
    bundleOption: after.options.has('b') ? '-b' : '--bundle',
    configOption: after.options.has('f') ? '-f' : '--config',
    config: last('f', 'config'),
  }
}
