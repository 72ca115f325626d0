// Recording: runs a command, or attaches to a process, and gives what it called. This room and verify/ are the only
// ones that start processes; no shell is ever involved. Which recorder does it is decided here.
import { basename } from 'node:path'
import { readFile } from 'node:fs/promises'
import { UserError } from '../errors.ts'
import { privilegeRaiser, programOfStrace, readCommand, runsContainer } from './command-line.ts'
import { findProgram } from './program.ts'
import type { RecorderName, RecordNotice, RecordOptions, Recording } from './recording.ts'
import {
  findContainer,
  readComposeUp,
  readContainerRun,
  readRuntimeRun,
  recordCompose,
  recordContainer,
  recordRuntime,
  startsBelow,
  traceContainer,
} from './containers/index.ts'
import { recordWithEbpf, whyNoEbpf } from './ebpf/index.ts'
import { recordWithStrace, whyNoStrace } from './strace.ts'

export { readCommand, privilegeRaiser, runsContainer } from './command-line.ts'
export { recordHooked, type HookState } from './containers/hooked.ts'
export {
  askEngine,
  readContainerRun,
  readRuntimeRun,
  recordBelow,
  recordBundle,
  recordContainer,
  recordRuntime,
  startsBelow,
  traceContainer,
  type ContainerRun,
  type Under,
} from './containers/index.ts'
export type { Refusals, Suspect, Watch } from './refusals.ts'
export { locked } from './locked.ts'
export { findProgram } from './program.ts'
export { surroundingsOf } from './surroundings.ts'
export { programStarts, whyNoAudit } from './audit/index.ts'
export { whyNoEbpf } from './ebpf/index.ts'
export { whyNoStrace } from './strace.ts'
export type {
  CgroupOptions,
  CommandOptions,
  ContainerOptions,
  Ending,
  EndingSignal,
  ProcessOptions,
  RecorderName,
  RecordNotice,
  RecordOptions,
  RecordSettings,
  Recording,
  RefusalsSeenBy,
  SignalFeed,
} from './recording.ts'

/**
 * Runs a command, or attaches to a running process, and returns the calls it made until it ended (or until `for`,
 * `stop`): all its children included, those it leaves in the background too, which are waited for. The command's
 * own failure is not an error: `ending` tells it.
 *
 * @throws UserError with status 127 or 126 where the command is not found or cannot be run; 125 where recording is
 * not possible (strace missing, ptrace not permitted, a command whose calls another process makes).
 */
export async function record(options: RecordOptions): Promise<Recording> {
  if (options.container !== undefined) {
    const { container, ...rest } = options
    return record({ ...rest, ...(await findContainer(container, options.env ?? process.env)) })
  }
  if (options.cgroup !== undefined) {
    await choose(options, 'a cgroup is recorded by ebpf only')
    return recordWithEbpf(`trace of ${options.cgroup}`, options)
  }
  if (options.pid !== undefined) {
    const name = `trace of ${await nameOf(options.pid)}`
    return (await choose(options)) === 'ebpf'
      ? recordWithEbpf(name, options)
      : recordWithStrace(name, options)
  }
  const [program] = options.command
  const env = options.env ?? process.env
  const reading = readCommand(options.command)
  const run = reading.kind === 'program' ? readContainerRun(options.command, reading.at, env) : undefined
  const runtime = reading.kind === 'program' ? readRuntimeRun(options.command, reading.at) : undefined
  const up = reading.kind === 'program' ? readComposeUp(options.command, reading.at, env) : undefined
  for (const notice of lookAt(options.command, (run ?? runtime ?? up) !== undefined)) options.notice?.(notice)
  findProgram(program, options.cwd ?? process.cwd(), env['PATH'])
  const name = `trace of ${basename(program)}`
  if (run !== undefined) {
    const only = `a container that ${run.engine} starts is no child of it, and is recorded by ebpf only`
    return (await choose(options, startsBelow(run) ? undefined : only)) === 'ebpf'
      ? recordContainer(name, options, run)
      : traceContainer(name, options, run)
  }
  if (up !== undefined) {
    await choose(
      options,
      'containers that docker starts are no children of it, and are recorded by ebpf only',
    )
    return recordCompose(name, options, up)
  }
  if (runtime !== undefined) return recordRuntime(name, options, runtime, await choose(options))
  return (await choose(options)) === 'ebpf' ? recordWithEbpf(name, options) : recordWithStrace(name, options)
}

/** What works on this machine and with our rights: `why` says why not. */
export async function checkRecorders(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly { readonly recorder: RecorderName; readonly why?: string }[]> {
  const [ebpf, strace] = await Promise.all([whyNoEbpf(), whyNoStrace(env)])
  return [
    { recorder: 'ebpf', ...(ebpf !== undefined && { why: ebpf }) },
    { recorder: 'strace', ...(strace !== undefined && { why: strace }) },
  ]
}

/** Which recorder does it. `only` is the sentence for what strace cannot record. Throws UserError (125). */
async function choose(options: RecordOptions, only?: string): Promise<RecorderName> {
  const { recorder = 'auto' } = options
  if (recorder === 'strace' && only === undefined) return 'strace'
  const why = recorder === 'strace' ? 'strace was asked for' : await whyNoEbpf()
  if (why === undefined) {
    if (recorder === 'auto') options.notice?.({ code: 'recorder', recorder: 'ebpf' })
    return 'ebpf'
  }
  if (only !== undefined) throw new UserError(`${only}, and it cannot be used: ${why}`, 125)
  if (recorder === 'ebpf') throw new UserError(`the recorder ebpf cannot be used: ${why}`, 125)
  // Where strace cannot either, that alone is to be said.
  if ((await whyNoStrace(options.env ?? process.env)) === undefined)
    options.notice?.({ code: 'recorder', recorder: 'strace', why })
  return 'strace'
}

/** Refuses commands whose workload would not be in the record, and tells what else a reader of it should know. */
function lookAt(command: readonly string[], recordsContainer: boolean): readonly RecordNotice[] {
  const reading = readCommand(command)
  const raiser = privilegeRaiser(reading)
  if (raiser !== undefined && process.getuid?.() !== 0) {
    const instead = raiser === 'sudo' ? 'sudo seccomp-gen trace -- …' : 'seccomp-gen trace -- … as root'
    throw new UserError(`${raiser} gains no privileges while an ordinary user traces it: run ${instead}`, 125)
  }
  const notices: RecordNotice[] = raiser === undefined ? [] : [{ code: 'raiser-recorded', program: raiser }]
  if (reading.kind === 'unread') {
    return [...notices, { code: 'not-read', program: reading.program, option: command[reading.at] ?? '' }]
  }
  if (reading.name === 'strace') {
    const at = programOfStrace(command, reading.at)
    const program = at === undefined ? 'PROGRAM' : command.slice(at).join(' ')
    throw new UserError(
      `the command is strace itself: give the program alone (seccomp-gen trace -- ${program}), ` +
        'or write its trace with strace -f -o FILE and run: seccomp-gen generate FILE',
      125,
    )
  }
  if (!recordsContainer && runsContainer(command, reading.at)) {
    throw new UserError(
      `the record would be of ${reading.name} itself, not of the program in the container: ` +
        'record the running container with seccomp-gen trace --container NAME, or run seccomp-gen trace inside it',
      125,
    )
  }
  return notices
}

/** The name of a running process; its number where that cannot be read. */
async function nameOf(pid: number): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  return name.trim() || `process ${pid}`
}
