// A process that outlives the recorder for as long as it takes to leave nothing behind. Its standard input is a pipe
// from the recorder: `done` and the end of it say that the container is over; an end without `done` says that the
// recorder was killed, and then the client that starts the container, and the container, are ended too.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startOf, tracedBy, withDescendants } from '../runner/processes.ts'
import { everywhere, removeCgroup, unifiedMount } from '../cgroups.ts'
import { temporaryDirectory } from '../temporary.ts'
import { processesBelow, systemctl, type GuardianAnswer, type GuardianTask } from './staging.ts'

/** How long a container may still come after its client was killed, and how long removing is tried. Milliseconds. */
const quiet = 2000
const limit = 30_000
const watching = 10_000

const task = JSON.parse(process.argv[2] ?? '') as GuardianTask
// The recorder may be gone already: that is an end without `done` like any other.
process.stdout.on('error', () => undefined)
const directory = await make().catch((error: Error) => answer({ failure: error.message }))
if (directory !== undefined) await takeAway(directory)

async function make(): Promise<string> {
  const directory = temporaryDirectory()
  try {
    if (task.cgroup !== undefined) {
      if (task.slice) await systemctl('start', task.cgroup)
      else mkdirSync(join(unifiedMount(), task.cgroup))
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
  answer({ directory })
  return directory
}

async function takeAway(made: string): Promise<void> {
  let said = ''
  process.stdin.setEncoding('latin1')
  for await (const piece of process.stdin) said += piece as string
  const done = said.includes('done\n')
  /** With when they started: a number may be used again. */
  let traced: readonly (readonly [pid: number, start: string | undefined])[] = []
  if (!done) {
    const clients = said.split('\n').filter((line) => /^\d+$/.test(line))
    const tracees = clients.flatMap((client) => tracedBy(Number(client)))
    traced = tracees.map((pid) => [pid, startOf(pid)])
    for (const pid of clients.flatMap((client) =>
      task.cgroup === undefined && task.remove !== undefined
        ? withDescendants(Number(client))
        : [Number(client)],
    ))
      kill(pid)
    removeContainer()
  }
  const begun = performance.now()
  for (let since = begun; performance.now() - begun < limit; await wait(50)) {
    // What watches the container for its engine (conmon) may run in the cgroup too: it is left time to notice.
    const all = performance.now() - begun > watching
    if (!done)
      for (const pid of [...everywhere(task.cgroup).flatMap(processesBelow), ...living(traced)])
        if (all || isContained(pid)) kill(pid)
    if (task.slice && task.cgroup !== undefined) await systemctl('stop', task.cgroup).catch(() => undefined)
    for (const each of everywhere(task.cgroup)) removeCgroup(each)
    if (living(traced).length > 0 || everywhere(task.cgroup).some((each) => existsSync(each)))
      since = performance.now()
    else if (done || performance.now() - since > quiet) break
  }
  // What its client was still making when it was killed.
  if (!done) removeContainer()
  rmSync(made, { recursive: true, force: true })
}

function removeContainer(): void {
  const [remover, ...words] = task.remove ?? []
  if (remover !== undefined) spawnSync(remover, words, { stdio: 'ignore' })
}

function living(
  processes: readonly (readonly [pid: number, start: string | undefined])[],
): readonly number[] {
  return processes.filter(([pid, start]) => start !== undefined && startOf(pid) === start).map(([pid]) => pid)
}

function answer(words: GuardianAnswer): undefined {
  process.stdout.write(`${JSON.stringify(words)}\n`)
}

/** Whether it runs in a process id namespace of its own. */
function isContained(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid')
  } catch {
    return false
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
