// The load: a program that exercises the recorded command once the command is ready, and whose status decides whether
// the run succeeded. When the load has ended, the command is stopped as production stops it.
import { execa } from 'execa'
import { constants } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { LoadEnd } from '../../ending.ts'
import type { Load } from '../recording.ts'
import type { Following, Launch } from '../recorder.ts'
import { stopWorkload } from './end.ts'
import { listening } from './listening.ts'
import { findProgram } from './program.ts'
import { spawnEnvironmentOf } from './spawn-environment.ts'

/** How often we check whether the command is ready. Milliseconds. */
const pause = 200
/** How long the command may take to become ready. Milliseconds. */
const patience = 300_000
/** How long a Unix socket alone must exist to count: databases have one only during their start. Milliseconds. */
const settled = 3000
/** How long a load may run after the command has ended. Milliseconds. */
const grace = 10_000

/** Throws UserError (125) if a program of the load is not found or not executable. */
export function checkLoad({ load, cwd = process.cwd(), env = process.env }: Launch['options']): void {
  for (const [word] of load === undefined ? [] : [load.command, ...(load.ready ? [load.ready] : [])])
    findProgram(word, cwd, env['PATH'], 125)
}

/** Runs the load, then stops the command. `ended`: all recorded processes have ended. Undefined without a load. */
export async function driveLoad(
  launch: Launch,
  following: Following,
  child: () => number,
  ended: AbortSignal,
): Promise<LoadEnd | undefined> {
  const { load, notice } = launch.options
  if (load === undefined) return undefined
  const begun = performance.now()
  const answer = await untilReady(launch, load, following, ended)
  if (answer === 'ended') return { kind: 'too-late' }
  if (answer === 'ready') {
    notice?.({ code: 'load', milliseconds: performance.now() - begun })
    const status = await runLoad(launch, load, following, ended)
    if (ended.aborted) return { kind: 'ended', status, outlived: true }
    await stopWorkload(launch, following, child, ended)
    return { kind: 'ended', status }
  }
  await stopWorkload(launch, following, child, ended)
  return { kind: 'not-ready' }
}

type Readiness = 'ready' | 'never' | 'ended'

async function untilReady(
  launch: Launch,
  load: Load,
  following: Following,
  ended: AbortSignal,
): Promise<Readiness> {
  let localSince: number | undefined
  const sleep = () => wait(pause, undefined, { signal: ended }).catch(() => undefined)
  for (const begun = performance.now(); performance.now() - begun < patience; await sleep()) {
    if (ended.aborted) return 'ended'
    if (following.hasBegun?.() === false) continue
    const members = await following.members()
    if (load.ready !== undefined) {
      if ((await asked(launch, load.ready, members, ended)) === 0) return 'ready'
      continue
    }
    const health = await launch.container?.health()
    if (health === 'healthy') return 'ready'
    if (health === 'starting' || health === 'unhealthy') continue
    const { ports, local } = listening(members)
    if (ports) return 'ready'
    if (!local) localSince = undefined
    else if (performance.now() - (localSince ??= performance.now()) > settled) return 'ready'
  }
  return 'never'
}

function asked(
  launch: Launch,
  ready: Load['command'],
  members: readonly number[],
  ended: AbortSignal,
): Promise<number> {
  return execute(launch, ready, members, { ended, left: 0, quietly: true })
}

async function runLoad(
  launch: Launch,
  { command }: Load,
  following: Following,
  ended: AbortSignal,
): Promise<number> {
  return execute(launch, command, await following.members(), { ended, left: grace, quietly: false })
}

interface LoadExecution {
  readonly ended: AbortSignal
  /** The program is killed this long after the recorded processes have ended. Milliseconds. */
  readonly left: number
  readonly quietly: boolean
}

/**
 * Runs a program and returns its status as a shell reports it. Its output is not a result, so it goes to our stderr.
 */
async function execute(
  { options, container }: Launch,
  [program, ...words]: Load['command'],
  [first]: readonly number[],
  { ended, left, quietly }: LoadExecution,
): Promise<number> {
  const { env, ...place } = spawnEnvironmentOf(options)
  const id = container?.id()
  const told = {
    ...(first !== undefined && { SECCOMP_GEN_PID: String(first) }),
    ...(id !== undefined && { SECCOMP_GEN_CONTAINER: id }),
  }
  const output = quietly || options.streams === 'ignore' ? 'ignore' : 2
  const started = execa(program, words, {
    ...place,
    env: { ...env, ...told },
    stdio: ['ignore', output, output],
    reject: false,
  })
  const over = new AbortController()
  const late = (): void =>
    void wait(left, undefined, { signal: over.signal }).then(
      () => started.kill('SIGKILL'),
      () => undefined,
    )
  if (ended.aborted) late()
  ended.addEventListener('abort', late, { signal: over.signal })
  const { exitCode, signal } = await started
  over.abort()
  return exitCode ?? (signal === undefined ? 126 : 128 + constants.signals[signal])
}
