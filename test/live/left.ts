// Finds what a recording of a container left behind. Other recordings may run on this machine: their cgroups have a
// guardian that will remove them.
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
      .filter(({ name }) => !guarded.some((words) => words.includes(`"cgroup":"${name}"`)))
      .map(({ path }) => path)
      // A guardian that ended in the meantime has removed its cgroup.
      .filter((path) => existsSync(path))
  )
}

/** Leftovers of earlier runs that were killed; they are no concern of these tests. */
const before = new Set(orphans())

/** The cgroups of recordings without a guardian. */
export function orphanedCgroups(): readonly string[] {
  return orphans().filter((path) => !before.has(path))
}
