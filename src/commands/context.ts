// The options for the context in which a profile is read (contract: "Options with one meaning everywhere").
import { InvalidArgumentError, Option, type Command } from 'commander'
import { architectures, assumedHost, type Architecture, type Host } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { capabilitiesOf } from '../meaning/engine-capabilities.ts'
import {
  contextOf,
  type Context,
  type ContextOptions,
  type EngineVersion,
  type RuntimeVersion,
} from '../meaning/index.ts'
import { isLibraryVersion } from '../meaning/context-options.ts'
import { engineNames, readEngineVersion } from '../meaning/versions/engines.ts'
import { readRuntimeVersion } from '../meaning/versions/runtime-word.ts'

export interface ContextWords {
  readonly cap?: readonly string[]
  readonly kernel?: string
  readonly runtime?: RuntimeVersion
  readonly engine?: EngineVersion
  readonly libseccomp?: string
}

export function addContextOptions(command: Command): Command {
  return addReaderOptions(
    addHostOptions(command).addOption(
      new Option('--runtime <runtime>', 'runc (its ENOSYS too), crun, runc@1.1.5 …').argParser(
        (word): RuntimeVersion => {
          if (readRuntimeVersion(word) !== undefined) return word as RuntimeVersion
          throw new InvalidArgumentError('Give runc, crun, or one version of them such as runc@1.3.6.')
        },
      ),
    ),
  )
}

/** The options that choose the reader of a profile, besides --runtime. */
export function addReaderOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--engine <engine>',
        'read the profile as this engine does: docker, docker@20.10, podman …',
      ).argParser((word): EngineVersion => {
        if (readEngineVersion(word) !== undefined) return word as EngineVersion
        throw new InvalidArgumentError(`Give ${engineNames.join(', ')}, or one version such as docker@20.10.`)
      }),
    )
    .addOption(
      new Option('--libseccomp <version>', 'with the calls that this version knows, such as 2.5.4').argParser(
        (word): string => {
          if (isLibraryVersion(word)) return word
          throw new InvalidArgumentError('Give a version from 2.5.0 on, such as 2.5.4.')
        },
      ),
    )
}

/** The options for the host, without --runtime. */
export function addHostOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--cap <cap>', 'capability, all or none; repeatable (default: the engine’s)').argParser(
        (word: string, before: readonly string[] = []) => [...before, capability(word)],
      ),
    )
    .option('--kernel <x.y>', 'kernel of the host (default 6.12)')
}

function capability(word: string): string {
  const name = word.toUpperCase()
  if (/^(?:NONE|ALL)$/.test(name)) return name.toLowerCase()
  if (/^(?:CAP_)?[A-Z_]+$/.test(name)) return name.startsWith('CAP_') ? name : `CAP_${name}`
  throw new InvalidArgumentError('Write CAP_NET_ADMIN, none or all.')
}

/** `engine`: the default capabilities of a built-in's engine, used without --cap and --engine. */
export function contextOptionsFrom(
  { cap, kernel, runtime, engine: reader, libseccomp }: ContextWords,
  architecture: Architecture,
  engine?: readonly string[],
): ContextOptions {
  const capabilities = capabilitiesFrom(cap) ?? (reader === undefined ? engine : givenBy(reader))
  return {
    architecture,
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(reader === undefined ? {} : { engine: reader }),
    ...(libseccomp === undefined ? {} : { libseccomp }),
  }
}

export function contextFrom(
  words: ContextWords,
  architecture: Architecture,
  engine?: readonly string[],
): Context {
  return contextOf(contextOptionsFrom(words, architecture, engine))
}

function givenBy(word: EngineVersion): readonly string[] {
  const read = readEngineVersion(word)
  return capabilitiesOf(read?.engine ?? '', read?.version ?? 'main')
}

/** The capabilities that --cap names; undefined without --cap. Throws a UserError for both all and none. */
export function capabilitiesFrom(cap: ContextWords['cap']): readonly string[] | 'all' | undefined {
  if (cap?.includes('all') && cap.includes('none')) throw new UserError('cap-contradiction')
  return cap?.includes('all') ? 'all' : cap?.filter((each) => each !== 'none')
}

/** The host of --arch's architectures; by default the assumed host. Throws UserError (2) for several hosts. */
export function hostOf(given: readonly Architecture[] | undefined): Host {
  const hosts = new Set((given ?? [assumedHost]).map((each) => architectures[each].host))
  const [host = assumedHost, ...others] = hosts
  if (others.length > 0) throw new UserError('several-hosts')
  return host
}
