// Records in the kernel: a small program counts the calls of a command's processes, or of a cgroup, while they run at
// their own speed. The command is our child as it would be a shell's: nothing traces it.
import { execa } from 'execa'
import { constants } from 'node:os'
import { openSync, readSync, closeSync, readdirSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../../errors.ts'
import { findProgram } from '../program.ts'
import type {
  CgroupOptions,
  CommandOptions,
  Ending,
  EndingSignal,
  ProcessOptions,
  RecordSettings,
  Recording,
} from '../recording.ts'
import { streamsOf, surroundingsOf } from '../surroundings.ts'
import { signalProcess, withDescendants } from '../traced.ts'
import { findCgroup } from '../cgroups.ts'
import type { Membership } from './program.ts'
import type { Watch } from './refused.ts'
import { Session } from './session.ts'

export { whyNoEbpf } from './available.ts'

/** How long a signal may take to be seen at the command: one that came from elsewhere is not sent again. Milliseconds. */
const echo = 150
/** How long a workload has to end after SIGTERM. Milliseconds. */
const grace = 10_000

/** Records with ebpf. Throws UserError (125, 126) where there is nothing to give. */
export async function recordWithEbpf(
  name: string,
  options: CommandOptions | ProcessOptions | CgroupOptions,
  workload?: Workload,
): Promise<Recording> {
  return options.command === undefined ? attached(name, options) : started(name, options, workload)
}

/** What a command starts that is no child of it, such as a container: who counts, and what must have ended. */
export interface Workload {
  readonly membership: Membership
  readonly processes?: () => readonly number[]
  /** Told the command's process id. */
  readonly started?: (pid: number) => void
  /** What its filter may refuse. */
  readonly watch?: Watch
}

/** A process, or a cgroup, that runs already: until it is over, `for`, `stop` or a signal says so. */
async function attached(name: string, options: ProcessOptions | CgroupOptions): Promise<Recording> {
  const { pid, cgroup } = options
  if (pid !== undefined && !signalProcess(pid, 0)) {
    throw new UserError(`cannot record process ${pid}: there is no such process`, 125)
  }
  const session = await Session.start(
    cgroup === undefined
      ? { who: 'tree', underFilter: false }
      : { who: findCgroup(cgroup), underFilter: false },
    { processes: pid === undefined ? [] : withDescendants(pid), asked: options.arguments },
  )
  // What was started while we were not attached yet.
  if (pid !== undefined) session.include(withDescendants(pid))
  const over = new AbortController()
  const silence = options.signals?.(() => over.abort())
  const stops = [over.signal, ...stopSignals(options)]
  const stop = AbortSignal.any(stops)
  try {
    // A cgroup may be empty for a while: only its directory going away ends it.
    const lasts = (): boolean => (pid === undefined ? findable(cgroup ?? '') : session.members().length > 0)
    while (!stop.aborted && lasts()) await wait(100, undefined, { signal: stop }).catch(() => undefined)
    const observations = session.observations(name, true)
    if (Object.keys(observations.architectures).length === 0) {
      const what = pid === undefined ? `nothing in cgroup ${cgroup ?? ''}` : `process ${pid}`
      throw new UserError(
        `${what} made ${pid === undefined ? 'a' : 'no'} call while it was recorded: record it for longer`,
        125,
      )
    }
    return { observations, ending: { kind: 'released' } }
  } finally {
    silence?.()
    session.close()
  }
}

/** A command and everything it starts, until the last of it has ended. */
async function started(name: string, options: CommandOptions, workload?: Workload): Promise<Recording> {
  const [word, ...operands] = options.command
  const surroundings = surroundingsOf(options)
  const file = findProgram(word, surroundings.cwd, surroundings.env['PATH'])
  refuseFormat(word, resolve(surroundings.cwd, file))
  const session = await Session.start(workload?.membership ?? { who: 'tree', underFilter: false }, {
    asked: options.arguments,
    watch: workload?.watch,
  })
  const processes = workload?.processes ?? (() => session.members())
  const over = new AbortController()
  try {
    const command = session.starting(() =>
      execa(file, operands, {
        ...surroundings,
        ...streamsOf(options),
        argv0: word,
        reject: false,
        cleanup: false,
      }),
    )
    const pid = command.pid ?? 0
    workload?.started?.(pid)
    const silence = options.signals?.((signal) => void pass(signal, pid, session, processes, over.signal))
    const ending = endInTime(options, processes, pid, over.signal)
    const result = await command
    if (result.exitCode === undefined && result.signal === undefined) {
      const why = ((result.cause as NodeJS.ErrnoException | undefined)?.code ?? result.shortMessage) || ''
      throw new UserError(`${word}: cannot be run: ${execFailures[why] ?? why}`, 126)
    }
    await theRest(options, processes)
    over.abort()
    await ending
    silence?.()
    return {
      observations: session.observations(
        name,
        false,
        workload?.membership.underFilter === true ? undefined : basename(file),
      ),
      ending: endingOf(result.exitCode, result.signal),
      ...(workload?.watch === undefined ? {} : { refusals: session.refusals() }),
    }
  } finally {
    over.abort()
    session.close()
  }
}

/** Passes a signal on, unless the command was sent it as well: Ctrl-C, a supervisor that signals the group. */
async function pass(
  signal: EndingSignal,
  command: number,
  session: Session,
  processes: () => readonly number[],
  over: AbortSignal,
): Promise<void> {
  const number = constants.signals[signal]
  passed.set(session, passed.get(session) ?? new Map())
  const seen = passed.get(session) as Map<number, number>
  const before = seen.get(number) ?? 0
  await wait(echo, undefined, { signal: over }).catch(() => undefined)
  // The session may be closed by now, and nobody is left to be told.
  if (over.aborted) return
  const now = session.arrivals(number)
  seen.set(number, Math.max(now, before))
  if (now > before) return
  if (signalProcess(command, signal)) seen.set(number, session.arrivals(number))
  else for (const pid of processes()) signalProcess(pid, signal)
}
const passed = new WeakMap<Session, Map<number, number>>()

async function endInTime(
  options: RecordSettings,
  processes: () => readonly number[],
  command: number,
  over: AbortSignal,
): Promise<void> {
  const due = stopSignals(options)
  if (due.length === 0) return
  const asked = AbortSignal.any([...due, over])
  if (!asked.aborted) await new Promise((resolve) => asked.addEventListener('abort', resolve, { once: true }))
  const late = performance.now() + grace
  let told = signalProcess(command, 'SIGTERM') ? [command] : []
  while (!over.aborted) {
    await wait(echo, undefined, { signal: over }).catch(() => undefined)
    if (over.aborted) return
    const members = processes()
    if (performance.now() > late) for (const pid of members) signalProcess(pid, 'SIGKILL')
    else if (!signalProcess(command, 0)) {
      const left = members.filter((pid) => !told.includes(pid))
      for (const pid of left) signalProcess(pid, 'SIGTERM')
      told = [...told, ...left]
    }
  }
}

/** Waits for what the command left in the background, and says so. */
async function theRest(options: RecordSettings, processes: () => readonly number[]): Promise<void> {
  const since = performance.now()
  for (let said = false, pause = 1; ; pause = Math.min(pause * 2, 100)) {
    const left = processes().length
    if (left === 0) return
    if (!said && performance.now() - since > 1000) {
      said = true
      options.notice?.({ code: 'left-running', processes: left })
    }
    await wait(pause)
  }
}

function stopSignals({ for: time, stop }: RecordSettings): AbortSignal[] {
  return [...(time === undefined ? [] : [AbortSignal.timeout(time)]), ...(stop === undefined ? [] : [stop])]
}

function endingOf(status: number | undefined, signal: string | undefined): Ending {
  return signal === undefined ? { kind: 'exited', status: status ?? 1 } : { kind: 'killed', signal }
}

/**
 * execvp(3) gives a file of no known format to a shell; a tracer, and we, do not. Formats that binfmt_misc adds are
 * not looked into.
 */
function refuseFormat(word: string, file: string): void {
  const head = Buffer.alloc(4)
  try {
    const descriptor = openSync(file, 'r')
    readSync(descriptor, head, 0, 4, 0)
    closeSync(descriptor)
  } catch {
    // Executable and not readable: the kernel will tell.
    return
  }
  if (head.toString('latin1') === '\u007fELF' || head.toString('latin1', 0, 2) === '#!') return
  if (addedFormats() > 0) return
  throw new UserError(`${word}: cannot be run: Exec format error`, 126)
}

function addedFormats(): number {
  try {
    return readdirSync('/proc/sys/fs/binfmt_misc').filter((name) => name !== 'register' && name !== 'status')
      .length
  } catch {
    return 0
  }
}

function findable(cgroup: string): boolean {
  try {
    findCgroup(cgroup)
    return true
  } catch {
    return false
  }
}

const execFailures: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  ENOEXEC: 'Exec format error',
  E2BIG: 'Argument list too long',
}
