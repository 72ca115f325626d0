// The guardian: a process that outlives the recorder until everything that the recorder made is removed. Its standard
// input is a pipe from the recorder. If the input ends after `done` or `killed`, the container has ended. After
// `killed` the guardian removes the container, because the killed client did not. If the input ends without either
// word, the recorder was killed: the guardian then also ends the container and the client that starts it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startOf, tracedBy, withDescendants } from '../runner/processes.ts'
import { everywhere, removeCgroup, unifiedMount } from '../cgroups.ts'
import { temporaryDirectory } from '../temporary.ts'
import { processesBelow, systemctl, type GuardianAnswer, type GuardianTask } from './staging.ts'

/** How long a container may still come after its client was killed. Milliseconds. */
const quiet = 2000
/** How long the guardian tries to remove everything. Milliseconds. */
const limit = 30_000
const watching = 10_000

const task = JSON.parse(process.argv[2] ?? '') as GuardianTask
// If the recorder is gone already, writing fails, and the input ends without either word.
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
  const isKilled = said.includes('killed\n')
  const done = isKilled || said.includes('done\n')
  /** Each process id with its start time, because the kernel may reuse the id. */
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
    // conmon, which watches the container for its engine, may run in the cgroup too: it gets time to notice the end.
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
  // The killed client may still have been making a container.
  if (!done || isKilled) removeContainer()
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

/** Whether the process runs in another process id namespace than ours. */
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
    // The process has ended.
  }
}
