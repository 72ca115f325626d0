// Records with strace: starts it without a shell, reads the trace while it is written, passes signals on, ends the
// workload in time, and says how the command ended. Authority: strace(1) 6.1 and what it does when tried.
//
// strace ignores the ending signals itself while it runs a command (-I never, its default with -o and a command),
// so it outlives the command and the trace is whole; it exits as the command did.
import { execa, type Options as StartOptions } from 'execa'
import { setTimeout as wait } from 'node:timers/promises'
import type { Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { mergeObservations, observeReturned } from '../observe/index.ts'
import type { Observations } from '../observe/index.ts'
import type { Refusals, Watch } from './refusals.ts'
import { makeFifo } from './fifo.ts'
import { Progress } from './progress.ts'
import {
  stopSignals,
  type CommandOptions,
  type Ending,
  type EndingSignal,
  type ProcessOptions,
  type Recording,
} from './recording.ts'
import { streamsOf, surroundingsOf, type Surroundings } from './surroundings.ts'
import { refusalsIn, wantedFor } from './strace-refusals.ts'
import { leaveOutKnown, straceOptions, straceVersion, type StraceVersion } from './strace-options.ts'
import { endWorkload, signalProcess, tracedBy, withDescendants } from './traced.ts'

/** What strace can record: it sees neither a cgroup nor what a daemon starts. */
export type Straceable = CommandOptions | ProcessOptions

/** How long the trace may lag behind a signal: one that it has shown by then is not sent again. Milliseconds. */
const echo = 300

const native: Partial<Record<NodeJS.Architecture, Architecture>> = { x64: 'x86_64', arm64: 'aarch64' }

/** A command that starts a container below itself: only what is called there counts. */
export interface ContainerBelow {
  /** A directory that somebody takes away, however we end. */
  readonly directory: string
  /** Told strace's process id. */
  readonly started: (pid: number) => void
  /** What its filter may refuse. */
  readonly watch?: Watch
  /** Descriptors beyond the standard three, as the command is to have them: 3 and on. */
  readonly descriptors?: readonly number[]
  /** The command passes no signal on to what it starts: each is sent to that. */
  readonly passesNothing?: true
}

/** Records a command or a running process with strace. Throws UserError (125, 126) where there is nothing to give. */
export async function recordWithStrace(
  name: string,
  options: Straceable,
  container?: ContainerBelow,
): Promise<Recording> {
  const afterFilter = container !== undefined
  const surroundings = surroundingsOf(options)
  const version = await askStrace(surroundings, options.pid === undefined)
  const fifo = await makeFifo(container?.directory)
  const progress = new Progress()
  const over = new AbortController()
  let ending: Workload | undefined
  // Before strace is there: a signal that comes as soon as it is must not end us.
  const silence = options.signals?.((signal) => void ending?.pass(signal))
  try {
    const target =
      options.pid === undefined
        ? ['--', ...options.command]
        : withDescendants(options.pid).flatMap((pid) => ['-p', String(pid)])
    // A process that is attached to has no filter of strace's, and can be given none; an engine must not have one.
    const cheaply =
      options.known === undefined || options.pid !== undefined || afterFilter
        ? []
        : leaveOutKnown(version, options.known, options.arguments)
    const watch = container?.watch
    let refusals: Refusals | undefined
    const words = [
      ...straceOptions(version, afterFilter, watch !== undefined),
      ...cheaply,
      '-o',
      fifo.path,
      ...target,
    ]
    const tracer = execa('strace', words, {
      ...surroundings,
      ...tracerStreams(options, container?.descriptors),
      reject: false,
      cleanup: false,
    })
    container?.started(tracer.pid ?? 0)
    const source = { name, bytes: progress.overhear(fifo.bytes, () => void fifo.remove()) }
    const architecture = native[process.arch]
    const reading = settled(
      observeReturned(
        [source],
        {
          format: 'strace',
          afterFilter,
          ...(options.arguments && { arguments: options.arguments }),
          ...(architecture && { architecture }),
        },
        watch && { wanted: wantedFor(watch), tell: (found) => (refusals = refusalsIn(found)) },
      ),
    )
    const passesNothing = container?.passesNothing === true
    ending = new Workload(tracer.pid ?? 0, options, progress, over.signal, passesNothing)
    const watching = [ending.endInTime(), ending.tellLeftRunning()]
    const result = await tracer
    over.abort()
    fifo.close()
    const read = await reading
    await Promise.all(watching)
    const recording = outcome(name, options, progress, result, read)
    return refusals === undefined ? recording : { ...recording, refusals }
  } finally {
    over.abort()
    silence?.()
    fifo.close()
    await fifo.remove()
  }
}

/** Everything that is done to the recorded processes while strace runs. */
class Workload {
  readonly #tracer: number
  readonly #options: Straceable
  readonly #progress: Progress
  readonly #over: AbortSignal
  readonly #passesNothing: boolean

  constructor(
    tracer: number,
    options: Straceable,
    progress: Progress,
    over: AbortSignal,
    passesNothing: boolean,
  ) {
    this.#tracer = tracer
    this.#passesNothing = passesNothing
    this.#options = options
    this.#progress = progress
    this.#over = over
  }

  /** Passes a signal that reached us on to the command, unless the command got it as well. */
  async pass(signal: EndingSignal): Promise<void> {
    const came = performance.now()
    if (this.#options.pid !== undefined) return this.#letGo()
    // Ctrl-C, and a supervisor that signals the group, reach the command without us; the trace shows it.
    await this.#pause(echo)
    while (this.#progress.pid === undefined && !this.#over.aborted) await this.#pause(echo)
    const arrived = this.#progress.arrival(signal)
    if (this.#over.aborted || (arrived !== undefined && arrived >= came - echo)) return
    const command = this.#progress.pid
    if (this.#passesNothing) {
      const below = (await tracedBy(this.#tracer)).filter((pid) => pid !== command)
      for (const pid of below) signalProcess(pid, signal)
      if (below.length > 0) return
    }
    if (command !== undefined && signalProcess(command, signal)) return
    for (const pid of await tracedBy(this.#tracer)) signalProcess(pid, signal)
  }

  /** Ends everything when the time is up or the caller says so. */
  async endInTime(): Promise<void> {
    const due = stopSignals(this.#options)
    if (due.length === 0) return
    const asked = AbortSignal.any([...due, this.#over])
    if (!asked.aborted)
      await new Promise((resolve) => asked.addEventListener('abort', resolve, { once: true }))
    if (this.#over.aborted) return
    await (this.#options.pid === undefined ? this.#end() : this.#letGo())
  }

  /** Says so when the command has ended and processes it started have not: strace goes on for as long as they do. */
  async tellLeftRunning(): Promise<void> {
    if (this.#options.notice === undefined || this.#options.pid !== undefined) return
    while (!this.#progress.ended && !this.#over.aborted) await this.#pause(1000)
    await this.#pause(1000)
    if (this.#over.aborted) return
    const processes = (await tracedBy(this.#tracer)).length
    if (processes > 0) this.#options.notice({ code: 'left-running', processes })
  }

  /** SIGTERM to the command, then to what it leaves behind; SIGKILL to whatever is left when the grace is over. */
  async #end(): Promise<void> {
    while (this.#progress.pid === undefined && !this.#over.aborted) await this.#pause(echo)
    const command = this.#progress.pid
    if (command === undefined) return
    await endWorkload(command, () => tracedBy(this.#tracer), this.#over)
  }

  /** Makes an attached strace detach: without a command it takes SIGINT itself (-I waiting). */
  #letGo(): void {
    signalProcess(this.#tracer, 'SIGINT')
  }

  async #pause(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: this.#over }).catch(() => undefined)
  }
}

/** Why strace cannot trace a command here; undefined where it can. */
export async function whyNoStrace(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  try {
    await askStrace(surroundingsOf({ env }), true)
    return undefined
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return error.message
  }
}

/**
 * Asks strace for its version and, for a command, whether it can trace here: strace traces itself saying its version.
 * Throws UserError (125) with what to do.
 */
async function askStrace(surroundings: Surroundings, tracing: boolean): Promise<StraceVersion | undefined> {
  const quietly = { ...surroundings, stdin: 'ignore', reject: false } as const
  const words = tracing ? ['-o', '/dev/null', 'strace', '-V'] : ['-V']
  const asked = await execa('strace', words, quietly)
  if (asked.code === 'ENOENT') {
    throw new UserError(
      'strace is not installed: apt-get install strace, dnf install strace or apk add strace; ' +
        'or record elsewhere and run: seccomp-gen generate FILE',
      125,
    )
  }
  if (asked.exitCode !== 0) {
    const reason = complaint(asked.stderr) || asked.shortMessage
    throw new UserError(
      `strace cannot trace here (${reason}): ptrace must be permitted (in a container: --cap-add SYS_PTRACE); ` +
        'or record elsewhere and run: seccomp-gen generate FILE',
      125,
    )
  }
  return straceVersion(asked.stdout)
}

type Settled<T> = { readonly value: T } | { readonly error: unknown }
const settled = <T>(promise: Promise<T>): Promise<Settled<T>> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

/** How strace itself ended: as the command did, where there was one. */
interface TracerEnd {
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly stderr?: unknown
}

function outcome(
  name: string,
  options: Straceable,
  progress: Progress,
  result: TracerEnd,
  read: Settled<Observations>,
): Recording {
  const ending: Ending =
    options.pid !== undefined
      ? { kind: 'released' }
      : result.signal === undefined
        ? { kind: 'exited', status: result.exitCode ?? 1 }
        : { kind: 'killed', signal: result.signal }
  const words = complaint(result.stderr)
  if (options.pid !== undefined && progress.pid === undefined) {
    if (result.exitCode === 0 || result.signal !== undefined || words === '') {
      throw new UserError(
        `process ${options.pid} made no call while it was recorded: record it for longer`,
        125,
      )
    }
    throw new UserError(
      `cannot record process ${options.pid} (${words}): it must run, and be yours, or seccomp-gen must run as root`,
      125,
    )
  }
  if (options.pid === undefined) {
    const program = options.command[0]
    if (progress.failure !== undefined) {
      throw new UserError(
        `${program}: cannot be run: ${progress.failure.words || progress.failure.errno}`,
        126,
      )
    }
    if (progress.pid === undefined) throw new UserError(`strace recorded nothing of ${program}`, 125)
    if (!progress.ended) {
      throw new UserError(
        `strace ended while ${program} was still running: what it recorded is not whole`,
        125,
      )
    }
  }
  if ('value' in read) {
    const seen = options.known === undefined ? read.value : withoutFiltered(read.value)
    return { observations: options.pid === undefined ? seen : fromMidway(name, seen), ending }
  }
  throw read.error instanceof UserError ? new UserError(read.error.message, 125) : read.error
}

/** That calls are left out is our own doing, and those are known. */
function withoutFiltered(observations: Observations): Observations {
  return {
    ...observations,
    diagnostics: observations.diagnostics.filter(({ code }) => code !== 'filtered'),
  }
}

/** We know that we came late; the trace itself may not show it, since a child's start looks like a start. */
function fromMidway(name: string, observations: Observations): Observations {
  const diagnostics = observations.diagnostics.filter(
    ({ code }) => code !== 'startup-missing' && code !== 'filtered',
  )
  return mergeObservations({
    ...observations,
    diagnostics: [...diagnostics, { code: 'startup-missing', at: name }],
  })
}

/** An attached strace has a session of its own: Ctrl-C is ours to turn into a detach, once. */
function tracerStreams(options: Straceable, descriptors: readonly number[] = []): StartOptions {
  if (options.pid !== undefined) return { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', detached: true }
  return streamsOf(options, descriptors)
}

/** What strace complains of first; what follows are consequences. */
function complaint(output: unknown): string {
  const lines = typeof output === 'string' ? output.split('\n') : []
  return (lines.find((line) => line.startsWith('strace: ')) ?? lines[0] ?? '').replace(/^strace: /, '')
}
