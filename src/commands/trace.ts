// `trace`: runs a command under a recorder and prints the profile that it needs. The command keeps its terminal and its
// output. With -o FILE, or if stdout is a terminal, the command shares our stdout, and a profile for stdout follows
// after its end. If stdout is redirected and gets the profile, the command's output goes to stderr, because stdout
// carries only the result.
import { Option } from 'commander'
import { hasFailed } from '../ending.ts'
import { UserError } from '../errors.ts'
import { operand } from '../errors/row.ts'
import { countCalls, printObservations } from '../observe/index.ts'
import {
  checkRecorders,
  record,
  recorderNames,
  requireLinux,
  type NewestCall,
  type PodQuery,
  type Recording,
  type RecordNotice,
  type RecordSettings,
} from '../record/index.ts'
import { accountLine, plural, runLines } from '../report/account.ts'
import { endingText } from '../report/ending.ts'
import { exerciseLines } from '../report/exercise.ts'
import { escapeTerminal, shellWord } from '../report/escape.ts'
import { recordingLine } from '../report/progress.ts'
import { additions, readKnown } from './add-to.ts'
import { statusOf } from './ending.ts'
import { addLoadOptions, duration, loadOf, processId, times, type LoadOptions } from './options.ts'
import { checkOutput, isStdout, writeOutput } from './output.ts'
import {
  addProfileOptions,
  argumentsOf,
  checkProfileOutputs,
  isDefaultCeiling,
  readCeiling,
  writeProfile,
  type CeilingChoice,
  type ProfileOptions,
} from './profile.ts'
import { parseProfile } from '../profile/parse.ts'
import { checkEach, writeEach } from './each.ts'
import { shown } from './progress.ts'
import { recordRuns } from './repeat.ts'
import { say, sayDiagnostics } from './say.ts'
import { Under } from './under.ts'
import type { Declare, World } from './world.ts'

interface TraceFlags extends ProfileOptions, LoadOptions {
  readonly recorder: 'auto' | 'ebpf' | 'strace'
  readonly for?: number
  readonly repeat: number
  readonly under?: string
  readonly pid?: number
  readonly cgroup?: string
  readonly container?: string
  readonly pod?: string
  readonly selector?: string
  readonly cri?: string
  readonly wait?: true
  readonly check?: true
  readonly scan?: true
  readonly addTo?: string
  readonly each?: string
  readonly name?: string
  readonly observations?: string
}

export const declare: Declare = (command, world, end) => {
  command
    .usage(
      '[options] -- CMD...\n       seccomp-gen trace [options] --pid N | --cgroup PATH | --container NAME\n       seccomp-gen trace [options] --pod NAMESPACE/POD | --selector KEY=VALUE',
    )
    .argument('[cmd...]', 'the command and its arguments')
    .passThroughOptions()
    .addOption(
      new Option('--recorder <recorder>', 'which recorder')
        .choices(['auto', ...recorderNames])
        .default('auto'),
    )
    .addOption(new Option('--for <time>', 'end the command after 30s, 5m, 500ms …').argParser(duration))
  addLoadOptions(command)
    .addOption(new Option('--repeat <n>', 'number of runs to record').argParser(times).default(1))
    .addOption(new Option('--pid <n>', 'record a running process, then let it go').argParser(processId))
    .option('--cgroup <path>', 'record everything in a cgroup (version 2)')
    .option('--container <name>', 'record a running container')
    .option('--under <profile>', 'run CMD under a filter: a built-in, a file, or within')
    .option('--pod <name>', 'record NAMESPACE/POD or NAMESPACE/POD/CONTAINER of this node')
    .option('--selector <labels>', 'record the pods of this node with KEY=VALUE,…')
    .option('--cri <socket>', 'the node’s container runtime (default: as crictl finds it)')
    .option('--wait', 'wait for new pods; record each from its first call to its end')
    .option('--scan', 'also scan the program for calls that the run did not make')
    .option('--check', 'print which recorders work on this machine')
    .option('--add-to <file>', 'add the run to observations; record only new calls')
    .option('--each <dir>', 'record each container that CMD starts; write the profiles here')
    .option('--name <name>', 'name of the run in the observations')
    .option('--observations <file>', 'also write the observations')
  addProfileOptions(command)
    .addHelpText(
      'after',
      `
Returns the status of CMD; 125 when seccomp-gen itself failed, 126 or 127 when
CMD could not be run or found. What runs is recorded until it ends, in the
background too; --for and Ctrl-C end CMD (SIGTERM, then SIGKILL) or let go.

Examples:
  seccomp-gen trace -o app.json -- ./app --serve
  seccomp-gen trace --for 30s -o nginx.json -- nginx -g 'daemon off;'
  seccomp-gen trace --load ./load.sh --repeat 3 -o a.json -- docker run --rm app`,
    )
    .action(async (words: string[], options: TraceFlags) => end(await trace(words, options, world)))
}

async function trace(words: readonly string[], options: TraceFlags, world: World): Promise<number> {
  const { observations: observationsFile, recorder } = options
  if (options.check) return check(world)
  const target = targetOf(words, options)
  const { each } = options
  if (each !== undefined) await checkEach({ ...options, each }, 'command' in target, world)
  const load = loadOf(options)
  requireLinux('record')
  if (!('command' in target) && options.under !== undefined) throw new UserError('under-without-command')
  if (!('command' in target) && (options.repeat > 1 || options.load !== undefined))
    throw new UserError('load-without-command')
  // Results that cannot be written fail now, not after the command has run for an hour.
  if (each === undefined) {
    if (observationsFile !== undefined && isStdout(observationsFile))
      throw new UserError('stdout-taken', { file: observationsFile, by: 'recorded-profile' })
    await checkOutput(observationsFile, world)
  }
  await checkOutput(options.addTo, world)
  const known = options.addTo === undefined ? undefined : await readKnown(options.addTo, world)
  if (each === undefined) await checkProfileOutputs(options, world, [observationsFile, options.addTo])
  const ceiling = await readCeiling(options, world)
  const scanned = options.scan
    ? { reachable: await (await import('./scan-command.ts')).scanCommand(words, world) }
    : undefined
  const under = options.under === undefined ? undefined : await Under.read(options.under, ceiling, world)
  let newest: () => NewestCall | undefined = () => undefined
  const recordRun = (world: World): Promise<Recording> => {
    const settings: RecordSettings = {
      ...(known && { known }),
      ...(options.name !== undefined && { name: options.name }),
      ...(each !== undefined && { each: true }),
      recorder,
      // The filter of a pod is known only once the pod is found, so every value that a filter can judge is read.
      arguments: argumentsOf(ceiling, 'query' in target ? { conditions: 'observed' } : options),
      ...(options.for !== undefined && { for: options.for }),
      ...load,
      begun: (tell) => (newest = tell),
      cwd: world.cwd,
      env: world.env,
      signals: world.signals,
      streams:
        each === undefined && isStdout(options.output) && !world.stdout.isTerminal ? 'to-stderr' : 'inherit',
      notice: (notice) => say(world, noticeSentence(notice)),
    }
    return under !== undefined && 'command' in target
      ? under.record({ ...settings, ...target }, !options.newPrivileges)
      : record({ ...target, ...settings })
  }
  const recordIn = (world: World): Promise<Recording> =>
    options.repeat === 1 ? recordRun(world) : recordRuns(options.repeat, () => recordRun(world), world)
  const time = options.for
  // An interactive command gets no progress line, which would disturb its user.
  const recording =
    'command' in target && time === undefined && options.load === undefined
      ? await recordIn(world)
      : await shown(
          world,
          'command' in target ? 'corner' : 'line',
          (seconds) => recordingLine(seconds, time === undefined ? undefined : time / 1000, newest()),
          recordIn,
        )
  const { ending, noNewPrivileges, beside = [] } = recording
  const parts = [...new Set([...(options.with ?? []), ...beside])]
  sayDiagnostics(world, recording.observations)
  if (recording.started === false) {
    say(world, `the program in the container never started: nothing is written${endingText(ending)}`)
    return statusOf(ending) || 125
  }
  if (countCalls(recording.observations) === 0) throw new UserError('no-call-recorded')
  if (each !== undefined) {
    const status = await writeEach(recording, { ...options, each, with: parts }, ceiling, world)
    for (const line of failureLines(ending)) say(world, line)
    return statusOf(ending) || status
  }
  const added =
    options.addTo === undefined ? undefined : additions(options.addTo, known, recording.observations)
  // Another process may hold the lock of the shared file for long; this run's own result does not wait for it.
  const observations = added === undefined ? recording.observations : await added.foreseen(world)
  if (observationsFile !== undefined)
    await writeOutput(printObservations(observations), observationsFile, world)
  const { status, contents } = await writeProfile(
    observations,
    { ...options, newPrivileges: options.newPrivileges && !noNewPrivileges, with: parts },
    appliedCeiling(recording, options, world) ?? ceiling,
    world,
    scanned,
  )
  await added?.write(world)
  await under?.sayRefused(world)
  const { exercise } = recording
  if (exercise !== undefined)
    for (const line of exerciseLines({ observations: recording.observations, ending, beside, ...exercise }))
      say(world, line)
  for (const line of runLines(observations)) say(world, line)
  say(world, `${accountLine(observations)}${endingText(ending)}`)
  say(world, `${contents}${nextText(target, options)}`)
  for (const line of failureLines(ending)) say(world, line)
  return statusOf(ending) || status
}

/** Without --within the filter that was applied to a pod is the ceiling. */
function appliedCeiling(
  { applied = [] }: Recording,
  options: TraceFlags,
  world: World,
): CeilingChoice | undefined {
  if (applied.length === 0 || !isDefaultCeiling(options)) return undefined
  const texts = new Map(applied.map(({ container, profile }) => [JSON.stringify(profile), container]))
  return [...texts].map(([text, container]) => {
    const name = `the filter of ${container}`
    say(world, `within ${name}, as its runtime applied it`)
    return { name, text, profile: parseProfile(text, { name }) }
  })
}

/** The lines about a failed run, which may have ended before its work was done. */
function failureLines(ending: Recording['ending']): readonly string[] {
  if (ending.kind === 'released' || !hasFailed(ending)) return []
  return [
    `${failureText(ending)}: the profile holds only what was called until then, so record a run that succeeds before you rely on it`,
  ]
}

function failureText(ending: Exclude<Recording['ending'], { kind: 'released' }>): string {
  const { load } = ending
  if (load?.kind === 'ended') return `the load failed with status ${load.status}`
  if (load?.kind === 'not-ready') return 'the command never became ready'
  if (ending.kind === 'killed') return `the command was ended by ${ending.signal}`
  return ending.status === 0
    ? 'the command ended before the load ran'
    : `the command failed with status ${ending.status}`
}

type RecordTarget =
  | { readonly command: readonly [string, ...string[]] }
  | { readonly pid: number }
  | { readonly cgroup: string }
  | { readonly container: string; readonly cri?: string }
  | { readonly query: PodQuery; readonly cri?: string; readonly wait?: true }

/** The one target to record. Throws a UserError for none and for several. */
function targetOf(words: readonly string[], options: TraceFlags): RecordTarget {
  const { pid, cgroup, container, pod, selector, cri, wait } = options
  const found = { ...(cri !== undefined && { cri }), ...(wait && { wait }) }
  const [program, ...operands] = words
  const targets: readonly RecordTarget[] = [
    ...(program === undefined ? [] : [{ command: [program, ...operands] } as const]),
    ...(pid === undefined ? [] : [{ pid }]),
    ...(cgroup === undefined ? [] : [{ cgroup }]),
    ...(container === undefined ? [] : [{ container, ...(cri !== undefined && { cri }) }]),
    ...(pod === undefined ? [] : [{ query: { pod }, ...found }]),
    ...(selector === undefined ? [] : [{ query: { selector }, ...found }]),
  ]
  const [target] = targets
  if (target === undefined) throw new UserError('nothing-to-record')
  if (targets.length > 1) throw new UserError('several-to-record')
  if (wait && !('query' in target)) throw new UserError('pods-only', { option: '--wait' })
  if (cri !== undefined && !('query' in target) && !('container' in target))
    throw new UserError('pods-only', { option: '--cri' })
  return target
}

/** How to use the profile; empty if it is not in a file. */
function nextText(target: RecordTarget, { output }: TraceFlags): string {
  if (output === undefined || isStdout(output)) return ''
  const words = 'command' in target ? target.command.map(shellWord).join(' ') : 'CMD…'
  return `; next: seccomp-gen verify ${operand(output)} -- ${words}`
}

/** Status 0 if some recorder can be used, else 1. */
async function check(world: World): Promise<number> {
  const answers = await checkRecorders(world.env)
  for (const { recorder, why } of answers)
    world.stdout.write(`${recorder}: ${why === undefined ? 'works' : escapeTerminal(`no: ${why}`)}\n`)
  return answers.some(({ why }) => why === undefined) ? 0 : 1
}

function noticeSentence(notice: RecordNotice): string {
  switch (notice.code) {
    case 'not-read':
      return `it is unknown which program ${notice.program} ${notice.option} starts: everything is recorded, ${notice.program} too`
    case 'raiser-recorded':
      return `the calls of ${notice.program} itself are recorded too; ${notice.program} seccomp-gen trace -- … leaves them out`
    case 'recorder':
      return `recording with ${notice.recorder}`
    case 'container-kept':
      return `the container ${notice.container} is still there, with the filter of the recording, which allows everything: ${notice.engine} rm ${notice.container}, and run it anew`
    case 'exec-unseen':
      return `what exec adds to the container is not recorded: ${notice.why === 'strace' ? 'strace follows only what the command starts' : 'the container has no cgroup of its own'}`
    case 'containers-running':
      return `the command has ended; still running and recorded: ${notice.containers.map(escapeTerminal).join(', ')}; Ctrl-C ends the recording, not the containers`
    case 'never-started':
      return `${notice.containers.map(escapeTerminal).join(', ')}: the program in the container never started: nothing is written of it`
    case 'others-left-out':
      return `${plural(notice.containers, 'container')} came meanwhile that no engine knows which the command spoke to: left out`
    case 'cgroups-nameless':
      return `${plural(notice.cgroups, 'cgroup')} ended before the name could be read: what ran there is not written`
    case 'project-kept':
      return 'the containers of the project are still there, with the filter of the recording, which allows everything: start them with up --force-recreate'
    case 'second-signal-stops':
      return 'the container goes on; Ctrl-C again stops it as its engine does'
    case 'waiting':
      return `waiting for ${notice.what}`
    case 'load':
      return `ready after ${(notice.milliseconds / 1000).toFixed(1)} s: the load begins`
    case 'without-filter':
      return `${notice.processes.map(escapeTerminal).join(', ')}: without a seccomp filter, so no profile holds for what they call, and it is not recorded (a privileged or Unconfined container?)`
    case 'left-running':
      return `the command has ended; still running and recorded: ${plural(notice.processes, 'process', 'processes')} that it started; Ctrl-C ends them`
  }
}
