// Records `runc run` and `crun run`: the container is a child of the runtime, which is our child. The bundle is copied
// without its root file system, because config.json holds the filter. Relative paths in the copy become absolute.
// Authority: runtime-spec config.md (root.path and mounts[].source are relative to the bundle), runc-run(8), crun(1).
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import type { RuntimeRun } from '../command/runtime-run.ts'
import type { Watch } from '../refusals.ts'
import type { CommandOptions, Recording, RefusalsSeenBy } from '../recording.ts'
import { recordBelow } from './below.ts'
import { allowAllText, type EnforcedProfile } from './staging.ts'

interface RuntimeConfig {
  root?: { path?: string }
  process?: { noNewPrivileges?: boolean }
  mounts?: readonly {
    readonly source?: string
    readonly type?: string
    readonly options?: readonly string[]
  }[]
  linux?: Record<string, unknown>
}

/** Throws UserError (125) if the bundle cannot be read, or if no call was made under the filter. */
export async function recordRuntime(
  name: string,
  options: CommandOptions,
  found: RuntimeRun,
  recorder: RefusalsSeenBy,
  under?: EnforcedProfile,
): Promise<Recording> {
  const bundle = resolve(options.cwd ?? process.cwd(), found.bundle)
  const config = readConfig(join(bundle, found.config ?? 'config.json'))
  const recording = await recordBundle(name, options, {
    config: filtered(config, bundle, under?.profile ?? allowAllText),
    container: [...found.client, 'delete', '--force', options.command[found.insertAt] ?? ''],
    words: (copy) => {
      const file = found.config === undefined ? [] : [found.configOption, 'config.json']
      return options.command.toSpliced(found.insertAt, 0, found.bundleOption, copy, ...file)
    },
    recorder,
    ...(under && { watch: under.watch }),
    takesExec: true,
  })
  return config.process?.noNewPrivileges === true ? { ...recording, noNewPrivileges: true } : recording
}

export interface BundleRun {
  /** The text of config.json. */
  readonly config: string
  /** Fills the directory `rootfs` of the bundle, which is empty otherwise. */
  readonly root?: ((rootfs: string) => void) | undefined
  /** The command that removes the container. */
  readonly container: readonly string[]
  /** The command that runs the bundle in a directory. */
  readonly words: (bundle: string) => readonly string[]
  readonly recorder: RefusalsSeenBy
  readonly watch?: Watch
  readonly takesExec?: true
}

/** Runs and records a bundle that we write, and removes it. */
export function recordBundle(name: string, options: CommandOptions, run: BundleRun): Promise<Recording> {
  const { config, root, container, words, recorder, watch, takesExec } = run
  return recordBelow(name, options, { recorder, watch, remove: container }, (directory) => {
    const bundle = join(directory, 'bundle')
    mkdirSync(join(bundle, 'rootfs'), { recursive: true })
    root?.(join(bundle, 'rootfs'))
    writeFileSync(join(bundle, 'config.json'), config)
    return { command: words(bundle) as [string, ...string[]], ...(takesExec && { takesExec }) }
  })
}

function readConfig(file: string): RuntimeConfig {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RuntimeConfig
  } catch (error) {
    throw new UserError('bundle-not-read', { file, why: (error as Error).message })
  }
}

/**
 * The configuration with another filter and with absolute paths. The filter is inserted as text, because parsing would
 * round its 64-bit numbers.
 */
function filtered(config: RuntimeConfig, bundle: string, profile: string): string {
  const mounts = config.mounts?.map((mount) =>
    mount.source !== undefined &&
    (mount.type === 'bind' || mount.options?.some((each) => /^r?bind$/.test(each)))
      ? { ...mount, source: resolve(bundle, mount.source) }
      : mount,
  )
  const place = `filter ${randomUUID()}`
  const changed = {
    ...config,
    root: { ...config.root, path: resolve(bundle, config.root?.path ?? 'rootfs') },
    ...(mounts && { mounts }),
    linux: { ...config.linux, seccomp: place },
  }
  return JSON.stringify(changed).replace(JSON.stringify(place), () => profile)
}
