// A process that outlives the recorder for as long as it takes to leave nothing behind. Its standard input is a pipe
// from the recorder: `done` and the end of it say that the container is over; an end without `done` says that the
// recorder was killed, and then the client that starts the container, and the container, are ended too.
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { everywhere, processesBelow, systemctl, type GuardianTask } from './staging.ts'

/** How long a container may still come after its client was killed, and how long removing is tried. Milliseconds. */
const quiet = 2000
const limit = 20_000

const task = JSON.parse(process.argv[2] ?? '') as GuardianTask
let said = ''
process.stdout.write('ready\n')
process.stdin.setEncoding('latin1')
for await (const piece of process.stdin) said += piece as string
const done = said.includes('done\n')
if (!done) for (const client of said.split('\n').filter((line) => /^\d+$/.test(line))) kill(Number(client))
const begun = performance.now()
for (let since = begun; performance.now() - begun < limit; await wait(50)) {
  if (!done) for (const pid of everywhere(task.cgroup).flatMap(processesBelow)) kill(pid)
  if (task.slice !== undefined) await systemctl('stop', task.slice).catch(() => undefined)
  for (const directory of everywhere(task.cgroup)) remove(directory)
  if (everywhere(task.cgroup).some((directory) => existsSync(directory))) since = performance.now()
  else if (done || performance.now() - since > quiet) break
}
rmSync(task.directory, { recursive: true, force: true })

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** A cgroup is removed from below; one in which something runs stays. */
function remove(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory()) remove(join(directory, entry.name))
    rmdirSync(directory)
  } catch {
    // Not there, or not empty yet.
  }
}
