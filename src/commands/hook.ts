// `hook`: an OCI hook that replaces oci-seccomp-bpf-hook, with the same annotation and stage. The runtime waits for the
// hook, so the hook leaves a process behind that records and writes the profile when the container ends. Authority:
// oci-seccomp-bpf-hook(8), oci-hooks(5), runtime-spec config.md.
import { Option } from 'commander'
import { spawn } from 'node:child_process'
import { lstat, readFile, rm } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { UserError } from '../errors.ts'
import { countCalls, mergeObservations, observe, type Observations } from '../observe/index.ts'
import { ownCommand } from '../own.ts'
import { recordHooked, whyNoEbpf, type HookState } from '../record/index.ts'
import { addProfileOptions, argumentsOf, readCeiling, writeProfile, type ProfileOptions } from './profile.ts'
import { checkOutput, writeOutput } from './output.ts'
import { file } from './inputs.ts'
import { say } from './say.ts'
import { readText } from './texts.ts'
import { whyNotForGood } from './hook-program.ts'
import { escapeTerminal } from '../report/escape.ts'
import type { Declare, World } from './world.ts'

const annotation = 'io.containers.trace-syscall'

interface HookFlags extends ProfileOptions {
  readonly printConfig?: true
  readonly syslog?: true
  readonly follow?: string
}

export const declare: Declare = (command, world, end) => {
  command.option('--print-config', 'print the file to put into a hooks directory of podman')
  addProfileOptions(command)
    .addOption(
      new Option('-s, --syslog', 'taken and not used, as the hook this one replaces has it').hideHelp(),
    )
    .addOption(new Option('--follow <state>', 'what the hook leaves behind').hideHelp())
    .addHelpText(
      'after',
      `
An OCI runtime starts it with the container's state on standard input. The
annotation says where the profile goes (of:) and what is allowed besides (if:):

Examples:
  seccomp-gen hook --print-config > /etc/containers/oci/hooks.d/seccomp-gen.json
  podman run --annotation ${annotation}=of:/tmp/app.json IMAGE`,
    )
    .action(async (options: HookFlags) => end(await hook(options, world)))
}

async function hook(options: HookFlags, world: World): Promise<number> {
  if (options.printConfig) {
    world.stdout.write(`${JSON.stringify(config(), null, 2)}\n`)
    for (const path of ownCommand().filter(isAbsolute)) {
      const why = whyNotForGood(path)
      if (why !== undefined)
        say(
          world,
          `${path}: ${why}, and root runs it for every container that asks: install seccomp-gen for the machine`,
        )
    }
    return 0
  }
  const state = readState(options.follow ?? (await readText('-', world)))
  const files = readAnnotation(state.annotations?.[annotation])
  if (options.follow !== undefined) return follow(state, files, options, world)
  await checkOutput(files.output, { ...world, ownFilesOnly: true })
  await readCeiling(options, world)
  const why = await whyNoEbpf()
  if (why !== undefined) throw new UserError('container-not-recorded', { words: why })
  await leaveBehind(state)
  return 0
}

/** The file for podman's hooks directory (oci-hooks(5)). */
function config(): unknown {
  const [program, ...words] = ownCommand()
  return {
    version: '1.0.0',
    hook: { path: program, args: [program, ...words, 'hook'], env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] },
    when: { annotations: { [`^${annotation.replaceAll('.', '\\.')}$`]: '.*' } },
    stages: ['prestart'],
  }
}

interface Files {
  readonly output: string
  readonly input: string | undefined
}

/** `of:/absolute/file` and `if:/absolute/file`, in any order, separated by `;`. */
function readAnnotation(text: string | undefined): Files {
  const files = new Map<string, string>()
  for (const part of (text ?? '').split(';').filter((each) => each.trim() !== '')) {
    const [, kind, file] = /^\s*(of|if):(.+)$/s.exec(part) ?? []
    if (kind === undefined || file === undefined || !isAbsolute(file)) {
      throw new UserError('bad-annotation', { annotation, part })
    }
    files.set(kind, file)
  }
  const output = files.get('of')
  if (output === undefined) throw new UserError('annotation-without-output', { annotation })
  return { output, input: files.get('if') }
}

function readState(text: string): HookState {
  let state: Partial<HookState> = {}
  try {
    state = JSON.parse(text) as Partial<HookState>
  } catch {
    // The error below reports it.
  }
  const { pid, bundle, id } = state
  if (typeof pid !== 'number' || pid <= 0 || typeof bundle !== 'string' || typeof id !== 'string') {
    throw new UserError('not-a-hook-state')
  }
  return { ...state, pid, bundle, id }
}

/** Starts the recording process and waits until it is attached. */
async function leaveBehind(state: HookState): Promise<void> {
  const [program, ...words] = ownCommand()
  const child = spawn(program, [...words, ...process.argv.slice(2), '--follow', JSON.stringify(state)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const said = await new Promise<string>((resolve) => {
    let text = ''
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      if (text.includes('\n')) resolve(text)
    })
    child.once('error', (error) => resolve(error.message))
    child.once('exit', () => resolve(text))
  })
  child.unref()
  child.stdout.destroy()
  if (said !== 'attached\n') throw new UserError('container-not-recorded', { words: said.trim() })
}

/** The calls that a base profile allows, as oci-seccomp-bpf-hook takes them. */
async function readBase(
  name: string,
  asked: ReturnType<typeof argumentsOf>,
  world: World,
): Promise<Observations> {
  return observe([await file(name, world)], { format: 'profile', arguments: asked })
}

/** Removes the error file of an earlier run. Any other file is not ours to remove. */
async function removeError(failed: string): Promise<void> {
  const found = await lstat(failed).catch(() => undefined)
  if (found === undefined || !found.isFile() || found.uid !== process.geteuid?.()) return
  const text = await readFile(failed, 'utf8').catch(() => '')
  if (text.startsWith(saysWho)) await rm(failed, { force: true })
}

const saysWho = 'seccomp-gen: '

/** Records the container. Nobody reads our stderr, so a failure is written to FILE.error beside the profile. */
async function follow(state: HookState, files: Files, options: HookFlags, given: World): Promise<number> {
  const world: World = { ...given, ownFilesOnly: true }
  const failed = `${files.output}.error`
  try {
    await removeError(failed)
    const ceiling = await readCeiling(options, world)
    const asked = argumentsOf(ceiling, options)
    const { input } = files
    // Read before the container runs: a mistake in the base then prevents the start instead of losing the recording.
    const before = input === undefined ? [] : [await readBase(input, asked, world)]
    const seen = await recordHooked(state, () => world.stdout.write('attached\n'), asked)
    if (countCalls(seen) === 0) throw new UserError('no-call-recorded', {}, 2)
    const output = { ...options, output: files.output }
    await writeProfile(mergeObservations(seen, ...before), output, ceiling, world)
    return 0
  } catch (error) {
    const { message } = error as Error
    world.stdout.write(`${message}\n`)
    await writeOutput(`${saysWho}${escapeTerminal(message)}\n`, failed, world).catch(() => undefined)
    return 2
  }
}
