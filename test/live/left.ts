// Finds what a recording of a container left behind. Others may record and verify on this machine: their cgroups are
// named after a process that lives, or have a guardian that will remove them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupMounts } from '../../src/record/cgroups.ts'

/** The content of a file of /proc; empty if the process is gone. */
export function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

export function processes(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
}

function orphans(): readonly string[] {
  const found = cgroupMounts().flatMap(({ path }) =>
    readdirSync(path)
      .filter((name) => name.startsWith('seccompgen'))
      .map((name) => ({ path: join(path, name), name })),
  )
  const guarded = processes().map((pid) => readProcess(pid, 'cmdline'))
  return (
    found
      .filter(({ name }) => !existsSync(`/proc/${/^seccompgen(\d+)x/.exec(name)?.[1]}`))
      .filter(({ name }) => !guarded.some((words) => words.includes(`"cgroup":"${name}"`)))
      .map(({ path }) => path)
      // A guardian that ended in the meantime has removed its cgroup.
      .filter((path) => existsSync(path))
  )
}

/** Leftovers of earlier runs that were killed; they are no concern of these tests. */
const before = new Set(orphans())

/** The cgroups of recordings and verifications that have neither their process nor a guardian any more. */
export function orphanedCgroups(): readonly string[] {
  return orphans().filter((path) => !before.has(path))
}
