// A command run to its end beside a recorder that is no parent of it in between: its program found, its streams and
// signals as they would be without us, ended in time, and what it leaves in the background waited for.
import { execa } from 'execa'
import { constants } from 'node:os'
import { openSync, readSync, closeSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.ts'
import { findProgram } from './program.ts'
import {
  stopSignals,
  type CommandOptions,
  type Ending,
  type EndingSignal,
  type RecordSettings,
} from './recording.ts'
import { streamsOf, surroundingsOf } from './surroundings.ts'
import { endWorkload, signalProcess } from './traced.ts'

/** How long a signal may take to be seen at the command: one that came from elsewhere is not sent again. Milliseconds. */
const echo = 150

/** Who knows the command's processes. */
export interface Followed {
  /** The child that `begin` starts, before it returns, is the command. */
  readonly starting: <T>(begin: () => T) => T
  /** The processes that have not ended. */
  readonly members: () => readonly number[]
  /** How often a signal was sent to the command, by us and by others. */
  readonly arrivals: (signal: number) => number
}

/** What is special about a command that starts a container. */
export interface Launch {
  /** What must have ended; without, the processes that are followed. */
  readonly processes?: () => readonly number[]
  /** Told the command's process id. */
  readonly started?: (pid: number) => void
  /** Descriptors beyond the standard three, as the command is to have them: 3 and on. */
  readonly descriptors?: readonly number[]
  /** The command passes no signal on to what it starts: each is sent to that. */
  readonly passesNothing?: true
}

/** The file of the command. Throws UserError (126, 127). */
export function programOf(options: CommandOptions): string {
  const [word] = options.command
  const { cwd, env } = surroundingsOf(options)
  const file = findProgram(word, cwd, env['PATH'])
  refuseFormat(word, resolve(cwd, file))
  return file
}

/** Until the last of its processes has ended. Throws UserError (126). */
export async function runToEnd(
  options: CommandOptions,
  file: string,
  followed: Followed,
  { processes = () => followed.members(), started, descriptors, passesNothing }: Launch | undefined = {},
): Promise<Ending> {
  const [word, ...operands] = options.command
  const over = new AbortController()
  let pid = 0
  // Before the command is there: a signal that comes as soon as it is must not end us.
  const silence = options.signals?.(
    (signal) => void pass(signal, pid, followed, processes, over.signal, passesNothing === true),
  )
  try {
    const command = followed.starting(() =>
      execa(file, operands, {
        ...surroundingsOf(options),
        ...streamsOf(options, descriptors),
        argv0: word,
        reject: false,
        cleanup: false,
      }),
    )
    pid = command.pid ?? 0
    started?.(pid)
    const ending = endInTime(options, processes, pid, over.signal)
    const result = await command
    if (result.exitCode === undefined && result.signal === undefined) {
      const why = ((result.cause as NodeJS.ErrnoException | undefined)?.code ?? result.shortMessage) || ''
      throw new UserError(`${word}: cannot be run: ${execFailures[why] ?? why}`, 126)
    }
    await theRest(options, processes)
    over.abort()
    await ending
    return endingOf(result.exitCode, result.signal)
  } finally {
    over.abort()
    silence?.()
  }
}

/** Passes a signal on, unless the command was sent it as well: Ctrl-C, a supervisor that signals the group. */
async function pass(
  signal: EndingSignal,
  command: number,
  followed: Followed,
  processes: () => readonly number[],
  over: AbortSignal,
  passesNothing: boolean,
): Promise<void> {
  const number = constants.signals[signal]
  passed.set(followed, passed.get(followed) ?? new Map())
  const seen = passed.get(followed) as Map<number, number>
  const before = seen.get(number) ?? 0
  await wait(echo, undefined, { signal: over }).catch(() => undefined)
  // What follows may be closed by now, and nobody is left to be told.
  if (over.aborted) return
  const now = followed.arrivals(number)
  seen.set(number, Math.max(now, before))
  if (now > before) return
  const below = passesNothing ? processes().filter((pid) => pid !== command) : []
  for (const pid of below) signalProcess(pid, signal)
  if (below.length > 0) seen.set(number, followed.arrivals(number))
  else if (signalProcess(command, signal)) seen.set(number, followed.arrivals(number))
  else for (const pid of processes()) signalProcess(pid, signal)
}
const passed = new WeakMap<Followed, Map<number, number>>()

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
  if (!over.aborted) await endWorkload(command, processes, over)
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

const execFailures: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  ENOEXEC: 'Exec format error',
  E2BIG: 'Argument list too long',
}
