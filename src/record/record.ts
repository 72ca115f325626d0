// Records a command, in the way that its kind needs, or running processes.
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { UserError } from '../errors.ts'
import { readOptions } from '../options.ts'
import { chooseRecorder } from './choose.ts'
import { programOfStrace, readTarget, type Target } from './command/index.ts'
import {
  findContainer,
  recordCompose,
  recordEngineRun,
  recordRuntime,
  startsBelow,
} from './containers/index.ts'
import { attachEbpf, recordInCgroup } from './ebpf/index.ts'
import { recordEach } from './each/index.ts'
import { engineFirst } from './engine-first.ts'
import { fileName, nameOfImage } from './file-name.ts'
import { refuseClients } from './inner-clients.ts'
import { requireLinux } from './linux.ts'
import { recordPods } from './pods.ts'
import { recorders } from './recorders.ts'
import { recordTable } from './options.ts'
import type {
  CgroupOptions,
  CommandOptions,
  ContainerOptions,
  ProcessOptions,
  Recording,
  RecordOptions,
  RecordSettings,
} from './recording.ts'
import { run } from './runner/index.ts'
import { isFiltered } from './runner/processes.ts'
import { findProgram } from './runner/program.ts'
import { attachStrace } from './strace/index.ts'

/**
 * Runs a command, or attaches to running processes, and returns the calls that these and all their children made until
 * they ended, or until `for` or `stop`. Children that the command leaves in the background are recorded and waited for. The
 * command's own failure is not an error: see `ending`.
 *
 * @throws UserError with status 127 or 126 if the command is not found or cannot be run; 125 if recording is not
 * possible (strace missing, ptrace not permitted, a command whose calls another process makes); 2 for an unknown option
 * or a value that it does not take.
 */
export async function record(given: RecordOptions): Promise<Recording> {
  const options = readOptions('record', recordTable, given) as RecordOptions
  if (!subjects.some((each) => options[each] !== undefined))
    throw new UserError('wrong-value', {
      at: 'record',
      value: 'an object',
      takes: `one with ${subjects.join(', ')}`,
    })
  requireLinux('record')
  if (options.container !== undefined) return recordContainer(options)
  if (options.query !== undefined) return recordPods(options)
  if (options.cgroup !== undefined) return recordCgroup(options)
  if (options.pid === undefined) return recordCommand(options)
  // Children inherit the filter of their parent, so a client that the process starts is part of the workload.
  const isWhole = isFiltered(options.pid)
  const recording = await recordProcess(options)
  return isWhole ? recording : refuseClients(recording)
}

/** The options that name what to record. At least one must be given. */
const subjects = ['command', 'pid', 'cgroup', 'container', 'query'] as const

async function recordContainer(options: ContainerOptions): Promise<Recording> {
  const { container, cri, name = `container:${container}`, ...given } = options
  if (cri !== undefined) return recordPods({ ...given, cri, query: { container } })
  return engineFirst(
    async () => {
      const found = await findContainer(container, options.env ?? process.env)
      return 'pid' in found
        ? recordProcess({ ...given, name, pid: found.pid })
        : recordCgroup({ ...given, name, cgroup: found.cgroup })
    },
    () => recordPods({ ...given, query: { container } }),
  )
}

async function recordCgroup(options: CgroupOptions): Promise<Recording> {
  await chooseRecorder(options, { for: 'cgroup' })
  return recordInCgroup(options.name ?? `trace of ${basename(options.cgroup)}`, options)
}

async function recordProcess(options: ProcessOptions): Promise<Recording> {
  const name = options.name ?? `trace of ${await nameOf(options.pid)}`
  const attach = (await chooseRecorder(options)) === 'ebpf' ? attachEbpf : attachStrace
  return attach(name, options)
}

async function recordCommand(options: CommandOptions): Promise<Recording> {
  const { command, cwd = process.cwd(), env = process.env } = options
  const target = readTarget(command, env)
  refuseUnrecorded(target, options)
  tellRead(target, options)
  findProgram(command[0], cwd, env['PATH'])
  const name =
    options.name ??
    (target.kind === 'engine' ? `${target.engine}:${target.container}` : `trace of ${basename(command[0])}`)
  const recording = await recordTarget(name, options, target)
  return options.each === true && recording.each === undefined
    ? { ...recording, each: [{ name: containerOf(target, options), observations: recording.observations }] }
    : recording
}

async function recordTarget(name: string, options: CommandOptions, target: Target): Promise<Recording> {
  switch (target.kind) {
    case 'engine': {
      const only = startsBelow(target) ? undefined : ({ for: 'engine', engine: target.engine } as const)
      const recorder = await chooseRecorder(options, only)
      return recordEngineRun(name, options, target, recorder)
    }
    case 'compose':
      await chooseRecorder(options, { for: 'compose' })
      return recordCompose(name, options, target)
    case 'runtime':
      return recordRuntime(name, options, target, await chooseRecorder(options))
    case 'program':
    case 'elsewhere':
    case 'unread':
      if (options.each === true) {
        await chooseRecorder(options, { for: 'each' })
        return recordEach(name, options)
      }
      return refuseClients(
        await run(recorders[await chooseRecorder(options)], { name, options, scope: 'tree' }),
      )
  }
}

/** The file name for the only container of a command. */
function containerOf(target: Target, { command }: CommandOptions): string {
  const base =
    target.kind === 'engine'
      ? nameOfImage(target.container)
      : target.kind === 'runtime'
        ? (command[target.insertAt] ?? target.engine)
        : 'container'
  return fileName(base)
}

/** Throws UserError (125) for a command whose workload would not be recorded. */
function refuseUnrecorded(target: Target, { command, each }: CommandOptions): void {
  const { raiser } = target
  if (raiser !== undefined && process.getuid?.() !== 0) {
    throw new UserError('raiser-traced', { program: raiser })
  }
  if (target.kind === 'program' && target.name === 'strace') {
    const at = programOfStrace(command, target.at)
    const program = at === undefined ? undefined : command.slice(at).join(' ')
    throw new UserError('command-is-strace', { program })
  }
  if (target.kind === 'elsewhere' && each !== true)
    throw new UserError('client-recorded', { program: target.name })
}

/** Reports what a user of the recording should know about the command. */
function tellRead(target: Target, { notice }: RecordSettings): void {
  if (target.raiser !== undefined) notice?.({ code: 'raiser-recorded', program: target.raiser })
  if (target.kind === 'unread') notice?.({ code: 'not-read', program: target.program, option: target.option })
}

/** The name of a running process; its number if the name cannot be read. */
async function nameOf(pid: number): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  return name.trim() || `process ${pid}`
}
