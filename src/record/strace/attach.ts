// Records a running process, and the processes that it starts from now on: attaches strace to it and detaches it again.
import { execa } from 'execa'
import { UserError } from '../../errors.ts'
import { mergeObservations, type Observations } from '../../observe/index.ts'
import type { Diagnostic } from '../../read/diagnostics.ts'
import { stopSignals, type ProcessOptions, type Recording } from '../recording.ts'
import { isFiltered, startOf, statOf, withDescendants } from '../runner/processes.ts'
import { spawnEnvironmentOf } from '../runner/spawn-environment.ts'
import { askStrace, complaint } from './available.ts'
import { makeFifo } from './fifo.ts'
import { straceOptions } from './options.ts'
import { Progress } from './progress.ts'
import { readTrace, valueOf } from './reading.ts'

/**
 * How long strace may take to detach. Milliseconds. strace waits until each thread stops. A thread in vfork stops only
 * after its child has gone on, but strace may hold that child stopped: then both wait for ever (tried: 6.1, and dash,
 * which starts programs by vfork). When strace is killed, the kernel detaches it (ptrace(2)), and all threads continue.
 * Nothing is lost, because strace flushes each line.
 */
const detachGrace = 2000

/** Throws UserError (125) if nothing was recorded. */
export async function attachStrace(name: string, options: ProcessOptions): Promise<Recording> {
  const { pid } = options
  if (startOf(pid) === undefined) throw new UserError('no-such-process', { pid })
  const underFilter = isFiltered(pid)
  const environment = spawnEnvironmentOf(options)
  const version = await askStrace(environment, false)
  const fifo = await makeFifo()
  const progress = new Progress()
  const over = new AbortController()
  let letGo = (): void => undefined
  const silence = options.signals?.(() => letGo())
  try {
    const processes = withDescendants(pid).flatMap((each) => ['-p', String(each)])
    const words = [...straceOptions(version), '-o', fifo.path, ...processes]
    // strace has its own session: only we receive Ctrl-C, and detach once.
    const streams = { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', detached: true } as const
    // Without a command strace handles SIGINT (-I waiting) and detaches.
    const detaching = { killSignal: 'SIGINT', forceKillAfterDelay: detachGrace, cleanup: false } as const
    const tracer = execa('strace', words, { ...environment, ...streams, ...detaching, reject: false })
    letGo = () => void tracer.kill()
    for (const stop of stopSignals(options)) {
      if (stop.aborted) letGo()
      stop.addEventListener('abort', letGo, { signal: over.signal })
    }
    const reading = readTrace(name, options, fifo, progress)
    let refused: UserError | undefined
    for await (const line of tracer.iterable({ from: 'stderr' })) {
      refused ??= whyUnattached(line)
      if (refused) letGo()
    }
    const result = await tracer
    over.abort()
    fifo.close()
    const read = await reading
    if (refused) throw refused
    if (progress.pid === undefined) throw whyNothing(pid, result)
    const { observations, clients } = valueOf(read)
    const told = fromMidway(name, observations, result.isForcefullyTerminated, underFilter)
    return { observations: told, ending: { kind: 'released' }, clients }
  } finally {
    over.abort()
    silence?.()
    fifo.close()
  }
}

/**
 * strace continues without a process that it may not trace, such as another user's: the process's calls would be
 * missing. A process that has ended, or a zombie, makes no calls.
 */
function whyUnattached(line: string): UserError | undefined {
  const [, why = '', pid = ''] =
    /^strace: (attach: ptrace\(PTRACE_(?:SEIZE|ATTACH), (\d+)\).*)$/.exec(line) ?? []
  const [state = 'X'] = statOf(pid) ?? []
  if (pid === '' || state === 'Z' || state === 'X') return undefined
  return new UserError('process-not-attached', { pid: Number(pid), why })
}

function whyNothing(pid: number, { exitCode, signal, stderr }: TracerEnd): UserError {
  const words = complaint(stderr)
  if (exitCode === 0 || signal !== undefined || words === '') return new UserError('silent-process', { pid })
  return new UserError('process-not-attached', { pid, why: words })
}

interface TracerEnd {
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly stderr?: unknown
}

/**
 * Notes that the start is missing: the trace itself may not show that, because a child's start looks like a start. A
 * refusal by the process's own filter looks like one by the kernel. `wasKilled`: strace did not detach in time. The
 * trace may then end inside a line, and does not say `<detached ...>`.
 */
function fromMidway(
  name: string,
  observations: Observations,
  wasKilled: boolean,
  underFilter: boolean,
): Observations {
  const replaced = ['startup-missing', 'filtered', ...(wasKilled ? ['truncated'] : [])]
  const codes: readonly Diagnostic['code'][] = [
    'startup-missing',
    ...(wasKilled ? (['detached'] as const) : []),
    ...(underFilter && hasFailures(observations) ? (['own-filter'] as const) : []),
  ]
  const diagnostics = [
    ...observations.diagnostics.filter(({ code }) => !replaced.includes(code)),
    ...codes.map((code) => ({ code, at: name })),
  ]
  return mergeObservations({ ...observations, diagnostics })
}

function hasFailures({ architectures }: Observations): boolean {
  return Object.values(architectures).some((calls) =>
    Object.values(calls).some(({ enosys = 0, eperm = 0, eacces = 0 }) => enosys + eperm + eacces > 0),
  )
}
