// Finds who runs the command and reads the profile: the engine or runtime that the command names, or our sandbox for a
// plain command. Each reads profiles in its own way, gives its own capabilities, and has its own maker of filters.
import { assumedHost, hostOfNode } from '../abi/architectures.ts'
import { basename } from 'node:path'
import { UserError } from '../errors.ts'
import { builtin, contextOf, type Context } from '../meaning/index.ts'
import type { DockerRule, ParsedProfile } from '../profile/dialects.ts'
import { printProfile } from '../print/index.ts'
import { soundProfile } from '../profile/index.ts'
import { capabilities as known } from '../profile/words.ts'
import {
  askEngine,
  findProgram,
  hostKernel,
  programOf,
  readTarget,
  recordCompose,
  recordEngineRun,
  recordRuntime,
  runningClient,
  servicesOf,
  startsBelow,
  type CommandOptions,
  type ComposeUp,
  type EnforcedProfile,
  type EngineRun,
  type Recording,
  type RefusalsSeenBy,
  type RuntimeRun,
  type Service,
  type Target,
} from '../record/index.ts'
import { capabilitiesIn } from './capabilities.ts'
import { resolvedProfile } from './resolved.ts'
import { findSandbox, type SandboxSettings } from './sandbox.ts'

export interface Loader {
  /** Who starts the program: an engine, a runtime or our sandbox. */
  readonly kind: 'engine' | 'runtime' | 'sandbox'
  /** Such as `docker with runc`. */
  readonly name: string
  readonly runtime: 'runc' | 'crun' | undefined
  readonly context: Context
  /** The profile as this loader reads it. Throws UserError (125) if the loader would ignore a part of it. */
  readonly read: (profile: ParsedProfile) => ParsedProfile
  /** The text that this loader is given. */
  readonly textOf: (profile: ParsedProfile) => string
  /** Why only ebpf sees what is started; undefined if strace and audit see it too. */
  readonly onlyEbpf: string | undefined
  readonly run: (
    options: CommandOptions,
    under: EnforcedProfile,
    recorder: RefusalsSeenBy,
  ) => Promise<Recording>
}

/**
 * The loader of the command. `dialect`: whose profile it is, for a command that no engine runs.
 * Throws UserError: 127 if the command is not found, 126 if it is not a program, 125 if it cannot be verified.
 */
export async function findLoader(
  options: CommandOptions,
  settings: SandboxSettings,
  dialect: ParsedProfile['dialect'],
): Promise<Loader> {
  const { command, cwd = process.cwd(), env = process.env } = options
  findProgram(command[0], cwd, env['PATH'])
  const target = readTarget(command, env)
  switch (target.kind) {
    case 'engine':
      return engineLoader(target, options)
    case 'runtime':
      return runtimeLoader(target)
    case 'compose':
      return composeLoader(target, options)
    case 'elsewhere':
      throw new UserError('client-verified', { program: basename(command[0]) })
    case 'program':
    case 'unread':
      return sandboxLoader(target, options, settings, dialect)
  }
}

function runtimeLoader(target: RuntimeRun): Loader {
  const { engine } = target
  return {
    kind: 'runtime',
    name: engine,
    runtime: engine,
    context: hostContext(capabilitiesIn('CapBnd'), engine),
    read: (profile) => plainOci(profile, engine),
    textOf: (profile) => printProfile(soundProfile(profile)),
    onlyEbpf: undefined,
    run: (options, under, recorder) =>
      recordRuntime(options.name ?? basename(options.command[0]), options, target, recorder, under),
  }
}

async function sandboxLoader(
  { raiser }: Target,
  options: CommandOptions,
  settings: SandboxSettings,
  dialect: ParsedProfile['dialect'],
): Promise<Loader> {
  if (raiser !== undefined && process.getuid?.() !== 0)
    throw new UserError('raiser-in-sandbox', { program: raiser })
  programOf(options)
  const sandbox = await findSandbox(options, settings)
  // The program has our capabilities, but the filter is the one that the engine makes for a container without options:
  // a filter for root's capabilities would allow calls that the container's filter refuses.
  const { capabilities } = builtin(dialect === 'containers' ? 'podman' : 'docker')
  const context = hostContext(capabilities, sandbox.runtime)
  return {
    kind: 'sandbox',
    name: sandbox.name,
    runtime: sandbox.runtime,
    context,
    read: withoutBase,
    textOf: (profile) => printProfile(resolvedProfile(profile, context)),
    onlyEbpf: undefined,
    run: async (options, under, recorder) => refuseInside(await sandbox.run(options, under, recorder)),
  }
}

async function engineLoader(run: EngineRun, options: CommandOptions): Promise<Loader> {
  const runtime = await runtimeOf(run, options)
  return {
    ...containerLoader(run.engine, runtime, run.capabilities),
    onlyEbpf: startsBelow(run) ? undefined : `a container that ${run.engine} starts ${noChild}`,
    run: (options, under, recorder) =>
      recordEngineRun(options.name ?? run.engine, options, run, recorder, under),
  }
}

const noChild = 'is not a child of the command, and only ebpf can follow it'

async function composeLoader(up: ComposeUp, options: CommandOptions): Promise<Loader> {
  const services = await servicesOf(up, options)
  const ask = (runtime: string | undefined) =>
    runtimeOf({ engine: 'docker', client: up.client, runtime }, options)
  const runtimes = new Set(await Promise.all(services.map(({ runtime }) => ask(runtime))))
  const runtime = runtimes.size === 1 ? [...runtimes][0] : undefined
  const { given, differ } = grantedTo(services)
  const loader = containerLoader('docker', runtime, given)
  return {
    ...loader,
    read: (profile) => {
      // The services share one filter unless its rules depend on capabilities.
      if (differ && profile.profile.syscalls.some(asksCapabilities))
        throw new UserError('compose-capabilities')
      return loader.read(profile)
    },
    name: loader.name.replace('docker', 'docker compose'),
    onlyEbpf: `a container that compose starts ${noChild}`,
    run: (options, under) => recordCompose(options.name ?? basename(options.command[0]), options, up, under),
  }
}

function grantedTo(services: readonly Service[]): {
  readonly given: EngineRun['capabilities']
  readonly differ: boolean
} {
  const { capabilities: usual } = builtin('docker')
  const all = services.map(({ cap_add: add = [], cap_drop: drop = [] }) => ({ add, drop }))
  const sets = new Set(all.map((each) => [...capabilitiesOf(usual, each)].sort().join(' ')))
  return { given: all[0] ?? { add: [], drop: [] }, differ: sets.size > 1 }
}

function asksCapabilities({ includes, excludes }: DockerRule): boolean {
  return [includes, excludes].some((each) => (each?.caps ?? []).length > 0)
}

/** The loader of an engine for a container with these capabilities. */
function containerLoader(
  engine: string,
  runtime: 'runc' | 'crun' | undefined,
  capabilities: EngineRun['capabilities'],
): Omit<Loader, 'run' | 'onlyEbpf'> {
  const { capabilities: given } = builtin(engine === 'podman' ? 'podman' : 'docker')
  return {
    kind: 'engine',
    name: runtime === undefined ? engine : `${engine} with ${runtime}`,
    runtime,
    context: hostContext(capabilitiesOf(given, capabilities), runtime),
    read: (profile) => {
      if (engine === 'nerdctl') return plainOci(profile, 'nerdctl')
      const { dialect } = withoutBase(profile)
      if (profile.envelope === 'config' || dialect === 'oci') return profile
      return { ...profile, dialect: engine === 'podman' ? 'containers' : 'docker' }
    },
    textOf: (profile) => printProfile(soundProfile(profile)),
  }
}

/** Throws UserError (125) if the command starts a container itself: the profile would not hold in that container. */
function refuseInside(recording: Recording): Recording {
  const [client, ...words] = runningClient(recording) ?? []
  if (client === undefined) return recording
  const shown = [basename(client), ...words.slice(0, 2)].join(' ')
  throw new UserError('inner-client-verified', { program: basename(client), words: shown })
}

/** runc or crun by its name; undefined for a runtime whose filter is unknown. */
async function runtimeOf(
  run: Pick<EngineRun, 'engine' | 'client' | 'runtime'>,
  options: CommandOptions,
): Promise<'runc' | 'crun' | undefined> {
  const said =
    run.runtime ??
    (run.engine === 'docker'
      ? await askEngine(run, '.DefaultRuntime', options)
      : run.engine === 'podman'
        ? await askEngine(run, '.Host.OCIRuntime.Name', options)
        : 'runc')
  if (/runsc|gvisor|kata/i.test(said)) throw new UserError('runtime-without-filter', { runtime: said })
  return /crun/.test(said) ? 'crun' : /runc/.test(said) ? 'runc' : undefined
}

function hostContext(capabilities: readonly string[], runtime: 'runc' | 'crun' | undefined): Context {
  return contextOf({
    architecture: hostOfNode(process.arch) ?? assumedHost,
    capabilities,
    kernel: hostKernel(),
    ...(runtime && { runtime }),
  })
}

/** docker run(1): added capabilities come before dropped ones, and ALL of each before single ones. */
function capabilitiesOf(
  given: readonly string[],
  { add, drop }: EngineRun['capabilities'],
): readonly string[] {
  const names = (words: readonly string[]): readonly string[] =>
    words
      .flatMap((word) => word.toUpperCase().split(','))
      .map((word) => (word === 'ALL' || word.startsWith('CAP_') ? word : `CAP_${word}`))
  const [added, dropped] = [names(add), names(drop)]
  const start = added.includes('ALL') ? [...known] : dropped.includes('ALL') ? [] : given
  return [
    ...new Set([
      ...start.filter((each) => !dropped.includes(each)),
      ...added.filter((each) => known.has(each)),
    ]),
  ]
}

function withoutBase(profile: ParsedProfile): ParsedProfile {
  if (profile.base === undefined) return profile
  throw new UserError('base-not-here', { file: profile.name, base: profile.base })
}

/** The profile for loaders that ignore every key beyond plain OCI. */
function plainOci(profile: ParsedProfile, loader: string): ParsedProfile {
  const [beyond] = withoutBase(profile).beyondOci
  if (beyond === undefined || profile.envelope === 'config') return profile
  const { line, column } = beyond.at
  throw new UserError('key-not-read', { file: profile.name, line, column, key: beyond.key, by: loader })
}
