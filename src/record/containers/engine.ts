// Records `docker run` and the like: the engine starts the container with a filter that allows all calls, in a cgroup
// of ours. The calls made there under the filter are counted. These are the calls that a profile must allow: those of
// the program, and those of the runtime between loading the filter and starting the program.
import { execa } from 'execa'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EngineRun } from '../command/index.ts'
import type { EngineContainer } from '../recorder.ts'
import { recorders } from '../recorders.ts'
import type { CommandOptions, Recording, RefusalsSeenBy } from '../recording.ts'
import { run } from '../runner/index.ts'
import { spawnEnvironmentOf } from '../runner/spawn-environment.ts'
import { leavesToSystemd } from './ask.ts'
import { recordBelow } from './below.ts'
import { stage, writeFilter, type EnforcedProfile } from './staging.ts'
import { startedBy } from './started-by.ts'

/** Whether strace can follow the containers of this engine: podman has no daemon, so they are its children. */
export function startsBelow({ engine }: EngineRun): boolean {
  return engine === 'podman'
}

/** Throws UserError (125) if the engine does not answer, or if the container made no call. */
export async function recordEngineRun(
  name: string,
  options: CommandOptions,
  target: EngineRun,
  recorder: RefusalsSeenBy,
  under?: EnforcedProfile,
): Promise<Recording> {
  const recording =
    recorder === 'ebpf'
      ? await inCgroup(name, options, target, under)
      : await below(name, options, target, recorder, under)
  // With --init the first program is the engine's own.
  const started = (recording.programs ?? 0) > (target.init ? 1 : 0)
  const known = startedBy(target.engine, recording)
  const beside = [...(target.init ? (['init'] as const) : []), ...(target.terminal ? (['tty'] as const) : [])]
  return {
    ...known,
    started,
    ...(beside.length > 0 && { beside }),
    ...(target.noNewPrivileges && { noNewPrivileges: true }),
  }
}

async function inCgroup(
  name: string,
  options: CommandOptions,
  target: EngineRun,
  under: EnforcedProfile | undefined,
): Promise<Recording> {
  const systemd = await leavesToSystemd(target, options)
  const staging = await stage(systemd, under && { profile: under.profile })
  try {
    const file = idFile(target, options, staging.directory)
    const container = containerIn(file.path, target, options)
    const words = [
      '--security-opt',
      `seccomp=${staging.filter}`,
      '--cgroup-parent',
      staging.parent,
      ...file.words,
    ]
    const recording = await run(recorders.ebpf, {
      name,
      options: { ...options, command: withWords(options.command, target, words) },
      scope: { cgroup: staging.membership, processes: staging.processes },
      started: staging.startedBy,
      container,
      ...(under && { watch: under.watch }),
    })
    await tellKept(target, options, container)
    return recording
  } finally {
    await staging.end()
  }
}

/** Records without bpf(2): strace follows the engine into the container, or audit records show its refusals. */
async function below(
  name: string,
  options: CommandOptions,
  target: EngineRun,
  recorder: RefusalsSeenBy,
  under: EnforcedProfile | undefined,
): Promise<Recording> {
  // newuidmap gains no privileges while it is traced, so an untraced command creates podman's user namespace first.
  const [client = '', ...rest] = target.client
  if (process.getuid?.() !== 0)
    await execa(client, [...rest, 'unshare', 'true'], {
      ...spawnEnvironmentOf(options),
      reject: false,
      stdio: 'ignore',
    })
  let kept = async (): Promise<void> => undefined
  const prepare = (directory: string) => {
    const file = idFile(target, options, directory)
    const filter = writeFilter(directory, under?.profile)
    const words = ['--security-opt', `seccomp=${filter}`, ...file.words]
    const container = containerIn(file.path, target, options)
    kept = () => tellKept(target, options, container)
    return { command: withWords(options.command, target, words), container, takesExec: true as const }
  }
  return recordBelow(name, options, { recorder, watch: under?.watch, ended: () => kept() }, prepare)
}

/** The container whose id the engine writes to a file, as the engine reports it. */
function containerIn(file: string, { engine, client }: EngineRun, options: CommandOptions): EngineContainer {
  const id = (): string | undefined => {
    try {
      return readFileSync(file, 'latin1').trim() || undefined
    } catch {
      return undefined
    }
  }
  const ask = async (...words: readonly string[]): Promise<string | undefined> => {
    const container = id()
    if (container === undefined) return undefined
    const [program = '', ...own] = client
    const asked = await execa(program, [...own, ...words, container], {
      ...spawnEnvironmentOf(options),
      reject: false,
      stdin: 'ignore',
    })
    return asked.failed ? undefined : asked.stdout.trim()
  }
  return {
    id,
    health: async () => {
      const said = await ask('container', 'inspect', '--format', '{{with .State.Health}}{{.Status}}{{end}}')
      // Podman leaves health checks to systemd, and reports "starting" for ever if there is no systemd.
      return engine === 'podman' && said === 'starting' ? '' : (said ?? '')
    },
    stop: async () => (await ask('stop')) !== undefined,
  }
}

/** The file to which the engine writes the container's id. Later the engine is asked about that container. */
function idFile(
  { idFile }: EngineRun,
  { cwd = process.cwd() }: CommandOptions,
  directory: string,
): { readonly path: string; readonly words: readonly string[] } {
  if (idFile !== undefined) return { path: resolve(cwd, idFile), words: [] }
  const path = join(directory, 'container')
  return { path, words: ['--cidfile', path] }
}

/** Sends a notice if the engine keeps the container, because it keeps the filter of the recording for good. */
async function tellKept(
  { engine, client, removed }: EngineRun,
  options: CommandOptions,
  started: EngineContainer,
): Promise<void> {
  const id = started.id()
  if (removed || options.notice === undefined || id === undefined) return
  const [program = '', ...words] = client
  const inspect = ['container', 'inspect', '--format', '{{.Name}}', id]
  const asked = await execa(program, [...words, ...inspect], {
    ...spawnEnvironmentOf(options),
    reject: false,
    stdin: 'ignore',
  })
  if (asked.failed) return
  const container = asked.stdout.trim().replace(/^\//, '') || id.slice(0, 12)
  options.notice({ code: 'container-kept', engine, container })
}

function withWords(
  command: CommandOptions['command'],
  { insertAt }: EngineRun,
  words: readonly string[],
): CommandOptions['command'] {
  return command.toSpliced(insertAt, 0, ...words) as [string, ...string[]]
}
