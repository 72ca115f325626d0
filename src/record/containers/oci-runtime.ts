// `runc run` and `crun run`: the container is a child of the runtime, and so of ours. Its bundle is copied but for the
// root file system, because the filter stands in config.json; paths of the copy are made whole.
// Authority: runtime-spec config.md (root.path and mounts[].source are relative to the bundle), runc-run(8), crun(1).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { commandAfter, containerClients, letters, longs, type Grammar } from '../command-line.ts'
import { recordWithEbpf } from '../ebpf/index.ts'
import type { CommandOptions, RecorderName, Recording } from '../recording.ts'
import { recordWithStrace } from '../strace.ts'
import { allowAll, startGuardian } from './staging.ts'

export interface RuntimeRun {
  readonly engine: string
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

const run: Grammar = {
  valued: [...letters('bf'), ...longs('bundle config console-socket pid-file preserve-fds')],
  flags: [...letters('d'), ...longs('detach no-pivot no-new-keyring no-subreaper keep')],
}

/** What a runtime's words say; undefined where they do not run a container. */
export function readRuntimeRun(words: readonly string[], at: number): RuntimeRun | undefined {
  const engine = basename(words[at] ?? '')
  const client = engine === 'runc' || engine === 'crun' ? containerClients[engine] : undefined
  if (client === undefined) return undefined
  const globals = commandAfter(words, at, client)
  if (globals.kind === 'unread' || words[globals.at] !== 'run') return undefined
  const after = commandAfter(words, globals.at, run)
  if (after.kind === 'unread' || words[after.at] === undefined) return undefined
  const last = (...names: readonly string[]): string | undefined =>
    names.flatMap((name) => after.options.get(name) ?? []).at(-1)
  return {
    engine,
    client: words.slice(0, globals.at),
    insertAt: after.at,
    bundle: last('b', 'bundle') ?? '.',
    bundleOption: after.options.has('b') ? '-b' : '--bundle',
    configOption: after.options.has('f') ? '-f' : '--config',
    config: last('f', 'config'),
  }
}

interface Config {
  root?: { path?: string }
  process?: { noNewPrivileges?: boolean }
  mounts?: readonly {
    readonly source?: string
    readonly type?: string
    readonly options?: readonly string[]
  }[]
  linux?: Record<string, unknown>
}

/** Throws UserError (125) where the bundle cannot be read or nothing was called under the filter. */
export async function recordRuntime(
  name: string,
  options: CommandOptions,
  found: RuntimeRun,
  recorder: RecorderName,
): Promise<Recording> {
  const bundle = resolve(options.cwd ?? process.cwd(), found.bundle)
  const config = readConfig(join(bundle, found.config ?? 'config.json'))
  const container = options.command[found.insertAt] ?? ''
  const guardian = await startGuardian({
    slice: false,
    remove: [...found.client, 'delete', '--force', container],
  })
  try {
    const copy = join(guardian.directory, 'bundle')
    mkdirSync(copy)
    writeFileSync(join(copy, 'config.json'), JSON.stringify(filtered(config, bundle)))
    const words = [
      found.bundleOption,
      copy,
      ...(found.config === undefined ? [] : [found.configOption, 'config.json']),
    ]
    const command = options.command.toSpliced(found.insertAt, 0, ...words) as [string, ...string[]]
    const started = guardian.startedBy
    const recording =
      recorder === 'ebpf'
        ? await recordWithEbpf(
            name,
            { ...options, command },
            { membership: { who: 'tree', underFilter: true }, started },
          )
        : await recordWithStrace(name, { ...options, command }, { directory: guardian.directory, started })
    return config.process?.noNewPrivileges === true ? { ...recording, noNewPrivileges: true } : recording
  } finally {
    await guardian.end()
  }
}

function readConfig(file: string): Config {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Config
  } catch (error) {
    throw new UserError(`${file}: cannot be read: ${(error as Error).message}`, 125)
  }
}

/** The configuration under the filter that allows all, to be used from another directory. */
function filtered(config: Config, bundle: string): Config {
  const mounts = config.mounts?.map((mount) =>
    mount.source !== undefined &&
    (mount.type === 'bind' || mount.options?.some((each) => /^r?bind$/.test(each)))
      ? { ...mount, source: resolve(bundle, mount.source) }
      : mount,
  )
  return {
    ...config,
    root: { ...config.root, path: resolve(bundle, config.root?.path ?? 'rootfs') },
    ...(mounts && { mounts }),
    linux: { ...config.linux, seccomp: allowAll },
  }
}
