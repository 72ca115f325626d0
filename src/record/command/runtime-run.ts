// `runc run` and `crun run` read from the user's own words: where another bundle is put in. Authority: runc-run(8), crun(1).
import { basename } from 'node:path'
import { containerClients } from './clients.ts'
import { commandAfter, letters, longs, type CommandGrammar } from './grammar.ts'

export interface RuntimeRun {
  readonly kind: 'runtime'
  readonly engine: 'runc' | 'crun'
  readonly client: readonly string[]
  /** The container's name stands here; what is put before it comes after the user's own options, and holds. */
  readonly insertAt: number
  readonly bundle: string
  /** As the user wrote it: runc refuses two spellings of one option. */
  readonly bundleOption: string
  readonly configOption: string
  /** The name of the configuration file, where crun was given one. */
  readonly config: string | undefined
}

const run: CommandGrammar = {
  valued: [...letters('bf'), ...longs('bundle config console-socket pid-file preserve-fds')],
  flags: [...letters('d'), ...longs('detach no-pivot no-new-keyring no-subreaper keep')],
}

/** What a runtime's words say; undefined where they do not run a container. */
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
